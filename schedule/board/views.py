"""Pages of the board and of its commands; they work without scripts too."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_organized_events
from convention.text.normalize import parse_digits, search_text
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from schedule.conflicts.describe import join_names
from schedule.drafts.current_draft import load_slot_states
from schedule.drafts.slot_state import SlotState
from schedule.editing.views import render_organizer_page
from schedule.models import Schedule, ScheduleDraft, Session
from schedule.permissions import get_draft_to_edit
from schedule.programme.days import get_programme_day

from .board_data import get_slot_day, list_board_days, load_speakers
from .board_texts import get_board_texts
from .copy_frame import CopiedFrame, copy_frame
from .day_parts import add_breaks_or_plenaries, list_starts_on_each_day, move_block_to_day, shift_block
from .forms import BlockForm, FrameSessionForm, FrameSourceForm, PasteForm
from .pasted_sessions import PastedTable, create_pasted_sessions, preview_pasted_sessions
from .place_sessions import MAX_DISTANCE

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A session of the page without scripts, with its slot in the draft."""

    session: Session
    speakers: list[str]
    state: SlotState | None = None
    day: datetime.date | None = None
    room: str = ""


@require_safe
def board_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Show the board; without scripts, a list of the draft with links to the sessions' forms."""
    draft, _person = get_draft_to_edit(event, request.user)
    event_obj = draft.event
    rows = list_board_rows(event_obj, draft)
    return render_organizer_page(
        request,
        "board",
        event_obj,
        placed=sorted((row for row in rows if row.state), key=get_row_order),
        tray=[row for row in rows if not row.state],
        has_rooms=event_obj.rooms.exists(),
        texts=get_board_texts(),
    )


def list_board_rows(event: Event, draft: ScheduleDraft) -> list[BoardRow]:
    states, schedule, speakers = load_slot_states(draft), Schedule.load(event), load_speakers(event)
    rooms = dict(event.rooms.values_list("pk", "name"))
    rows = []
    sessions = event.sessions.order_by("pk").only("number", "title", "event", "is_for_members")
    for session in sorted(sessions, key=lambda session: search_text(session.title)):
        state = states.get(session.pk)
        rows.append(
            BoardRow(
                session,
                speakers[session.pk],
                state,
                get_slot_day(state, event, schedule) if state else None,
                rooms.get(state.room_id or 0, "") if state else "",
            )
        )
    return rows


def get_row_order(row: BoardRow) -> tuple[str, str]:
    # Times are in UTC, so texts sort as the moments do.
    return (row.state.starts_at.isoformat() if row.state else "", row.room)


@require_safe_or_post
def board_block(request: "HttpRequest", event: str) -> HttpResponse:
    """Shift a day or half-day by some minutes, or move it to another day."""
    draft, person = get_draft_to_edit(event, request.user)
    event_obj = draft.event
    days = list_board_days(event_obj, Schedule.load(event_obj), load_slot_states(draft).values())
    form = BlockForm(
        get_posted_data(request),
        event=event_obj,
        days=[day.date for day in days],
        initial={"day": request.GET.get("day", "")[:10]},
    )
    if form.is_valid():
        block, minutes = form.get_block(), form.cleaned_data["minutes"]
        try:
            if minutes:
                moves = shift_block(draft=draft, block=block, minutes=minutes, author=person)
            else:
                to_day = form.cleaned_data["to_day"]
                moves = move_block_to_day(draft=draft, block=block, day=to_day, author=person)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            count = len(moves)
            sentence = ngettext("%(count)s session was moved.", "%(count)s sessions were moved.", count)
            messages.success(request, sentence % {"count": count})
            return redirect_to_board(event_obj, form.cleaned_data["to_day"] or block.day)
    return render_organizer_page(request, "board_block", event_obj, form=form)


def redirect_to_board(event: Event, day: datetime.date) -> HttpResponse:
    """Redirect to a day of the board."""
    query = urlencode({"day": day.isoformat()})
    return redirect(f"{reverse('organize-board', args=[event.slug])}?{query}")


def find_first_start(event: Event, day: str) -> datetime.datetime:
    """Return the event's first hour on a day in ISO format; on its first day if there is no such day."""
    starts_at = event.starts_at.astimezone(event.zone)
    try:
        date = datetime.date.fromisoformat(day)
    except ValueError:
        return starts_at
    is_near = abs(date - starts_at.date()) <= MAX_DISTANCE
    return datetime.datetime.combine(date, starts_at.time(), event.zone) if is_near else starts_at


@require_safe_or_post
def board_break(request: "HttpRequest", event: str) -> HttpResponse:
    """Add a break, plenary or blocked time."""
    draft, person = get_draft_to_edit(event, request.user)
    event_obj = draft.event
    with timezone.override(event_obj.zone):
        form = FrameSessionForm(
            get_posted_data(request),
            event=event_obj,
            initial={"starts_at": find_first_start(event_obj, request.GET.get("day", ""))},
        )
        if form.is_valid():
            try:
                sessions = add_breaks(draft, person, dict(form.cleaned_data))
            except ConventionError as error:
                form.add_error("starts_at", str(error))
            else:
                messages.success(request, describe_added_sessions(sessions))
                starts_at = form.cleaned_data["starts_at"]
                schedule = Schedule.load(event_obj)
                day = get_programme_day(starts_at, event_obj.zone, schedule.day_starts_at)
                return redirect_to_board(event_obj, day)
        return render_organizer_page(request, "board_break", event_obj, form=form)


def add_breaks(draft: ScheduleDraft, person: Person, values: dict[str, Any]) -> list[Session]:
    """Add what the form of a break describes: one session, or one on each day."""
    starts_at = values.pop("starts_at")
    is_each_day = values.pop("on_each_day")
    starts = list_starts_on_each_day(draft.event, starts_at) if is_each_day else [starts_at]
    return add_breaks_or_plenaries(draft=draft, author=person, starts=starts, **values)


def describe_added_sessions(sessions: Sequence[Session]) -> str:
    sentence = ngettext(
        "“%(title)s” is on the board.", "“%(title)s” is on the board, on %(count)s days.", len(sessions)
    )
    return sentence % {"title": sessions[0].title, "count": len(sessions)}


@require_safe_or_post
def board_paste(request: "HttpRequest", event: str) -> HttpResponse:
    """Show which sessions a pasted table makes, then create them in the tray."""
    draft, _person = get_draft_to_edit(event, request.user)
    event_obj = draft.event
    form, table = PasteForm(get_posted_data(request)), PastedTable()
    if form.is_valid():
        text = form.cleaned_data["table"]
        try:
            table = preview_pasted_sessions(event=event_obj, text=text)
            if not table.rows:
                form.add_error("table", form.fields["table"].error_messages["required"])
            if "create" in request.POST and table.rows and not table.errors:
                # The button submits the last number of the preview, so that a form sent twice creates once.
                seen = parse_digits(request.POST["create"])
                count = len(create_pasted_sessions(event=event_obj, text=text, seen_number=seen or 0))
                sentence = ngettext(
                    "%(count)s session was added to the tray.",
                    "%(count)s sessions were added to the tray.",
                    count,
                )
                messages.success(request, sentence % {"count": count})
                return redirect("organize-board", event_obj.slug)
        except ConventionError as error:
            form.add_error("table", str(error))
    return render_organizer_page(request, "board_paste", event_obj, form=form, table=table)


@require_safe_or_post
def board_frame(request: "HttpRequest", event: str) -> HttpResponse:
    """Copy rooms, breaks and plenaries of another event."""
    draft, person = get_draft_to_edit(event, request.user)
    event_obj = draft.event
    sources = list_frame_sources(request, event_obj)
    form = FrameSourceForm(get_posted_data(request), sources=sources)
    if form.is_valid():
        copied = copy_frame(draft=draft, source=form.cleaned_data["source"], author=person)
        messages.success(request, describe_copied_frame(copied))
        if copied.left_out:
            sentence = ngettext(
                "%(count)s break or plenary was left out: this event has fewer days.",
                "%(count)s breaks and plenaries were left out: this event has fewer days.",
                copied.left_out,
            )
            messages.warning(request, sentence % {"count": copied.left_out})
        return redirect("organize-board", event_obj.slug)
    return render_organizer_page(request, "board_frame", event_obj, form=form, has_sources=sources.exists())


def describe_copied_frame(copied: CopiedFrame) -> str:
    """Return a sentence that counts the rooms and sessions that were created."""
    rooms = ngettext("%(count)s room", "%(count)s rooms", copied.rooms)
    sessions = ngettext("%(count)s break or plenary", "%(count)s breaks and plenaries", copied.sessions)
    parts = [
        text % {"count": count}
        for text, count in ((rooms, copied.rooms), (sessions, copied.sessions))
        if count
    ]
    if not parts:
        return _("Nothing was copied: this event already has these rooms, breaks and plenaries.")
    return _("Copied: %(copied)s.") % {"copied": join_names(parts)}


def list_frame_sources(request: "HttpRequest", event: Event) -> QuerySet[Event]:
    """Return the other events that the person organizes and that have rooms, the newest first."""
    events = get_organized_events(request.user).exclude(pk=event.pk)
    return events.filter(rooms__isnull=False).distinct().order_by("-starts_at")
