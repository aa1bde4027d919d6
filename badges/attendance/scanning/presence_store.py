"""Load scans for presence.py, find and write presences, and rebuild all presences of an event."""

import datetime
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from convention.db.raw_sql import insert_rows
from registrations.models import Registration

from .numbering import invalidate_cursors
from .presence import ENTRY_LIFETIME, CountedScan, PresenceState, compute_presence
from .sql import PRESENCE_COLUMNS, PRESENCE_UPDATES, STATE_COLUMN_NAMES, STATE_COLUMNS
from .verdict import COUNTED_VERDICTS

if TYPE_CHECKING:
    from convention.events.models import Event

MAX_ROWS_PER_INSERT = 10_000

# Ids of a registration and of the checkpoint at which its scans count.
type PresenceKey = tuple[int, int]

# The registration that a scan counts for: the survivor of a merged one. One level suffices, since merging a
# survivor again moves all earlier merges to the new one.
OWNER = Coalesce("registration__merged_into", "registration")

# Scans from before a transfer are of the former attendee, who is not counted any more. One of that very
# moment is not: entries of a desk whose clock was implausible all get the time of their delivery.
OF_CURRENT_ATTENDEE = (
    Q(registration__transferred_at__isnull=True) | Q(effective_at__gte=F("registration__transferred_at"))
) & (
    Q(registration__merged_into__transferred_at__isnull=True)
    | Q(effective_at__gte=F("registration__merged_into__transferred_at"))
)

UPDATE_ON_CONFLICT = f"ON CONFLICT (checkpoint_id, registration_id) DO UPDATE SET {PRESENCE_UPDATES}"


@transaction.atomic
def rebuild_presence(*, event: "Event") -> int:
    """Recompute all presences of the event from its scans; return how many there are.

    The result equals the one computed scan by scan. Call it after `counts_as` of a checkpoint was changed.
    Meanwhile new scans wait for the locks on the registrations.
    """
    registrations = Registration.objects.filter(event=event).order_by("pk")
    # Scans lock their registration too, so none is recorded between reading and writing.
    list(registrations.select_for_update(no_key=True).values_list("pk"))
    histories: dict[PresenceKey, list[CountedScan]] = defaultdict(list)
    for registration, checkpoint, counted_scan in iterate_counted_scans(
        Scan.objects.filter(checkpoint__event=event)
    ):
        histories[registration, checkpoint].append(counted_scan)
    # Deleted rather than updated: checkpoints that now count as another one must keep no presences.
    Presence.objects.filter(event=event).delete()
    now = timezone.now()
    save_presences(event.pk, {key: compute_presence(history) for key, history in histories.items()}, at=now)
    # Devices fetch changes only and cannot notice deleted rows: make them load everything.
    invalidate_cursors(event.pk)
    return len(histories)


def forget_former_attendee(registration: Registration) -> None:
    """Recompute the presences of a locked registration from the scans after its unsaved `transferred_at`."""
    transferred_at = registration.transferred_at
    assert transferred_at is not None, "called within a transfer"
    checkpoints = Presence.objects.filter(registration=registration).values_list("checkpoint", flat=True)
    histories = load_scan_histories([(registration.pk, checkpoint) for checkpoint in checkpoints])
    # A transfer made at a desk without network may be older than scans of the new attendee. Presences are
    # reset, not deleted: devices fetch changed rows and cannot notice that one was deleted.
    states = {
        key: compute_presence(each for each in history if each.at >= transferred_at)
        for key, history in histories.items()
    }
    save_presences(registration.event_id, states, at=timezone.now())


def load_presence_states(registrations: list[int], checkpoints: set[int]) -> dict[PresenceKey, PresenceState]:
    rows = Presence.objects.filter(registration__in=registrations, checkpoint__in=checkpoints).values_list(
        "registration_id", "checkpoint_id", *STATE_COLUMN_NAMES, F("last_checkpoint__name")
    )
    return {
        (registration, checkpoint): PresenceState(*values, gate or "")  # type: ignore[call-arg]  # mypy cannot count *values
        for registration, checkpoint, *values, gate in rows
    }


def load_scan_histories(keys: Iterable[PresenceKey]) -> dict[PresenceKey, list[CountedScan]]:
    """Return all counted scans for these keys, from the scans themselves."""
    histories: dict[PresenceKey, list[CountedScan]] = {key: [] for key in keys}
    if not histories:
        return histories
    checkpoints = {checkpoint for _registration, checkpoint in histories}
    registration_ids = {registration for registration, _checkpoint in histories}
    # Two IN conditions also match pairs that are not among `keys`; those are dropped below.
    scans = Scan.objects.filter(filter_by_registration(registration_ids))
    for registration, checkpoint, counted_scan in iterate_counted_scans(scans, checkpoints):
        if (registration, checkpoint) in histories:
            histories[registration, checkpoint].append(counted_scan)
    return histories


def filter_by_registration(
    registrations: Collection[Registration] | Collection[int] | QuerySet[Registration],
) -> Q:
    """Return a condition on scans: of these registrations (or ids), or of those merged into them."""
    return Q(registration__in=registrations) | Q(registration__merged_into__in=registrations)


def filter_by_checkpoint(*checkpoints: int) -> Q:
    """Return a condition on scans or devices: at one of these checkpoints (ids), or at a gate of one."""
    return Q(checkpoint__in=checkpoints) | Q(checkpoint__counts_as__in=checkpoints)


def filter_still_inside(*, at: datetime.datetime | None = None) -> Q:
    """Return a condition on presences: inside, and the entry has not expired at `at`."""
    since = (at or timezone.now()) - ENTRY_LIFETIME
    # `is_inside` alone would count yesterday's attendees who left unscanned; no job resets the column.
    return Q(is_inside=True, last_entered_at__gt=since)


def find_undos() -> QuerySet[Scan]:
    """Return, for an outer scan with its owner, the scans that take it back.

    Decided here and not when an undo arrives, since it may arrive before the scan that it names.
    """
    by_device = Q(device=OuterRef("device")) | Q(device__can_override=True)
    undos = Scan.objects.filter(by_device, event=OuterRef("event"), undoes=OuterRef("uid"), reason="undone")
    return undos.annotate(owner=OWNER).filter(owner=OuterRef("owner"))


def filter_counted_scans(scans: QuerySet[Scan]) -> QuerySet[Scan]:
    """Return the scans that count, with their `owner`: of attendees who passed, and not taken back."""
    return scans.annotate(owner=OWNER).filter(
        ~Exists(find_undos()),
        OF_CURRENT_ATTENDEE,
        let_in=True,
        verdict__in=COUNTED_VERDICTS,
        registration__isnull=False,
    )


def iterate_counted_scans(
    scans: QuerySet[Scan], checkpoints: set[int] | None = None
) -> Iterable[tuple[int, int, CountedScan]]:
    """Yield registration id, checkpoint id and scan of each scan that counts; at all checkpoints by default.

    Scans of a merged registration are yielded for its survivor.
    """
    rows = filter_counted_scans(scans)
    if checkpoints is not None:
        rows = rows.filter(filter_by_checkpoint(*checkpoints))
    fields = (
        "owner", "checkpoint_id", "checkpoint__counts_as_id", "effective_at", "device_id", "uid",
        "direction", "override_reason", "device__can_override", "resolution__kind",
        "checkpoint__name", "device_sequence",
    )  # fmt: skip
    for (
        registration,
        checkpoint,
        presence_checkpoint,
        *values,
        override,
        is_supervisor,
        resolution,
        gate,
        sequence,
    ) in rows.values_list(*fields).iterator(chunk_size=5000):
        yield (
            registration,
            presence_checkpoint or checkpoint,
            # As on arrival, a reason counts only from a supervisor's device (see ReceivedScan.has_override).
            CountedScan(
                *values,
                bool(override and is_supervisor),  # type: ignore[call-arg]  # mypy cannot count *values
                resolution or "",
                gate,
                sequence or 0,
                checkpoint,
            ),
        )


def make_presence_row(
    event_id: int, key: PresenceKey, state: PresenceState, *, at: datetime.datetime
) -> dict[str, Any]:
    """Return the columns of a presence that changed at `at`, by name."""
    registration, checkpoint = key
    row: dict[str, Any] = {name: getattr(state, name.removesuffix("_id")) for name in STATE_COLUMNS}
    return row | {
        "event_id": event_id,
        "checkpoint_id": checkpoint,
        "registration_id": registration,
        "changed_at": at,
    }


def save_presences(event_id: int, states: dict[PresenceKey, PresenceState], *, at: datetime.datetime) -> None:
    """Upsert these presences in order of their keys, so that two writers never deadlock."""
    # ON CONFLICT locks existing rows in the order in which they are inserted.
    rows = [make_presence_row(event_id, key, state, at=at) for key, state in sorted(states.items())]
    # A rebuild may have a million of them, which would be one parameter of half a gigabyte.
    for batch in itertools.batched(rows, MAX_ROWS_PER_INSERT, strict=False):
        insert_rows(Presence._meta.db_table, PRESENCE_COLUMNS, batch, suffix=UPDATE_ON_CONFLICT)
