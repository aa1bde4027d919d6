"""Hooks of the club: contracts that prevent a merger of companies, and people with event roles."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.club.models import Company, WorkingGroup
from convention.text.dates import format_date

from .models import Delegation, Event, EventRole
from .permissions import can_create_meeting, can_organize, has_drafted_meeting, is_visible_event

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

MAX_MEETINGS_SHOWN = 20


@dataclass(frozen=True)
class GroupMeeting:
    """A meeting on the page of its group.

    `public_path` is "" for a reader who may not open it, `organizer_path` for one who does not run it, and
    `draft_path` and `deletion_path` for all but the secretary who drafted it.
    """

    event: Event
    public_path: str
    organizer_path: str
    draft_path: str
    deletion_path: str
    registration_count: int


@dataclass(frozen=True)
class Participation:
    """A person's registration or application, on their page; `state` is in words.

    `needs_decision`: the person lost what the place depends on, and an organizer keeps or withdraws it.
    """

    event: Event
    state: str
    path: str
    needs_decision: bool = False


def list_group_meetings(group: WorkingGroup, reader: "RequestUser") -> list[GroupMeeting]:
    """Return the latest meetings of the group, the last one first, that the reader may see or add."""
    rows = Event.objects.filter(group=group, kind=Event.Kind.GROUP_MEETING).order_by("-starts_at")
    # The secretary adds meetings without running them: a draft that did not appear would be added again.
    sees_drafts = can_create_meeting(reader, group)
    meetings = [
        event for event in rows[:MAX_MEETINGS_SHOWN] if sees_drafts or is_visible_event(event, reader)
    ]
    counts = hooks.registration_counts.provider()([event.pk for event in meetings])
    return [_describe_meeting(event, reader, counts.get(event.pk, 0)) for event in meetings]


def _describe_meeting(event: Event, reader: "RequestUser", registration_count: int) -> GroupMeeting:
    runs_meeting, has_drafted = can_organize(reader, event), has_drafted_meeting(reader, event)
    return GroupMeeting(
        event,
        public_path=event.get_absolute_url() if is_visible_event(event, reader) else "",
        organizer_path=reverse("organize-event", args=[event.slug]) if runs_meeting else "",
        draft_path=reverse("organize-meeting-draft", args=[event.slug]) if has_drafted else "",
        deletion_path=reverse("organize-event-delete", args=[event.slug]) if has_drafted else "",
        registration_count=registration_count,
    )


def get_new_meeting_path(group: WorkingGroup, person: "RequestUser") -> str:
    """Return the path of the page to add a meeting of the group, or "" for those who may not."""
    return reverse("organize-meeting-new", args=[group.slug]) if can_create_meeting(person, group) else ""


def check_company_delegations(company: Company, on: datetime.date) -> dict[str, list[str]]:
    """Return an error, at the merger's day, for each contract that lasts until `on` or longer."""
    # A merger ends the firm's organizer role, and with it the delegates' access to the event.
    contracts = Delegation.objects.filter(company=company, ends_on__gte=on).select_related("event")
    sentence = _(
        "%(company)s runs “%(event)s” under a contract until %(day)s. End the contract before "
        "the merger and give the other company its own, or merge later."
    )
    sentences = [
        sentence % {"company": company, "event": contract.event.title, "day": format_date(contract.ends_on)}
        for contract in contracts.order_by("ends_on", "pk")
    ]
    return {"on": sentences} if sentences else {}


def select_event_role_holders() -> QuerySet[EventRole, Any]:
    """Return a subquery of the ids of people who have or had a role at an event."""
    return EventRole.objects.values("person")


def find_people_with_roles_since(people: Collection[int], since: datetime.datetime) -> set[int]:
    """Return those of these people who have an event role that began on the day of `since` or later."""
    # Roles have days and no time: one given later on the day of the import counts as use too.
    roles = EventRole.objects.filter(person__in=people, starts_on__gte=timezone.localdate(since))
    return set(roles.values_list("person", flat=True))
