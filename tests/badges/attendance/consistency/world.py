"""The true history: who really passed which door when, and what the organizers did meanwhile."""

import datetime
import random
from dataclasses import dataclass

from django.test import Client
from django.utils import timezone

from badges.attendance.devices.pairing_codes import ShownCode, invite_devices
from badges.attendance.merge import merge_registrations_and_scans
from badges.attendance.models import Checkpoint, Device
from convention.events.sequence import advance_sequence
from registrations.changes.substitute import substitute_as_organizer
from registrations.models import Registration
from registrations.order_request import RequestedPlace
from tests.badges.attendance.factories import make_badge_token, make_event, make_registration
from tests.factories import make_administrator

SECOND = datetime.timedelta(seconds=1)
MINUTE = datetime.timedelta(minutes=1)
PEOPLE = 7
ROOM_CAPACITY = 2


@dataclass
class Passage:
    """A badge that really passed a door; `id` is the id of its scan."""

    id: str
    registration: int
    checkpoint: Checkpoint
    direction: str
    at: datetime.datetime
    device: int
    is_explained: bool = False
    is_tapped: bool = False
    is_undone: bool = False
    is_clock_wrong: bool = False
    # A clock fault that no clock can reveal any more: the order of this badge's scans is not promised.
    is_time_lost: bool = False
    delivered_at: datetime.datetime | None = None


@dataclass
class Badge:
    """A printed badge, perhaps replaced since."""

    registration: Registration
    token: str
    replaced_at: datetime.datetime | None = None


@dataclass
class BadgeReading:
    """A badge that a phone judged by its list of `listed_at`, and what its screen said."""

    badge: Badge
    direction: str
    listed_at: datetime.datetime | None
    screen: str
    is_explained: bool


class World:
    """An event with two gates of one entrance, a strict room and a room for two."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = timezone.now()
        self.client = Client()
        self.event = make_event()
        self.entrance = self.event.checkpoints.get()
        self.gate = self._make_checkpoint("Porte B", counts_as=self.entrance)
        self.strict = self._make_checkpoint("Salle stricte", is_strict=True)
        self.room = self._make_checkpoint("Salle pour deux", capacity=ROOM_CAPACITY)
        self.people = [make_registration(self.event) for _number in range(PEOPLE)]
        # As any event with orders has; at 0 each snapshot would be a full one.
        advance_sequence(self.event.pk)
        self.badges = [Badge(person, make_badge_token(person)) for person in self.people]
        self.organizer = make_administrator()
        self.passages: dict[str, Passage] = {}
        # By the id of the scan; of let in and stopped badges alike.
        self.readings: dict[str, BadgeReading] = {}
        self.scan_ids: set[str] = set()
        self.forged_ids: set[str] = set()
        self.revoked_at: dict[int, datetime.datetime] = {}
        self.merged_into: dict[int, int] = {}
        # When a registration was cancelled or merged: none of its badges is valid from then on.
        self.ended_at: dict[int, datetime.datetime] = {}
        self.transferred_at: dict[int, datetime.datetime] = {}
        self.faults: list[str] = []
        # Devices whose clocks cannot all tell the time any more: they slept, or their page is gone.
        self.doubtful_devices: set[int] = set()

    def _make_checkpoint(self, name, **fields):
        return Checkpoint.objects.create(
            event=self.event, name=name, kind=Checkpoint.Kind.SESSION, position=1, **fields
        )

    def advance(self, seconds):
        self.now += seconds * SECOND

    def change(self, registration, **fields):
        """Change a registration as an action of the organizers does, with the event's next sequence."""
        row = Registration.objects.get(pk=registration.pk)
        for name, value in fields.items():
            setattr(row, name, value)
        row.sequence = advance_sequence(row.event_id)
        row.save()
        registration.refresh_from_db()

    def cancel(self):
        registration = self._pick_person()
        version = registration.badge_version + 1
        self.change(registration, cancelled_at=self.now, badge_version=version)
        self.ended_at.setdefault(registration.pk, self.now)

    def reprint(self):
        registration = self._pick_person()
        self.change(registration, badge_version=registration.badge_version + 1)
        self._print_badge(registration)

    def transfer(self):
        """Give a place to somebody else, who gets a badge of their own."""
        registration = self._pick_person()
        if registration.cancelled_at:
            return
        name = f"Personne {self.random.randrange(1000)}"
        new_attendee = RequestedPlace(ticket="", first_name=name, last_name="Martin", email="")
        substitute_as_organizer(registration=registration, new_attendee=new_attendee)
        registration.refresh_from_db()
        self.transferred_at[registration.pk] = self.now
        self._print_badge(registration)

    def _print_badge(self, registration):
        for badge in self.badges:
            if badge.registration is registration and badge.replaced_at is None:
                badge.replaced_at = self.now
        self.badges.append(Badge(registration, make_badge_token(registration)))

    def merge(self):
        """Find that two registrations are one person."""
        survivor, other = self._pick_person(), self._pick_person()
        if survivor.pk == other.pk or survivor.cancelled_at or other.cancelled_at:
            return
        merge_registrations_and_scans(survivor=survivor, other=other)
        survivor.refresh_from_db()
        other.refresh_from_db()
        for merged, into in self.merged_into.items():
            if into == other.pk:
                self.merged_into[merged] = survivor.pk
        self.merged_into[other.pk] = survivor.pk
        self.ended_at[other.pk] = self.now

    def _pick_person(self):
        free = [person for person in self.people if person.pk not in self.merged_into]
        return self.random.choice(free)

    def find_void_at(self, badge):
        """Return when a badge was replaced, cancelled or merged; None while it is valid."""
        times = [badge.replaced_at, self.ended_at.get(badge.registration.pk)]
        return min((at for at in times if at is not None), default=None)

    def list_valid_badges(self):
        return [badge for badge in self.badges if self.find_void_at(badge) is None]

    def list_inside(self, checkpoint):
        """Return who is truly inside at a checkpoint: others have nothing to leave."""
        inside = set()
        for passage in self.passages.values():
            is_here = passage.checkpoint.presence_checkpoint_id == checkpoint.presence_checkpoint_id
            if is_here and not passage.is_undone and not self.is_of_former_attendee(passage):
                (inside.add if passage.direction == "in" else inside.discard)(passage.registration)
        return inside

    def is_of_former_attendee(self, passage):
        """Return whether the place was given away after the passage; also the place it was merged into."""
        places = {passage.registration, self.owner_of(passage.registration)}
        return any(passage.at < self.transferred_at[pk] for pk in places & self.transferred_at.keys())

    def owner_of(self, registration_id):
        return self.merged_into.get(registration_id, registration_id)

    def invite(self, checkpoint, *, can_override):
        """Let the organizer's screen show a pairing code; the code."""
        rights = ["can_override"] if can_override else []
        invitation = invite_devices(checkpoint=checkpoint, person=self.organizer, rights=rights)
        return ShownCode(invitation).text

    def revoke(self, device_id):
        Device.objects.filter(pk=device_id, revoked_at=None).update(revoked_at=self.now)
        self.revoked_at.setdefault(device_id, self.now)

    def fail(self, sentence):
        """Note what no phone may ever see."""
        self.faults.append(sentence)
