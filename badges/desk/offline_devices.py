"""Enable browsers at the desk for offline use, and lease them badges that are signed in advance."""

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.record import record_action
from convention.errors import InvalidFields, NotFound, NotOpenNow
from convention.events.models import Event
from convention.text.normalize import normalize_whitespace
from registrations.models.references import generate_registration_reference

from .models import DeskDevice, SpareBadge

if TYPE_CHECKING:
    from convention.club.models import Person

# Enough for a morning without network.
SPARE_BADGES_PER_DEVICE: Final = 50
# The browser asks for the name too, before it asks for a connection.
UNNAMED_DEVICE_SENTENCE = gettext_lazy("Enter a name for this device.")


@transaction.atomic
def enable_desk_device(*, event: Event, name: str, enabled_by: "Person | None") -> DeskDevice:
    """Let a browser store the event's guests, encrypted by its PIN.

    Raise NotOpenNow after the event, or InvalidFields without a name, by which a lost device is revoked.
    """
    name = normalize_whitespace(name)
    if not name:
        raise InvalidFields(UNNAMED_DEVICE_SENTENCE, {"name": [str(UNNAMED_DEVICE_SENTENCE)]})
    device = DeskDevice(event=event, name=name, enabled_by=enabled_by)
    if not device.is_active():
        raise NotOpenNow(_("The event is over, so this device can no longer work offline."))
    device.save()
    record_action("desk_device.enable", device, event=event, fields=["name"])
    return device


@transaction.atomic
def revoke_desk_device(*, device: DeskDevice) -> None:
    """Revoke a device: it erases its data when it next reaches the server. A second call changes nothing."""
    active = DeskDevice.objects.filter(pk=device.pk, revoked_at__isnull=True)
    if active.update(revoked_at=timezone.now()):
        record_action("desk_device.revoke", device, event=device.event, fields=["revoked_at"])


def find_desk_device(event: Event, uid: object) -> DeskDevice:
    """Return a device of the event. Raise NotFound."""
    device = DeskDevice.objects.filter(event=event, uid=str(uid)).first()
    if device is None:
        raise NotFound(_("This device is not enabled for offline use at this event."))
    device.event = event
    return device


def record_online_contact(*, device: DeskDevice) -> None:
    """Record that the device's browser works online and has sent all its entries, so it is not silent.

    A device that never got its data stays unseen.
    """
    DeskDevice.objects.filter(pk=device.pk, seen_at__isnull=False).update(seen_at=timezone.now())


@transaction.atomic
def lease_spare_badges(*, device: DeskDevice) -> list[SpareBadge]:
    """Return the device's unbound spare badges, topped up to SPARE_BADGES_PER_DEVICE."""
    # Locked, so that two tabs of the device do not both top up.
    DeskDevice.objects.select_for_update(no_key=True).get(pk=device.pk)
    unbound = list(device.spare_badges.filter(bound_at__isnull=True).order_by("pk"))
    missing = SPARE_BADGES_PER_DEVICE - len(unbound)
    new = [
        SpareBadge(device=device, reference=generate_registration_reference())
        for _number in range(max(0, missing))
    ]
    return [*unbound, *SpareBadge.objects.bulk_create(new)]
