"""Find the participants in the meetings of a working group, by the registrations of these meetings."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Count
from django.utils.translation import gettext as _

from convention.club.models import WorkingGroup
from convention.events.models import Event
from convention.events.permissions import can_organize
from convention.tables.downloads import TableSheet
from convention.text.email_addresses import normalize_email
from convention.text.normalize import name_search_key
from registrations.models import Registration

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# As for the invitation of a group (badges/mailings/composing/invitations.py).
LAST_MEETINGS_COUNT: Final = 3
type ParticipantKey = int | tuple[str, str]


@dataclass(frozen=True)
class GroupParticipant:
    """A participant, as on the latest registration; `person_id` is None for people outside the directory."""

    first_name: str
    last_name: str
    company: str
    email: str
    person_id: int | None
    meeting_count: int

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class GroupParticipants:
    """The last meetings of a group, the latest first, and their participants by name."""

    meetings: list[Event]
    participants: list[GroupParticipant]

    def make_sheet(self) -> TableSheet:
        """Return the participants as a list to download."""
        header = [_("First name"), _("Last name"), _("Company"), _("E-mail"), _("Meetings")]
        rows = (
            [row.first_name, row.last_name, row.company, row.email, row.meeting_count]
            for row in self.participants
        )
        return TableSheet(_("Participants"), header, rows)


def count_registrations(event_ids: Collection[int]) -> dict[int, int]:
    """Return how many confirmed registrations each of these events has; events without any are missing."""
    rows = Registration.objects.confirmed().filter(event__in=event_ids).order_by()
    return dict(rows.values_list("event").annotate(Count("pk")))


def find_group_participants(
    group: WorkingGroup, reader: "RequestUser", *, at: datetime.datetime
) -> GroupParticipants:
    """Return the participants in the last meetings that began before `at` and that the reader organizes.

    These are the people with a confirmed registration, whether or not they were scanned.
    """
    rows = Event.objects.filter(
        group=group, kind=Event.Kind.GROUP_MEETING, cancelled_at=None, starts_at__lt=at
    ).exclude(visibility=Event.Visibility.DRAFT)
    last_meetings = rows.order_by("-starts_at", "-pk")[:LAST_MEETINGS_COUNT]
    meetings = [event for event in last_meetings if can_organize(reader, event)]
    if not meetings:
        return GroupParticipants([], [])
    # `with_badge`: an erased registration has no name.
    registrations = Registration.objects.with_badge().filter(event__in=meetings).order_by("sort_name", "pk")
    return GroupParticipants(meetings, _group_by_participant(registrations, meetings))


def _group_by_participant(
    registrations: Iterable[Registration], meetings: list[Event]
) -> list[GroupParticipant]:
    """Return each participant once, in the order of the registrations."""
    by_participant: dict[ParticipantKey, list[Registration]] = {}
    for registration in registrations:
        by_participant.setdefault(_get_key(registration), []).append(registration)
    positions = {event.pk: position for position, event in enumerate(meetings)}
    participants = []
    for rows in by_participant.values():
        latest = min(rows, key=lambda row: (positions[row.event_id], -row.pk))
        participants.append(
            GroupParticipant(
                first_name=latest.first_name,
                last_name=latest.last_name,
                company=latest.company,
                email=latest.email,
                person_id=latest.person_id,
                meeting_count=len({row.event_id for row in rows}),
            )
        )
    return participants


def _get_key(registration: Registration) -> ParticipantKey:
    """Return the person of the directory, or name and address: colleagues may share an address."""
    if registration.person_id:
        return registration.person_id
    return name_search_key(registration.name), normalize_email(registration.email) or registration.company
