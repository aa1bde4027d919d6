"""Implement the attendance hooks, through which lower layers query scans and stays.

See `AttendanceConfig.ready`, which registers them.
"""

import datetime
from collections.abc import Collection

from django.db.models import Max, Min
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.events.publishing.copy_event import EventCopy
from registrations.models import Addon, Ticket

from .devices.pairing import get_or_create_entrance
from .models import Checkpoint, Presence, Scan
from .reports.headcount import list_main_checkpoints
from .scanning.presence_store import OWNER, filter_by_registration

type Stay = tuple[datetime.datetime, datetime.datetime | None]


def find_scanned_registrations(registration_ids: Collection[int]) -> set[int]:
    """Return those of `registration_ids` that have any scan; a merged badge counts for its survivor."""
    scans = Scan.objects.filter(filter_by_registration(registration_ids)).order_by()
    return set(scans.values_list(OWNER, flat=True).distinct())


def find_stays(events: Collection[Event]) -> dict[int, dict[int, Stay]]:
    """Return, by event and registration id, first arrival at the event's main checkpoints and last departure.

    The departure is None for attendees who came back in after it. Coach checkpoints do not count as an
    arrival. An event where nobody was scanned has an empty dict.
    """
    presences = (
        Presence.objects.filter(checkpoint__in=list_main_checkpoints(*events))
        # Clears the default ordering, whose columns would become part of GROUP BY and split the groups.
        .order_by()
        .values_list("event", "registration")
    )
    stays = presences.annotate(
        first_entry=Min("first_entered_at"), last_entry=Max("last_entered_at"), last_exit=Max("last_left_at")
    )
    stays_by_event: dict[int, dict[int, Stay]] = {event.pk: {} for event in events}
    for event_id, pk, first_entry, last_entry, last_exit in stays:
        if first_entry is not None:
            # Maxima over several entrances: who left by one and came back by another is present.
            departure = last_exit if last_exit and last_exit >= last_entry else None
            stays_by_event[event_id][pk] = (first_entry, departure)
    return stays_by_event


def create_entrance(event: Event) -> None:
    """Give a new convention the checkpoint at its entrance."""
    if event.kind == Event.Kind.CONVENTION:
        get_or_create_entrance(event)


def copy_checkpoints(event_copy: EventCopy) -> None:
    """Copy an event's checkpoints, but for those of its sessions and coaches, which are not copied."""
    checkpoints = list(Checkpoint.objects.filter(event=event_copy.source, session=None, ride=None))
    # `counts_as` and `addon` are set below: the checkpoint that a copy counts as may be copied after it.
    event_copy.copy_rows(checkpoints, moments=("opens_at", "closes_at"), counts_as_id=None, addon_id=None)
    event_copy.copy_links(checkpoints, "tickets", Ticket)
    for checkpoint in checkpoints:
        copied = event_copy.find_copy(Checkpoint, checkpoint.pk)
        copied.counts_as = event_copy.find_copy(Checkpoint, checkpoint.counts_as_id)
        copied.addon = event_copy.find_copy(Addon, checkpoint.addon_id)
        if copied.counts_as or copied.addon:
            copied.save(update_fields=["counts_as", "addon"])


def list_scan_obstacles(event: Event) -> list[str]:
    """Return why a draft cannot be deleted: scans are never deleted with it."""
    return [_("Badges have been scanned.")] if Scan.objects.filter(event=event).exists() else []
