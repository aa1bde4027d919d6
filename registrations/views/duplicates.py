"""Organizers' pages: who may be registered twice, and pairs that are two people."""

from collections.abc import Iterable, Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from convention.club.models import Person
from convention.events.doors import event_to_organize

from ..duplicates import Pair, find_duplicates, set_apart
from ..models import Registration

PAGE = 25


@require_GET
def duplicates(request: HttpRequest, event: str) -> HttpResponse:
    """The pairs, the surest first, page by page."""
    found = event_to_organize(event, request.user)
    shown = Paginator(find_duplicates(found), PAGE).get_page(request.GET.get("page"))
    context = {"event": found, "section": "organize", "shown": shown, "pairs": list(_with_people(shown))}
    return render(request, "registrations/organize_duplicates.html", context)


def _with_people(pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Registration, Registration]]:
    pairs = list(pairs)
    keys = {key for pair in pairs for key in (pair.one, pair.other)}
    people = Registration.objects.select_related("ticket", "order").in_bulk(keys)
    for pair in pairs:
        yield pair, people[pair.one], people[pair.other]


@require_POST
def apart(request: HttpRequest, event: str, reference: str, other: str) -> HttpResponse:
    """These are two people: do not propose them again."""
    found = event_to_organize(event, request.user)
    set_apart(
        one=get_object_or_404(Registration, event=found, reference=reference),
        other=get_object_or_404(Registration, event=found, reference=other),
        person=request.user if isinstance(request.user, Person) else None,
    )
    messages.success(request, _("They are two people; this pair is not shown again."))
    return redirect("organize-duplicates", event)
