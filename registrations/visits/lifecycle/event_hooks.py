"""Hooks for events with a visit: deadline, cancellation, changes, checklist, obstacles to deletion."""

import datetime
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.events.publishing.publish import ReadinessItem
from registrations.visits.dates import VisitDates, compute_lock_time, find_date_problems, find_length_problem
from registrations.visits.identity.purge import RETENTION_PERIOD
from registrations.visits.models import Application, Identity, NotifiedDates, Visit
from registrations.visits.permissions import can_read_identities, has_visit

from .steps import list_missing_steps

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def find_application_deadlines(events: Collection[Event]) -> Mapping[int, datetime.datetime]:
    """Return until when members can apply for the visits of these events, by event id."""
    # The caller's events, which may have dates that are not stored yet.
    events_by_id = {event.pk: event for event in events}
    deadlines = {}
    for visit in Visit.objects.filter(event__in=events_by_id):
        visit.event = events_by_id[visit.event_id]
        deadlines[visit.event_id] = visit.applications_close_at
    return deadlines


def find_cancelled_events(event_ids: Collection[int]) -> Mapping[int, datetime.datetime]:
    """Return the time of cancellation by event id; events without a cancelled visit are left out."""
    rows = Visit.objects.filter(event__in=event_ids, cancelled_at__isnull=False).order_by()
    return {
        event: cancelled_at
        for event, cancelled_at in rows.values_list("event", "cancelled_at")
        if cancelled_at
    }


def lock_visit_of_event(event_id: int) -> None:
    """Lock the event's visit, if it has one, and its lists, which follow new dates and a new host."""
    # Decisions about visitors lock the visit, cancellations the lists, and they advance the event's sequence.
    for visit in Visit.objects.select_for_update(of=("self",)).filter(event=event_id):
        list(visit.lists.order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def check_event_change(stored: Event, event: Event, person: "RequestUser") -> dict[str, list[str]]:
    """Return errors by field that forbid saving `event` in place of `stored`."""
    is_published_now = stored.visibility == Event.Visibility.DRAFT and event.visibility != stored.visibility
    visit = Visit.objects.filter(event=stored).first()
    if visit is None:
        # Published without a visit, members would register without application, agreement or identity.
        is_incomplete = is_published_now and event.kind == Event.Kind.SITE_VISIT
        return {"visibility": [describe_missing_visit()]} if is_incomplete else {}
    visit.event = stored
    problems = _find_event_date_problems(visit, stored, event)
    if event.kind != stored.kind:
        problems["kind"] = [_("This event has been set up as a visit, so its kind can no longer be changed.")]
    if event.host_id is None and stored.host_id and visit.agreed_at and not visit.cancelled_at:
        problems["host"] = [
            _("A visit agreed with its host needs one: competitors of the host are refused. Choose the host.")
        ]
    if is_published_now and list_missing_steps(visit):
        problems["visibility"] = [
            _("Open the visit to members on its own page, which lists what is missing first.")
        ]
    if (
        # The purge counts from the end: moving it later keeps identities longer than visitors were told.
        event.ends_at > stored.ends_at and _is_locked_or_identified(visit) and not can_read_identities(person)
    ):
        problems["ends_at"] = [
            _(
                "Visitors’ details are deleted seven days after the end of the visit, so only "
                "the club’s secretary can now postpone it."
            )
        ]
    # The opposite mistake, such as a wrong year: the next purge would delete the identities within the hour.
    if event.ends_at + RETENTION_PERIOD <= timezone.now() < stored.ends_at and _is_locked_or_identified(
        visit
    ):
        problems["ends_at"] = [
            _(
                "This end date has passed, so the visitors’ details would be permanently "
                "deleted. Check the date. If the visit does not take place, call it off on its "
                "own page."
            )
        ]
    return problems


def describe_missing_visit() -> str:
    """Return why an event of this kind cannot be published before its visit is set up."""
    return _("This site visit has not been set up yet. Set it up on its visit page before you publish it.")


def list_visit_readiness(event: Event) -> list[ReadinessItem]:
    """Return a checklist item that links to the page of the visit, where it is set up and published."""
    if event.visibility != Event.Visibility.DRAFT or event.kind != Event.Kind.SITE_VISIT:
        return []
    text = _("A visit is published on its own page, once the host has agreed.")
    if not has_visit(event):
        text = describe_missing_visit()
    return [ReadinessItem(text, is_done=False, page_name="organize-visit", is_required=True)]


def list_application_obstacles(event: Event) -> list[str]:
    """Return the reason why the event of a visit cannot be deleted, if members have applied."""
    if Application.objects.filter(visit__event=event).exists():
        return [_("Members have applied for the visit.")]
    return []


def _find_event_date_problems(visit: Visit, stored: Event, event: Event) -> dict[str, list[str]]:
    """Return errors about changed dates; unsuitable dates that did not change never block other changes."""
    # Seeds and imports may store seconds, which the form drops without the user having changed anything.
    if visit.cancelled_at or round_to_minutes(event) == round_to_minutes(stored):
        return {}
    # Members do not know of the date yet: only the length matters.
    if visit.state in (Visit.State.DRAFT, Visit.State.AGREED):
        sentence = find_length_problem(event.starts_at, event.ends_at)
        return {"ends_at": [sentence]} if sentence else {}
    return find_date_problems(
        _build_visit_dates(visit, stored), _build_visit_dates(visit, event), now=timezone.now()
    )


def round_to_minutes(event: Event | NotifiedDates) -> list[datetime.datetime]:
    """Return start and end in UTC with the precision of the form."""
    moments = (event.starts_at, event.ends_at)
    return [moment.astimezone(datetime.UTC).replace(second=0, microsecond=0) for moment in moments]


def _build_visit_dates(visit: Visit, event: Event) -> VisitDates:
    locks = compute_lock_time(event.starts_at, event.zone, visit.lock_working_days)
    return VisitDates(event.starts_at, event.ends_at, locks, visit.locked_at)


def _is_locked_or_identified(visit: Visit) -> bool:
    """Return whether the list is locked or an identity was given."""
    return visit.locked_at is not None or Identity.objects.filter(application__visit=visit).exists()
