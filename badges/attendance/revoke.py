"""Take a device's token away: it wipes what it holds at its next request."""

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record

from .models import Device


def revoke_all() -> None:
    """Revoke every paired device of every event."""
    for device in Device.objects.phones().filter(revoked_at=None).select_related("event"):
        revoke(device=device)


@transaction.atomic
def revoke(*, device: Device) -> None:
    """Revoke once; the time of the first stays."""
    if device.revoked_at is not None:
        return
    device.revoked_at = timezone.now()
    device.save(update_fields=["revoked_at"])
    record("device.revoke", device, event=device.event, fields=["revoked_at"])
