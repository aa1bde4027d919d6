"""Organizers’ pages of who speaks."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.errors import NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.search import fold, matches, words
from schedule.forms import SpeakerForm
from schedule.models import Speaker
from schedule.remove import remove
from schedule.wish import tidy
from schedule.write_part import write_part

from .frame import page, posted, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def speakers(request: "HttpRequest", event: str) -> HttpResponse:
    """Everyone who speaks, found by name."""
    found = event_to_organize(event, request.user)
    asked = tidy(request.GET.get("q", ""))
    rows = found.speakers.annotate(used=Count("sessions")).defer("biography", "biography_html")
    wanted = words(asked)
    kept = [row for row in rows if matches(wanted, fold(row.name))]
    shown = Paginator(kept, 100).get_page(request.GET.get("page"))
    return page(request, "speakers", found, rows=shown, q=asked)


def speaker_of(event: Event, pk: int) -> Speaker:
    """Raises NotFound."""
    found = event.speakers.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such speaker; they may have been removed."))
    return found


@read_or_write
def speaker(request: "HttpRequest", event: str, pk: int | None = None) -> HttpResponse:
    """Change one, or add one."""
    found = event_to_organize(event, request.user)
    row = speaker_of(found, pk) if pk else Speaker(event=found)
    form = SpeakerForm(posted(request), instance=row)
    if form.is_valid():
        write_part(event=found, part=form.save(commit=False), fields=form.changed_data)
        messages.success(request, _("The speaker was saved."))
        return redirect("organize-speakers", found.slug)
    theirs = found.sessions.filter(speakers=row).order_by("starts_at") if pk else []
    return page(request, "speaker", found, form=form, speaker=row, sessions=theirs)


@require_POST
def remove_speaker(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Take a speaker out of the event and of their sessions."""
    found = event_to_organize(event, request.user)
    remove(event=found, part=speaker_of(found, pk))
    messages.success(request, _("The speaker was removed; their sessions stay."))
    return redirect("organize-speakers", found.slug)
