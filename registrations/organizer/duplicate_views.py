"""The organizers' page of possible duplicates."""

from collections.abc import Iterable, Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from convention.club.models import Person
from convention.events.permissions import get_event_to_organize
from registrations.changes.duplicates import DuplicatePair, dismiss_duplicate, find_duplicates
from registrations.models import Registration

PAGE_SIZE = 25


@require_GET
def duplicate_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the pairs, the most certain first."""
    event_obj = get_event_to_organize(event, request.user)
    page = Paginator(find_duplicates(event_obj), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"event": event_obj, "section": "organize", "page_obj": page, "pairs": list(_load_pairs(page))}
    return render(request, "registrations/organize_duplicates.html", context)


def _load_pairs(pairs: Iterable[DuplicatePair]) -> Iterator[tuple[DuplicatePair, Registration, Registration]]:
    pairs = list(pairs)
    keys = {key for pair in pairs for key in (pair.first_id, pair.second_id)}
    # Only the pairs of this page are loaded.
    registrations = Registration.objects.select_related("ticket", "order").in_bulk(keys)
    for pair in pairs:
        yield pair, registrations[pair.first_id], registrations[pair.second_id]


@require_POST
def duplicate_dismissal(request: HttpRequest, event: str, reference: str, other: str) -> HttpResponse:
    """Mark a pair as two people, so that it is not listed again."""
    event_obj = get_event_to_organize(event, request.user)
    dismiss_duplicate(
        registration=get_object_or_404(Registration, event=event_obj, reference=reference),
        other_registration=get_object_or_404(Registration, event=event_obj, reference=other),
        person=request.user if isinstance(request.user, Person) else None,
    )
    messages.success(request, _("Marked as two different people. This pair will not be shown again."))
    return redirect("organize-duplicates", event)
