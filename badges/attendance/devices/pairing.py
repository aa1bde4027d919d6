"""Pair a device: give it a token for one checkpoint, shown once."""

import datetime
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.authentication import hash_token
from badges.attendance.models import (
    DEFAULT_ENTRANCE_NAME,
    MAX_CHECKPOINT_NAME_LENGTH,
    MAX_DEVICE_NAME_LENGTH,
    Checkpoint,
    Device,
)
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import can_create_events

from .checkpoints import find_free_name

# 256 bits cannot be guessed, so the hash needs no salt and no slow function.
TOKEN_BYTES = 32


TOKEN_LIFETIME_AFTER_EVENT = datetime.timedelta(days=1)


MIN_TOKEN_LIFETIME = datetime.timedelta(days=3)


@dataclass(frozen=True)
class Pairing:
    """A new device and its token, which is not stored anywhere."""

    device: Device
    token: str

    @property
    def url(self) -> str:
        """Return the address that the device opens.

        The token is in the fragment, which browsers do not send, so no server logs it.
        """
        return f"{settings.SITE_URL}/scan/#pair={self.token}"


def pair_device(*, checkpoint: Checkpoint, name: str = "", paired_by: Person | None = None) -> Pairing:
    """Pair a device with a checkpoint.

    The token expires a day after the event, in three days at the earliest. If `paired_by` has a role for this
    event alone, the token also ends with that role.
    """
    return save_paired_device(Device(checkpoint=checkpoint, name=name), paired_by)


def pair_supervisor_device(
    *, checkpoint: Checkpoint, name: str = "", paired_by: Person | None = None
) -> Pairing:
    """Pair a device whose operator may override a refusal by giving a reason."""
    return save_paired_device(Device(checkpoint=checkpoint, name=name, can_override=True), paired_by)


def create_device_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


@transaction.atomic
def save_paired_device(device: Device, paired_by: Person | None) -> Pairing:
    """Save a new device with a token, which expires as `pair_device` says; number its name if it is taken."""
    # A role for all events does not end with one of them, so the device does not depend on it.
    if paired_by and not can_create_events(paired_by):
        device.paired_by = paired_by
    token = create_device_token()
    event = device.event = device.checkpoint.event
    device.token_hash = hash_token(token)
    # Phones paired from one screen have the same name: conflicts and the list of devices tell them apart.
    if device.name:
        names = Device.objects.filter(event=event, revoked_at=None).values_list("name", flat=True)
        device.name = find_free_name(device.name, set(names), max_length=MAX_DEVICE_NAME_LENGTH)
    device.expires_at = max(event.ends_at + TOKEN_LIFETIME_AFTER_EVENT, timezone.now() + MIN_TOKEN_LIFETIME)
    device.save()
    record_action(
        "device.pair",
        device,
        event=event,
        fields=["checkpoint", "expires_at", "can_override"],
    )
    return Pairing(device, token)


def find_checkpoint(event: Event, name: str) -> Checkpoint:
    """Return the event's checkpoint of that name, ignoring case. Raise NotFound, which lists the names."""
    checkpoints = event.checkpoints.select_related("event")
    name = name.strip()[:MAX_CHECKPOINT_NAME_LENGTH]
    # The exact name first: names are unique by case, so "hall" and "Hall" can both exist.
    match = checkpoints.filter(name=name).first() or checkpoints.filter(name__iexact=name).first()
    if match is None:
        known = ", ".join(_("“%(name)s”") % {"name": checkpoint.name} for checkpoint in checkpoints[:10])
        raise NotFound(
            _("There is no checkpoint “%(name)s”. Checkpoints of this event: %(known)s.")
            % {"name": name, "known": known or _("none yet")}
        )
    return match


def get_or_create_entrance(event: Event) -> Checkpoint:
    return find_entrance(event) or _create_entrance(event)


def find_entrance(event: Event) -> Checkpoint | None:
    entrances = event.checkpoints.filter(kind=Checkpoint.Kind.ENTRANCE)
    return entrances.select_related("event").first()


@transaction.atomic
def _create_entrance(event: Event) -> Checkpoint:
    """Create the entrance, unless another request was faster."""
    # The unique name is not enough: two requests may create it under names in two languages.
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    if entrance := find_entrance(event):
        return entrance
    # A checkpoint of another kind may have this name.
    name = find_free_name(str(DEFAULT_ENTRANCE_NAME), set(event.checkpoints.values_list("name", flat=True)))
    return Checkpoint.objects.create(event=event, name=name, kind=Checkpoint.Kind.ENTRANCE)


def revoke_all_devices() -> None:
    """Revoke the devices of all events."""
    for device in Device.objects.phones().filter(revoked_at=None).select_related("event"):
        revoke_device(device=device)


def revoke_devices_without_role(people: Collection[int]) -> None:
    """Revoke the devices that these people (ids) paired for events where they have no role any more."""
    # Roles end by the day, but what a device scanned earlier on that day counts: only this stores the moment.
    devices = Device.objects.phones().filter(
        paired_by__in=people, revoked_at=None, expires_at__gt=timezone.now()
    )
    for device in devices.exclude(pk__in=Device.objects.valid()).select_related("event"):
        revoke_device(device=device)


@transaction.atomic
def revoke_device(*, device: Device) -> None:
    """Revoke a device; a second call changes nothing."""
    # Keeps the time of the first revocation, and one entry in the audit log.
    if device.revoked_at is not None:
        return
    device.revoked_at = timezone.now()
    device.save(update_fields=["revoked_at"])
    record_action("device.revoke", device, event=device.event, fields=["revoked_at"])
