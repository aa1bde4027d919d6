"""Organizers' pages: the cost of each place of a session on a day, and moving the session there."""

import datetime
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_digits
from schedule.conflicts.load import load_timetable, load_working_timetable
from schedule.conflicts.timetable import Period, Timetable
from schedule.drafts.current_draft import find_current_draft
from schedule.editing.session_views import get_session_by_number
from schedule.editing.views import get_author, render_organizer_page, report_refusals
from schedule.models import PlanRun

from .session_places import PlaceNotPossible, choose_best, group_places, list_places, move_to_place

if TYPE_CHECKING:
    from django.http import HttpRequest

PLACES_PER_PAGE: Final = 100


@require_safe
def session_places(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """List the best places of a day with their costs, or all (`?all=1`).

    The day is that of the session, or another one (`?day=2`); with `?run=3`, all as in that proposal.
    """
    event_obj = get_event_to_organize(event, request.user)
    session = get_session_by_number(event_obj, number)
    plan_run = find_proposal(event_obj, request.GET.get("run", ""))
    draft = plan_run.proposal if plan_run else find_current_draft(event_obj)
    timetable = load_timetable(draft) if draft else load_working_timetable(event_obj)
    position = choose_day(timetable, session.pk, request.GET.get("day", ""))
    hours = timetable.get_hours(session.pk)
    places = list_places(timetable, session.pk, hours[position]) if hours else []
    is_complete = request.GET.get("all", "") == "1"
    listed_places = places if is_complete else choose_best(places)
    page = Paginator(listed_places, PLACES_PER_PAGE).get_page(request.GET.get("page"))
    return render_organizer_page(
        request,
        "session_places",
        event_obj,
        session=session,
        plan_run=plan_run,
        state=(state := timetable.placements.get(session.pk)),
        room_name=timetable.get_room_name(state.room_id) if state else "",
        page_obj=page,
        groups=group_places(page.object_list),
        hidden_count=len(places) - len(listed_places),
        is_complete=is_complete,
        days=list_days(event_obj, hours),
        chosen_day=position + 1,
        revision=draft.revision if draft else 0,
    )


def find_proposal(event: Event, text: str) -> PlanRun | None:
    """Return the requested run of the planner, if it has a proposal."""
    key = parse_digits(text)
    runs = event.plan_runs.select_related("proposal__event").exclude(proposal=None)
    return runs.filter(pk=key).first() if key is not None else None


def choose_day(timetable: Timetable, session: int, text: str) -> int:
    """Return the position of the requested day, else of the session's day, else of the first."""
    number, state = parse_digits(text), timetable.placements.get(session)
    hours = timetable.get_hours(session)
    if number is not None and 1 <= number <= len(hours):
        return number - 1
    for position, (opens_at, closes_at) in enumerate(hours):
        if state and opens_at <= state.starts_at < closes_at:
            return position
    return 0


def list_days(event: Event, hours: tuple[Period, ...]) -> list[tuple[int, datetime.date]]:
    """Return the number and the date of each day, in the zone of the event."""
    return [
        (number, opens_at.astimezone(event.zone).date())
        for number, (opens_at, _closes_at) in enumerate(hours, start=1)
    ]


@require_POST
def session_place(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Move the session to the place that was chosen."""
    event_obj = get_event_to_organize(event, request.user)
    session = get_session_by_number(event_obj, number)
    with report_refusals(request):
        move_to_place(
            session=session,
            room=parse_digits(request.POST.get("room", "")),
            starts_at=parse_start(request.POST.get("starts_at", "")),
            author=get_author(request),
            seen_revision=parse_digits(request.POST.get("revision", "")),
        )
        messages.success(
            request,
            _("“%(title)s” was moved in the draft. It becomes public when you publish.")
            % {"title": session.title},
        )
    return redirect(reverse("organize-plan-explain", args=[event_obj.slug, number]))


def parse_start(text: str) -> datetime.datetime:
    """Parse the time of a place, which has a zone. Raise PlaceNotPossible."""
    try:
        parsed = datetime.datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise PlaceNotPossible(_("Choose a slot from the list; nothing was moved."))
    return parsed
