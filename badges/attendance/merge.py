"""Merge two registrations of one person, so that the scans of both count for the survivor.

Scans are never changed. `presence_store.iterate_counted_scans` attributes those of the merged badge to the
survivor, whose presences are recomputed; a rebuild gives the same result. From then on the server, and every
phone whose snapshot has the merge, refuse the merged badge as “replaced by a newer badge”. An entry that a
phone without that snapshot let in is counted for the survivor.
"""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from registrations.changes.merge import merge_registrations
from registrations.changes.resend import MissingAddress, resend_mail
from registrations.models import Registration

from .models import Presence
from .scanning.presence import NEVER_SCANNED, compute_presence
from .scanning.presence_store import load_scan_histories, save_presences


@transaction.atomic
def merge_registrations_and_scans(
    *, survivor: Registration, other: Registration, fields_from_other: Collection[str] = (), reason: str = ""
) -> Registration:
    """Merge `other` into `survivor` and mail the survivor's badge again.

    `fields_from_other` names the fields whose values the survivor takes over. Raise MergeRefused or SoldOut.
    """
    # First: it locks both registrations, so that no scan of either is recorded meanwhile.
    merge_registrations(survivor=survivor, duplicate=other, copied_fields=fields_from_other, reason=reason)
    rows = Presence.objects.filter(registration__in=[survivor.pk, other.pk])
    checkpoints = set(rows.values_list("checkpoint", flat=True))
    histories = load_scan_histories([(survivor.pk, checkpoint) for checkpoint in checkpoints])
    states = {key: compute_presence(history) for key, history in histories.items()}
    # The other badge's scans stay and count for the survivor. Its presences are reset, not deleted: devices
    # fetch changed rows and cannot notice that one was deleted.
    states |= {(other.pk, checkpoint): NEVER_SCANNED for checkpoint in checkpoints}
    save_presences(survivor.event_id, states, at=timezone.now())
    # Loaded again: merge_registrations changed the row in the database, not the caller's instance.
    survivor = Registration.objects.select_related("event", "order", "ticket").get(pk=survivor.pk)
    _resend_badge(survivor)
    return survivor


def _resend_badge(survivor: Registration) -> None:
    """Mail the survivor's badge, unless the event is over or there is no address."""
    if not survivor.event.is_over():
        try:
            resend_mail(registration=survivor)
        except MissingAddress:
            return
