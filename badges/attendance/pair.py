"""Pair a device: give it a token for one door, shown once."""

import datetime
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import NotFound
from convention.events.doors import may_create_events as runs_every_event

from .doors import hash_token
from .models import Checkpoint, Device

if TYPE_CHECKING:
    from convention.events.models import Event

TOKEN_BYTES = 32
AFTER_EVENT = datetime.timedelta(days=1)
AT_LEAST = datetime.timedelta(days=3)
LONGEST_NAME = 200


@dataclass(frozen=True)
class Pairing:
    """A new device and its token, which is kept nowhere."""

    device: Device
    token: str

    @property
    def url(self) -> str:
        """What the device opens; the token stands behind `#`, so no server ever logs it."""
        return f"{settings.SITE_URL}/scan/#pair={self.token}"


def pair(*, checkpoint: Checkpoint, name: str = "", by: Person | None = None) -> Pairing:
    """Make a token for this door; it expires a day after the event, in three days at the earliest.

    Paired by someone with a role for this event alone, it ends with that role.
    """
    return _pair(Device(checkpoint=checkpoint, name=name), by)


def pair_supervisor(*, checkpoint: Checkpoint, name: str = "", by: Person | None = None) -> Pairing:
    """The same for a device that may override what speaks against a badge, with a reason."""
    return _pair(Device(checkpoint=checkpoint, name=name, may_override=True), by)


@transaction.atomic
def _pair(device: Device, by: Person | None) -> Pairing:
    if by and not runs_every_event(by):
        device.paired_by = by
    token = secrets.token_urlsafe(TOKEN_BYTES)
    event = device.event = device.checkpoint.event
    device.token_hash = hash_token(token)
    device.expires_at = max(event.ends_at + AFTER_EVENT, timezone.now() + AT_LEAST)
    device.save()
    record(
        "device.pair",
        device,
        event=event,
        fields=["checkpoint", "expires_at", "may_override"],
    )
    return Pairing(device, token)


def find_checkpoint(event: "Event", name: str) -> Checkpoint:
    """The event's door of that name, in any case. Raises NotFound with the names there are."""
    doors = event.checkpoints.select_related("event")
    name = name.strip()[:LONGEST_NAME]
    found = doors.filter(name=name).first() or doors.filter(name__iexact=name).first()
    if found is None:
        known = ", ".join(_("“%(name)s”") % {"name": door.name} for door in doors[:10])
        raise NotFound(
            _("There is no checkpoint “%(name)s”. Checkpoints of this event: %(known)s.")
            % {"name": name, "known": known or _("none yet")}
        )
    return found


def entrance_of(event: "Event") -> Checkpoint:
    """The event's entrance, made if it has none."""
    entrance = event.checkpoints.filter(kind=Checkpoint.Kind.ENTRANCE).select_related("event").first()
    if entrance is None:
        entrance, _made = Checkpoint.objects.get_or_create(
            event=event, name=_("Entrance"), defaults={"kind": Checkpoint.Kind.ENTRANCE}
        )
    return entrance
