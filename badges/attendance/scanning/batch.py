"""Decide the scans of one request, one after the other, on the state loaded by batch_state.py."""

import dataclasses
import datetime
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from badges.attendance.models import Device, Scan

from .batch_state import UNDONE, BatchState, ScannedHolder, get_presence_state, make_holder
from .inputs.received_scan import ReceivedScan
from .lookup.attendees import FoundAttendee
from .occupancy import CheckpointHistories, count_most_inside, find_next_exit, load_checkpoint_histories
from .presence import (
    CountedScan,
    PresenceState,
    PriorState,
    apply_scan,
    compute_presence,
    find_prior_state,
    find_prior_state_among,
    has_entry_expired,
)
from .presence_store import PresenceKey, load_scan_histories
from .scan_input import ScanInput, to_milliseconds
from .verdict import COUNTED_VERDICTS, REFUSED, ScanFacts, Verdict, decide_verdict, resolve_let_in

CHECKPOINT_OF_OTHER_EVENT = _("“checkpoint” does not belong to this event.")
ID_REUSED = _("This id belongs to another scan.")
UNDO_ALLOWED, UNDO_NOT_ALLOWED = "allowed", "not_allowed"
UNDO_REFUSED = _("Only the device that made the scan, or a supervisor’s, can undo it, with the same badge.")
DEVICE_REVOKED = _("This scan was made after its device was revoked or had expired.")
NOT_ENTITLED = _("This ticket does not include “%(name)s”.")
OVERRIDE_NOT_ALLOWED = _("Only a supervisor’s device can override; the reason is logged.")


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The outcome of one item."""

    sent_id: Any
    verdict: str
    reason: str = ""
    holder: ScannedHolder | None = None
    prior_state: PriorState | None = None
    is_replayed: bool = False
    detail: str = ""
    # Only with a typed short code, by which the device cannot decrypt the record.
    attendee: FoundAttendee | None = None
    # Only with a conflict: the desk recorded the entry that this scan contradicts.
    is_desk_entry: bool = False

    @property
    def echoed_id(self) -> str | None:
        """Return the id as sent; None if it was not a text."""
        return self.sent_id if isinstance(self.sent_id, str) else None

    @property
    def name(self) -> str:
        return self.holder.name if self.holder else ""

    @property
    def company(self) -> str:
        return self.holder.company if self.holder else ""

    @property
    def ticket(self) -> str:
        return self.holder.ticket if self.holder else ""

    @property
    def entered_at(self) -> datetime.datetime | None:
        """Return when the attendee entered who was inside before this scan."""
        return self.prior_state.entered_at if self.prior_state and self.prior_state.is_inside else None

    @property
    def gate(self) -> str:
        """Return where they entered."""
        return self.prior_state.gate_name if self.entered_at and self.prior_state else ""


class ScanBatch:
    """A run over the scans of one request that decides them in order and collects the rows to write."""

    def __init__(self, batch_state: BatchState, now: datetime.datetime) -> None:
        self.batch_state = batch_state
        self.now = now
        self.scan_rows: list[dict[str, Any]] = []
        self.changed_presences: set[PresenceKey] = set()
        self.override_scans: list[tuple[int, ScanInput]] = []
        self.answered_ids: set[Any] = set()
        self.undo_statuses: dict[uuid.UUID, str] = {}
        self.undone_uids: set[uuid.UUID] = set()
        self.scan_histories: dict[PresenceKey, list[CountedScan]] = {}
        self.checkpoint_histories: dict[int, CheckpointHistories] = {}
        self.exits: dict[PresenceKey, list[CountedScan]] = defaultdict(list)

    def decide_scans(self, received_scans: list[ReceivedScan]) -> dict[uuid.UUID, ScanResult]:
        """Decide new scans in order of their times; return the results by id."""
        self.find_undone_scans(received_scans)
        self.load_histories(received_scans)
        pairs = [(make_counted_scan(received), received) for received in received_scans]
        self.collect_exits(pairs)
        return {
            received.uid: self.decide_scan(received, counted_scan)
            # A batch from an offline phone arrives in any order, but a verdict depends on the scans before.
            for counted_scan, received in sorted(pairs, key=lambda pair: pair[0].sort_key)
        }

    def collect_exits(self, pairs: list[tuple[CountedScan, ReceivedScan]]) -> None:
        """Note the exits of this batch: an entry that is decided before its exit takes no place after it."""
        for counted_scan, received in pairs:
            holder = self.find_holder(received)
            if holder and counted_scan.direction == "out" and received.scan_input.let_in is not False:
                self.exits[holder.pk, received.checkpoint.presence_checkpoint_id].append(counted_scan)

    def find_undone_scans(self, received_scans: list[ReceivedScan]) -> None:
        """Find which of these scans are taken back, by stored undos or by undos in this batch."""
        by_uid = {received.uid: received for received in received_scans}
        for undo in received_scans:
            if undo.scan_input.undoes:
                self.undo_statuses[undo.uid] = self.judge_undo(undo, by_uid.get(undo.scan_input.undoes))
        allowed = [by_uid[uid] for uid, status in self.undo_statuses.items() if status == UNDO_ALLOWED]
        self.undone_uids = {undo.scan_input.undoes for undo in allowed if undo.scan_input.undoes}
        for stored_undo in self.batch_state.stored_undos:
            target = stored_undo.undoes and by_uid.get(stored_undo.undoes)
            if target and self.is_taken_back_by(stored_undo, target):
                self.undone_uids.add(target.uid)

    def judge_undo(self, undo: ReceivedScan, new_target: ReceivedScan | None) -> str:
        """Return the `undo` fact of a scan that takes back another one."""
        stored_target = self.batch_state.stored_scans.get(undo.scan_input.undoes or undo.uid)
        if stored_target:
            is_scan = stored_target.undoes is None
            is_own = stored_target.device_id == undo.device.pk
            is_same_badge = self.has_same_holder(stored_target, undo)
        elif new_target:
            is_scan = new_target.scan_input.undoes is None
            is_own = new_target.device.pk == undo.device.pk
            is_same_badge = self.find_holder(new_target) == self.find_holder(undo)
        else:
            # Judged again when the scan arrives (see presence_store.find_undos).
            return UNDO_ALLOWED
        is_allowed = is_scan and is_same_badge and (is_own or undo.device.can_override)
        return UNDO_ALLOWED if is_allowed else UNDO_NOT_ALLOWED

    def is_taken_back_by(self, stored_undo: Scan, target: ReceivedScan) -> bool:
        """Return whether an undo that arrived before its scan is that scan's."""
        may_undo = stored_undo.device_id == target.device.pk or stored_undo.device.can_override
        return may_undo and self.has_same_holder(stored_undo, target)

    def has_same_holder(self, stored: Scan, received: ReceivedScan) -> bool:
        """Return whether a stored scan is of the same attendee; also if its badge was merged since."""
        holder, registration = self.find_holder(received), stored.registration
        if registration is None or holder is None:
            return stored.code_hash == received.scan_input.code_hash
        return holder.pk in (registration.pk, registration.merged_into_id)

    def find_holder(self, received: ReceivedScan) -> ScannedHolder | None:
        return self.batch_state.find_holder(received.scan_input)

    def load_histories(self, received_scans: list[ReceivedScan]) -> None:
        """Load all scans of the badges whose presence must be recomputed: out of order, or taken back."""
        keys = set()
        for received in received_scans:
            holder = self.find_holder(received)
            if holder is None:
                continue
            key = (holder.pk, received.checkpoint.presence_checkpoint_id)
            # Nearly all scans arrive in order, and need no history.
            latest = get_presence_state(key, self.batch_state).last_scan_at
            # Not `<`: the order of scans at the same instant follows from the sort key, not from arrival.
            if latest is not None and received.time.effective_at <= latest:
                keys.add(key)
            target = self.batch_state.stored_scans.get(received.scan_input.undoes or received.uid)
            if target and self.undo_statuses.get(received.uid) == UNDO_ALLOWED:
                keys.add((holder.pk, target.checkpoint.presence_checkpoint_id))
        histories = load_scan_histories(keys)
        self.scan_histories = {key: self.drop_undone(history) for key, history in histories.items()}

    def drop_undone(self, history: list[CountedScan]) -> list[CountedScan]:
        return [counted_scan for counted_scan in history if counted_scan.uid not in self.undone_uids]

    def decide_scan(self, received: ReceivedScan, counted_scan: CountedScan) -> ScanResult:
        """Decide one new scan and add the rows to store to the batch."""
        scan_input, holder = received.scan_input, self.find_holder(received)
        # No registration has id 0, so a scan of an unknown badge gets the state "never scanned".
        key = (holder.pk if holder else 0, received.checkpoint.presence_checkpoint_id)
        is_own = holder is None or holder.held_place_at(counted_scan.at)
        # Another person held the place before: what that person did is no conflict with the holder's entries.
        prior_state = self.find_prior_state(key, counted_scan) if is_own else PriorState()
        facts = self.collect_facts(received, prior_state)
        verdict = decide_verdict(facts)
        # Audited only where the override changed the verdict.
        if holder and facts.has_override and verdict != decide_verdict(remove_override(facts)):
            self.override_scans.append((holder.pk, scan_input))
        row = make_scan_row(received, holder, verdict) | {
            "let_in": resolve_let_in(facts, verdict),
            "delivered_by_id": self.find_deliverer(received),
        }
        self.scan_rows.append(row)
        if holder and verdict.reason == UNDONE:
            self.apply_undo(received, holder)
        elif holder and is_own and row["let_in"] and verdict.verdict in COUNTED_VERDICTS:
            self.count_scan(key, counted_scan)
        return ScanResult(
            scan_input.sent_id, verdict.verdict, verdict.reason, holder, prior_state,
            detail=describe_refusal(received, facts, verdict),
            is_desk_entry=verdict.reason == "conflict" and was_recorded_at_desk(prior_state),
        )  # fmt: skip

    def find_prior_state(self, key: PresenceKey, counted_scan: CountedScan) -> PriorState:
        history = self.scan_histories.get(key)
        if history is None:
            return find_prior_state(get_presence_state(key, self.batch_state), counted_scan.device_id)
        return find_prior_state_among(history, counted_scan)

    def find_deliverer(self, received: ReceivedScan) -> int | None:
        """Return the id of the delivering device, None where the scan's own device delivers it."""
        return None if received.device.pk == self.batch_state.device.pk else self.batch_state.device.pk

    def collect_facts(self, received: ReceivedScan, prior_state: PriorState) -> ScanFacts:
        """Return the facts that verdict.py decides on."""
        scan_input, checkpoint = received.scan_input, received.checkpoint
        holder = self.find_holder(received)
        code = self.batch_state.checked_codes.get(scan_input.code)
        return ScanFacts(
            is_device_revoked=not self.batch_state.was_valid(received),
            code_status=code.code_status if code else "lookup",
            registration_state=holder.state if holder else "unknown",
            # Only a readable code of a known holder can be outdated; "lookup" and "unknown" count as current.
            is_current=not (code and code.claim and holder)
            or code.claim.badge_version == holder.badge_version,
            entitlement=self.batch_state.find_entitlement(checkpoint, holder),
            direction=scan_input.direction,
            # The facts are plain milliseconds, since verdict.js computes with the same numbers.
            at=to_milliseconds(received.time.effective_at) or 0,
            opens_at=to_milliseconds(checkpoint.opens_at),
            closes_at=to_milliseconds(checkpoint.closes_at),
            is_strict=checkpoint.is_strict,
            places_left=self.count_places_left(received),
            is_inside=prior_state.is_inside,
            is_same_device=prior_state.is_same_device,
            last_read_at=to_milliseconds(prior_state.entered_at),
            local_verdict=scan_input.local_verdict,
            let_in=scan_input.let_in,
            is_late=received.time.is_late,
            has_override=received.has_override,
            undo=self.undo_statuses.get(received.uid, ""),
        )

    def count_places_left(self, received: ReceivedScan) -> int | None:
        """Return the places left for this scan; None without a capacity."""
        checkpoint = received.checkpoint.presence_checkpoint_id
        places_left = self.batch_state.places_left.get(checkpoint)
        if places_left is None:
            return None
        # An attendee who passed takes a place in any case: full is only what is full without any leases.
        if received.scan_input.let_in:
            return (
                self.count_places_left_for_stay(received, checkpoint)
                if received.time.is_late
                else places_left
            )
        return places_left - self.batch_state.leases.count_elsewhere(checkpoint, received.device.pk)

    def count_places_left_for_stay(self, received: ReceivedScan, checkpoint: int) -> int:
        """Return the fewest places left between a late entry and its exit, by the scans known so far."""
        since, holder = received.time.effective_at, self.find_holder(received)
        if checkpoint not in self.checkpoint_histories:
            # From the first late entry of the batch on; scans are decided in order of their times.
            stored = load_checkpoint_histories(checkpoint, since=since)
            self.checkpoint_histories[checkpoint] = {
                pk: self.drop_undone(history) for pk, history in stored.items()
            }
        histories = self.checkpoint_histories[checkpoint]
        own = histories.get(holder.pk, []) if holder else []
        exits = own + (self.exits.get((holder.pk, checkpoint), []) if holder else [])
        others = {pk: history for pk, history in histories.items() if not holder or pk != holder.pk}
        until = find_next_exit(exits, after=since)
        return self.batch_state.capacities[checkpoint] - count_most_inside(others, since=since, until=until)

    def apply_undo(self, undo: ReceivedScan, holder: ScannedHolder) -> None:
        """Recompute the presence for which the undone scan counted, if that scan is stored already."""
        target = self.batch_state.stored_scans.get(undo.scan_input.undoes or undo.uid)
        if target is None:
            return
        key = (holder.pk, target.checkpoint.presence_checkpoint_id)
        was_inside = get_presence_state(key, self.batch_state).is_inside
        after = compute_presence(self.scan_histories[key])
        self.change_presence(key, after, undo.time.effective_at)
        # An undone exit takes the place again that the exit had given to this device.
        if after.is_inside and not was_inside:
            self.batch_state.leases.spend(key[1], undo.device.pk)

    def count_scan(self, key: PresenceKey, counted_scan: CountedScan) -> None:
        """Apply the scan to its presence; recompute that from all scans if this one is out of order."""
        # Taken back already: its undo arrived earlier, or in this batch.
        if counted_scan.uid in self.undone_uids:
            return
        before, history = get_presence_state(key, self.batch_state), self.scan_histories.get(key)
        if history is None:
            after = apply_scan(before, counted_scan)
        else:
            history.append(counted_scan)
            after = compute_presence(history)
        self.change_presence(key, after, counted_scan.at)
        if key[1] in self.checkpoint_histories:
            self.checkpoint_histories[key[1]].setdefault(key[0], []).append(counted_scan)
        if counted_scan.direction == "in":
            self.batch_state.leases.spend(key[1], counted_scan.device_id)

    def change_presence(self, key: PresenceKey, after: PresenceState, at: datetime.datetime) -> None:
        """Set the state that later scans of this batch are decided on; `save_batch` writes it."""
        before = get_presence_state(key, self.batch_state)
        self.batch_state.presence_states[key] = after
        self.changed_presences.add(key)
        if key[1] in self.batch_state.places_left:
            # Counted by difference, since a repeated read takes no second place and an exit gives one back.
            self.batch_state.places_left[key[1]] -= occupies_place(after, at) - occupies_place(before, at)

    def build_result(
        self, scan_input: ScanInput, first_input: ScanInput | None, results: dict[uuid.UUID, ScanResult]
    ) -> ScanResult:
        """Return the result of one item: decided now, stored before, or sent twice in this request."""
        stored = self.batch_state.stored_scans.get(scan_input.uid)
        # decide_and_save left this scan out, because its checkpoint is not of this event; nothing was stored.
        if first_input is None:
            return ScanResult(scan_input.sent_id, REFUSED, "invalid", detail=str(CHECKPOINT_OF_OTHER_EVENT))
        # A device that reuses an id for another scan would lose that scan if it were taken for a repetition.
        earlier = stored.payload_hash if stored else first_input.payload_hash
        if scan_input.payload_hash != earlier:
            return ScanResult(scan_input.sent_id, REFUSED, "id_reused", detail=str(ID_REUSED))
        if stored:
            return replay_result(scan_input, stored)
        # The same scan twice in one request: the first is its result, further ones are replays of it.
        result = results[scan_input.uid]
        if scan_input.uid in self.answered_ids:
            return dataclasses.replace(result, is_replayed=True)
        self.answered_ids.add(scan_input.uid)
        return result


def was_recorded_at_desk(prior_state: PriorState) -> bool:
    # A query of its own, since conflicts are rare and the usual scan should not pay for them.
    device = prior_state.device_id
    return device is not None and Device.objects.filter(pk=device, is_desk=True).exists()


def remove_override(facts: ScanFacts) -> ScanFacts:
    return dataclasses.replace(facts, has_override=False)


def describe_refusal(received: ReceivedScan, facts: ScanFacts, verdict: Verdict) -> str:
    """Return a sentence for verdicts whose reason needs an explanation, "" for all others."""
    if verdict.reason == UNDO_NOT_ALLOWED:
        return str(UNDO_REFUSED)
    if verdict.reason == "revoked_device":
        return str(DEVICE_REVOKED)
    if verdict.reason == "not_entitled":
        return str(NOT_ENTITLED % {"name": received.checkpoint.name})
    # Exits are never refused, so an override reason with one needs no explanation.
    is_ignored = received.scan_input.override_reason and facts.direction == "in" and not facts.has_override
    return str(OVERRIDE_NOT_ALLOWED) if is_ignored else ""


def make_counted_scan(received: ReceivedScan) -> CountedScan:
    return CountedScan(
        received.time.effective_at,
        received.device.pk,
        received.uid,
        received.scan_input.direction,
        has_override=received.has_override,
        gate_name=received.checkpoint.name,
        device_sequence=received.scan_input.device_sequence or 0,
        checkpoint_id=received.checkpoint.pk,
    )


def make_scan_row(received: ReceivedScan, holder: ScannedHolder | None, verdict: Verdict) -> dict[str, Any]:
    """Return the columns that follow from the scan and its verdict, by name."""
    scan_input, time = received.scan_input, received.time
    return {
        "uid": scan_input.uid,
        "device_id": received.device.pk,
        "event_id": received.device.event_id,
        "checkpoint_id": received.checkpoint.pk,
        "registration_id": holder.pk if holder else None,
        # A stored code could be printed as a badge, and foreign codes may hold anything about their owner.
        "code_hash": scan_input.code_hash,
        "payload_hash": scan_input.payload_hash,
        "direction": scan_input.direction,
        "scanned_at": scan_input.scanned_at,
        "received_at": time.received_at,
        # Stored although it follows from other columns: indexes and lists are ordered by it.
        "effective_at": time.effective_at,
        "is_time_uncertain": time.is_uncertain,
        "is_offline": time.is_late,
        "clock_offset_ms": scan_input.clock_offset_ms,
        "device_sequence": scan_input.device_sequence,
        "snapshot": scan_input.snapshot_sequence,
        "local_verdict": scan_input.local_verdict,
        "operator": scan_input.operator,
        "override_reason": scan_input.override_reason,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "undoes": scan_input.undoes,
    }


def replay_result(scan_input: ScanInput, stored: Scan) -> ScanResult:
    """Return the result that was given when this scan was first sent."""
    return ScanResult(
        # Without the prior state, which is not stored.
        scan_input.sent_id,
        stored.verdict,
        stored.reason,
        make_holder(stored.registration),
        is_replayed=True,
    )


def occupies_place(state: PresenceState, at: datetime.datetime) -> bool:
    """Return whether this presence counts against the checkpoint's capacity at `at`."""
    return state.is_inside and not has_entry_expired(state, at)
