"""Organizers' pages of the programme: the list with its clashes, and each session."""

import json
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.errors import InvalidFields, NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.text import whole_number
from schedule.add import add
from schedule.cancel import cancel
from schedule.edit import ChangedMeanwhile, edit, values_of
from schedule.fingerprints import fingerprints
from schedule.forms import SessionForm
from schedule.models import Session
from schedule.overview import STATES, Query, clashes_of, lies_outside, overview
from schedule.pulse import pulse_of
from schedule.remove import remove
from schedule.restore import restore
from schedule.wish import tidy

from .frame import page, posted, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest

ROWS: Final = 100


@require_safe
def sessions(request: "HttpRequest", event: str) -> HttpResponse:
    """Every session, those without a place first; clashes, filters, import and export."""
    found = event_to_organize(event, request.user)
    asked = {name: tidy(request.GET.get(name, "")) for name in ("q", "day", "room", "track", "state")}
    query = Query(**asked)
    shown = overview(event=found, pulse=pulse_of(found), query=query)
    rows = Paginator(shown.rows, ROWS).get_page(request.GET.get("page"))
    states = [(state, label, shown.counts[state]) for state, label in STATES.items()]
    context = {"overview": shown, "rows": rows, "query": query, "states": states, "total": shown.counts[""]}
    return page(request, "sessions", found, tracks=[*found.tracks.all()], **context)


@read_or_write
def add_session(request: "HttpRequest", event: str) -> HttpResponse:
    """Add a session."""
    found = event_to_organize(event, request.user)
    with timezone.override(found.zone):
        started = _following(found, request.GET.get("after", ""))
        form = SessionForm(posted(request), event=found, instance=started)
        if form.is_valid():
            session = add(event=found, values=form.cleaned_data)
            messages.success(request, _("“%(title)s” is in the programme.") % {"title": session.title})
            return redirect("organize-session", found.slug, session.number)
        return page(request, "session", found, form=form, session=None)


def _following(event: Event, number: str) -> Session:
    """A new session; one that begins where the session with that number ends, in its room and track."""
    wanted = whole_number(number)
    before = None if wanted is None else event.sessions.filter(number=wanted).first()
    if before is None:
        return Session(event=event)
    return Session(event=event, starts_at=before.ends_at, room=before.room, track=before.track)


def session_to_organize(event: Event, number: int) -> Session:
    """The session with this number. Raises NotFound."""
    found = event.sessions.select_related("room", "track").filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no session with this number; it may have been removed."))
    return found


@read_or_write
def edit_session(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Change a session; what another organizer changed meanwhile is told, and nothing is lost."""
    found = event_to_organize(event, request.user)
    session = session_to_organize(found, number)
    current = values_of(session)
    seen, theirs = fingerprints(current), {}
    with timezone.override(found.zone):
        if request.method != "POST":
            form = SessionForm(event=found, instance=session, initial=initial(current))
            warnings = {"clashes": clashes_of(session), "is_outside": lies_outside(session, found)}
            return page(
                request, "session", found, form=form, session=session, seen=json.dumps(seen), **warnings
            )
        form = SessionForm(request.POST, event=found, instance=session)
        kept = read_seen(request.POST.get("seen", ""))
        if form.is_valid():
            try:
                changed = edit(session=session, seen=kept, values=form.cleaned_data)
            except ChangedMeanwhile as clash:
                theirs = clash.theirs
                form.add_error(None, str(clash))
            except InvalidFields as error:
                form.add_error("capacity", error.fields["capacity"])
            else:
                messages.success(
                    request, _("The session was saved.") if changed else _("Nothing was changed.")
                )
                return redirect("organize-session", found.slug, number)
        beside = [(form[name], value) for name, value in theirs.items()]
        shown = seen if theirs else kept
        return page(
            request, "session", found, form=form, session=session, seen=json.dumps(shown), theirs=beside
        )


def initial(values: dict[str, Any]) -> dict[str, Any]:
    """What the form starts from, beside the session's own columns."""
    return {"speakers": "\n".join(values["speakers"])}


def read_seen(text: str) -> dict[str, str]:
    """The fingerprints that came back; what cannot be read is none, so that nothing is overwritten unseen."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in read.items()} if isinstance(read, dict) else {}


@require_POST
def cancel_session(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Say that it does not take place."""
    found = event_to_organize(event, request.user)
    session = session_to_organize(found, number)
    cancel(session=session, reason=tidy(request.POST.get("reason", "")))
    messages.success(request, _("“%(title)s” is cancelled, and shown so.") % {"title": session.title})
    return redirect("organize-session", found.slug, number)


@require_POST
def restore_session(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Say that it takes place after all."""
    found = event_to_organize(event, request.user)
    session = session_to_organize(found, number)
    restore(session=session)
    messages.success(request, _("“%(title)s” takes place after all.") % {"title": session.title})
    return redirect("organize-session", found.slug, number)


@require_POST
def remove_session(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Take it out for good."""
    found = event_to_organize(event, request.user)
    session = session_to_organize(found, number)
    remove(event=found, part=session)
    messages.success(request, _("“%(title)s” is out of the programme.") % {"title": session.title})
    return redirect("organize-schedule", found.slug)
