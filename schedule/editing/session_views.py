"""Organizers' pages: the list of sessions with its conflicts, and each session."""

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
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_digits
from convention.web.edit_conflicts import compute_fingerprints, parse_seen_fingerprints
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from schedule.models import ProgrammeAudience, Session
from schedule.programme.agenda_filter import clean_query_value
from schedule.programme.programme_version import get_programme_version
from schedule.versions.sentences import KIND_LABELS
from schedule.versions.timetables import list_unpublished_changes

from .draft_slots import overlay_draft
from .forms import SessionForm
from .overview import (
    STATE_LABELS,
    OverviewFilter,
    build_overview,
    describe_conflicts,
    is_session_outside,
    list_session_conflicts,
)
from .sessions import (
    SessionChangedMeanwhile,
    add_session,
    cancel_session,
    edit_session,
    get_session_values,
    remove_session,
    restore_session,
)
from .views import get_author, render_organizer_page

if TYPE_CHECKING:
    from django.http import HttpRequest

ROWS_PER_PAGE: Final = 100


@require_safe
def session_list(request: "HttpRequest", event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    filter_values = {
        name: clean_query_value(request.GET.get(name, "")) for name in ("q", "day", "room", "track", "state")
    }
    overview_filter = OverviewFilter(**filter_values)
    version = get_programme_version(event_obj, audience=ProgrammeAudience.MEMBERS)
    unpublished_labels = {
        change.slot.session_id or 0: [KIND_LABELS[kind] for kind in change.kinds]
        for change in list_unpublished_changes(event_obj)
    }
    overview = build_overview(
        event=event_obj,
        programme_version=version,
        overview_filter=overview_filter,
        unpublished_labels=unpublished_labels,
    )
    page = Paginator(overview.rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    states = [(state, label, overview.counts[state]) for state, label in STATE_LABELS.items()]
    context = {
        "overview": overview,
        "page_obj": page,
        "noted_rows": [(row, describe_conflicts(row, overview.timetable)) for row in page],
        "overview_filter": overview_filter,
        "states": states,
        "total": overview.counts[""],
        "unpublished_count": len(unpublished_labels),
    }
    return render_organizer_page(request, "sessions", event_obj, tracks=[*event_obj.tracks.all()], **context)


@require_safe_or_post
def session_add(request: "HttpRequest", event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    with timezone.override(event_obj.zone):
        new_session = _make_following_session(event_obj, request.GET.get("after", ""))
        form = SessionForm(get_posted_data(request), event=event_obj, instance=new_session)
        if form.is_valid() and (session := add_session_of_form(request, form)):
            messages.success(request, _("“%(title)s” was added to the draft.") % {"title": session.title})
            return redirect("organize-session", event_obj.slug, session.number)
        return render_organizer_page(request, "session", event_obj, form=form, session=None)


def add_session_of_form(request: "HttpRequest", form: SessionForm) -> Session | None:
    """Add the session of a valid form; if it is refused, add errors to the fields and return None."""
    try:
        return add_session(event=form.event, values=form.cleaned_data, author=get_author(request))
    except InvalidFields as error:
        add_field_errors(form, error)
        return None


def _make_following_session(event: Event, number: str) -> Session:
    """Return an unsaved session; with a number, it starts where that session ends, in its room and track."""
    wanted = parse_digits(number)
    before = None if wanted is None else event.sessions.filter(number=wanted).first()
    if before is None:
        return Session(event=event)
    overlay_draft(event, [before])
    return Session(event=event, starts_at=before.ends_at, room=before.room, track=before.track)


def get_session_by_number(event: Event, number: int) -> Session:
    """Return the session with this number. Raise NotFound."""
    session = event.sessions.select_related("room", "track").filter(number=number).first()
    if session is None:
        raise NotFound(_("This session was not found; it may have been deleted."))
    return session


# Inputs of the type datetime-local have no zone, so forms read and show them in the event's. After a conflict
# the page shows the other organizer's values with their fingerprints, so that saving again overwrites them.
@require_safe_or_post
def session_edit(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Change a session; if another organizer changed it meanwhile, show their values beside the form."""
    event_obj = get_event_to_organize(event, request.user)
    session = get_session_by_number(event_obj, number)
    context: dict[str, Any] = {
        "session": session,
        "is_published": session.is_published,
        "files": session.files.defer("content").select_related("speaker"),
    }
    current = get_session_values(session)
    fingerprints = compute_fingerprints(current)
    overlay_draft(event_obj, [session])
    with timezone.override(event_obj.zone):
        if request.method != "POST":
            context |= {
                "form": SessionForm(event=event_obj, instance=session, initial=get_initial_values(current)),
                "conflicts": list_session_conflicts(session),
                "is_outside": is_session_outside(session, event_obj),
            }
        else:
            form = SessionForm(request.POST, event=event_obj, instance=session)
            seen_before = parse_seen_fingerprints(request.POST.get("seen", ""))
            newer_values = save_session_form(request, form, session, seen_before) if form.is_valid() else {}
            if form.is_valid():
                return redirect("organize-session", event_obj.slug, number)
            # Of the fields in conflict only: another organizer's other changes must survive the next save.
            fingerprints = seen_before | {name: fingerprints[name] for name in newer_values}
            differing_fields = [(form[name], value) for name, value in newer_values.items()]
            context |= {"form": form, "other_values": differing_fields}
        context["seen_fingerprints"] = json.dumps(fingerprints)
        return render_organizer_page(request, "session", event_obj, **context)


def save_session_form(
    request: "HttpRequest", form: SessionForm, session: Session, seen_fingerprints: dict[str, str]
) -> dict[str, object]:
    """Save a valid form. If that fails, add errors to it, and return another organizer's values if any."""
    try:
        changed = edit_session(
            session=session,
            seen_fingerprints=seen_fingerprints,
            values=form.cleaned_data,
            author=get_author(request),
        )
    except SessionChangedMeanwhile as conflict:
        form.add_error(None, str(conflict))
        return conflict.current_values
    except InvalidFields as error:
        add_field_errors(form, error)
        return {}
    messages.success(request, _("The session has been saved.") if changed else _("Nothing was changed."))
    return {}


def add_field_errors(form: SessionForm, error: InvalidFields) -> None:
    """Show what an action refused beside the fields."""
    for name, sentences in error.field_errors.items():
        form.add_error(name, sentences)


def get_initial_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the form's initial values that are not columns of the session."""
    names = ("is_time_pinned", "is_room_pinned")
    return {"speakers": "\n".join(values["speakers"])} | {name: values[name] for name in names}


@require_POST
def session_cancel(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    session = get_session_by_number(event_obj, number)
    reason = clean_query_value(request.POST.get("reason", ""))
    with report_refusals(request):
        cancel_session(session=session, author=get_author(request), reason=reason)
        messages.success(
            request,
            _("“%(title)s” has been cancelled in the draft. The change becomes public when you publish.")
            % {"title": session.title},
        )
    return redirect("organize-session", event_obj.slug, number)


@require_POST
def session_restore(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    session = get_session_by_number(event_obj, number)
    with report_refusals(request):
        restore_session(session=session, author=get_author(request))
        messages.success(
            request, _("“%(title)s” will be reinstated when you publish.") % {"title": session.title}
        )
    return redirect("organize-session", event_obj.slug, number)


@require_POST
def session_remove(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    session = get_session_by_number(event_obj, number)
    with report_refusals(request):
        if remove_session(session=session, author=get_author(request)):
            sentence = _("“%(title)s” was removed from the programme.")
        else:
            sentence = _("“%(title)s” will be removed from the programme when you publish.")
        messages.success(request, sentence % {"title": session.title})
        return redirect("organize-schedule", event_obj.slug)
    return redirect("organize-session", event_obj.slug, number)
