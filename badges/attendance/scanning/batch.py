"""Decide the scans of one request, one after the other, on the state loaded by batch_state.py."""

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from badges.attendance.models import Checkpoint, Scan

from .batch_state import BatchState, ScannedHolder, get_presence_state, make_holder
from .presence import (
    COUNTED_VERDICTS,
    CountedScan,
    PresenceState,
    PriorState,
    apply_scan,
    compute_presence,
    find_prior_state,
    find_prior_state_of_late_scan,
    has_entry_expired,
)
from .presence_store import PresenceKey, load_scan_histories
from .scan_input import ScanInput, effective_time, has_uncertain_time, is_late_scan, to_milliseconds
from .verdict import REFUSED, ScanFacts, Verdict, decide_verdict

CHECKPOINT_OF_OTHER_EVENT = _("“checkpoint” does not belong to this event.")
ID_REUSED = _("This id belongs to another scan.")
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
        return self.prior_state.read_at if self.prior_state and self.prior_state.is_inside else None

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

    def load_late_histories(
        self, scan_inputs: list[ScanInput], checkpoints: dict[int | str | None, Checkpoint]
    ) -> None:
        """Load all scans of the badges whose scan is older than their latest one."""
        late = set()
        for scan_input in scan_inputs:
            holder = self.batch_state.find_holder(scan_input)
            if holder is None:
                continue
            key = (holder.pk, checkpoints[scan_input.checkpoint].presence_checkpoint_id)
            # Nearly all scans arrive in order, and need no history: it is loaded only for presences that must
            # be recomputed.
            latest = get_presence_state(key, self.batch_state).last_scan_at
            # Not `<`: the order of scans at the same instant follows from the sort key, not from arrival.
            if latest is not None and effective_time(scan_input, self.now) <= latest:
                late.add(key)
        self.batch_state.scan_histories = load_scan_histories(late)

    def decide_scan(
        self, scan_input: ScanInput, checkpoint: Checkpoint, counted_scan: CountedScan
    ) -> ScanResult:
        """Decide one new scan and add the rows to store to the batch."""
        holder = self.batch_state.find_holder(scan_input)
        # No registration has id 0, so a scan of an unknown badge meets the state "never scanned".
        key = (holder.pk if holder else 0, checkpoint.presence_checkpoint_id)
        history = self.batch_state.scan_histories.get(key)
        state = get_presence_state(key, self.batch_state)
        prior_state = (
            find_prior_state(state, counted_scan.device_id)
            if history is None
            else find_prior_state_of_late_scan(history, counted_scan)
        )
        facts = self.collect_facts(scan_input, checkpoint, counted_scan, prior_state)
        verdict = decide_verdict(facts)
        # Audited only where the override changed the verdict.
        if holder and facts.has_override and verdict != decide_verdict(without_override(facts)):
            self.override_scans.append((holder.pk, scan_input))
        self.scan_rows.append(make_scan_row(self.batch_state, scan_input, checkpoint, verdict, self.now))
        if holder and verdict.verdict in COUNTED_VERDICTS:
            self.update_presence(key, counted_scan)
        # Leaving is never refused, so there is nothing to override and nothing to explain.
        refused = scan_input.override_reason and scan_input.direction == "in" and not facts.has_override
        detail = str(OVERRIDE_NOT_ALLOWED) if refused else ""
        return ScanResult(
            scan_input.sent_id, verdict.verdict, verdict.reason, holder, prior_state, detail=detail
        )

    def collect_facts(
        self,
        scan_input: ScanInput,
        checkpoint: Checkpoint,
        counted_scan: CountedScan,
        prior_state: PriorState,
    ) -> ScanFacts:
        """Return the facts that verdict.py decides on."""
        holder = self.batch_state.find_holder(scan_input)
        code = self.batch_state.checked_codes.get(scan_input.code)
        return ScanFacts(
            code_status=code.code_status if code else "lookup",
            registration_state=holder.state if holder else "unknown",
            # Only a readable code of a known holder can be outdated; "lookup" and "unknown" count as current.
            is_current=not (code and code.claim and holder)
            or code.claim.badge_version == holder.badge_version,
            booking_status=self.batch_state.booking_status(checkpoint, holder),
            direction=scan_input.direction,
            # The facts are plain milliseconds, since verdict.js computes with the same numbers.
            at=to_milliseconds(counted_scan.at) or 0,
            opens_at=to_milliseconds(checkpoint.opens_at),
            closes_at=to_milliseconds(checkpoint.closes_at),
            places_left=self.batch_state.places_left.get(checkpoint.presence_checkpoint_id),
            is_inside=prior_state.is_inside,
            is_same_device=prior_state.is_same_device,
            last_read_at=to_milliseconds(prior_state.read_at),
            local_verdict=scan_input.local_verdict,
            is_late=is_late_scan(scan_input, self.now),
            has_override=has_supervisor_override(self.batch_state, scan_input),
        )

    def update_presence(self, key: PresenceKey, counted_scan: CountedScan) -> None:
        """Apply the scan to its presence; recompute the presence from all scans if this one came late."""
        before, history = get_presence_state(key, self.batch_state), self.batch_state.scan_histories.get(key)
        if history is None:
            after = apply_scan(before, counted_scan)
        else:
            history.append(counted_scan)
            after = compute_presence(history)
        # The next scan of this batch must meet the state that this one leaves behind.
        self.batch_state.presence_states[key] = after
        self.changed_presences.add(key)
        if key[1] in self.batch_state.places_left:
            # Counted by difference, since a repeated read takes no second place and an exit gives one back.
            self.batch_state.places_left[key[1]] -= takes_place(after, counted_scan.at) - takes_place(
                before, counted_scan.at
            )

    def build_result(
        self, scan_input: ScanInput, first: ScanInput | None, decided: dict[Any, ScanResult]
    ) -> ScanResult:
        """Return the result of one item: decided now, stored before, or sent twice in this request."""
        stored = self.batch_state.stored_scans.get(scan_input.uid)
        # decide_and_save left this scan out, because its checkpoint is not of this event; nothing was stored.
        if first is None:
            return ScanResult(scan_input.sent_id, REFUSED, "invalid", detail=str(CHECKPOINT_OF_OTHER_EVENT))
        # A device that reuses an id for another scan would lose that scan if it were taken for a repetition.
        earlier = stored.payload_hash if stored else first.payload_hash()
        if scan_input.payload_hash() != earlier:
            return ScanResult(scan_input.sent_id, REFUSED, "id_reused", detail=str(ID_REUSED))
        if stored:
            return replay_result(scan_input, stored)
        # The same scan twice in one request: the first is its result, further ones are replays of it.
        result = decided[scan_input.uid]
        again = scan_input.uid in self.answered_ids
        self.answered_ids.add(scan_input.uid)
        return dataclasses.replace(result, is_replayed=again)


def has_supervisor_override(batch_state: BatchState, scan_input: ScanInput) -> bool:
    """Return whether a supervisor's device gave a reason.

    Other devices' reasons are stored but have no effect.
    """
    return bool(scan_input.override_reason) and batch_state.device.can_override


def without_override(facts: ScanFacts) -> ScanFacts:
    return dataclasses.replace(facts, has_override=False)


def make_counted_scan(
    batch_state: BatchState, scan_input: ScanInput, checkpoint: Checkpoint, now: datetime.datetime
) -> CountedScan:
    return CountedScan(
        effective_time(scan_input, now),
        batch_state.device.pk,
        scan_input.uid,
        scan_input.direction,
        scan_input.local_verdict,
        has_override=has_supervisor_override(batch_state, scan_input),
        gate_name=checkpoint.name,
        device_sequence=scan_input.device_sequence or 0,
    )


def make_scan_row(
    batch_state: BatchState,
    scan_input: ScanInput,
    checkpoint: Checkpoint,
    verdict: Verdict,
    now: datetime.datetime,
) -> dict[str, Any]:
    """Return the columns of the scan, by name."""
    holder = batch_state.find_holder(scan_input)
    return {
        "uid": scan_input.uid,
        "device_id": batch_state.device.pk,
        "event_id": batch_state.device.event_id,
        "checkpoint_id": checkpoint.pk,
        "registration_id": holder.pk if holder else None,
        # A stored code could be printed as a badge, and foreign codes may hold anything about their owner.
        "code_hash": scan_input.code_hash(),
        "payload_hash": scan_input.payload_hash(),
        "direction": scan_input.direction,
        "scanned_at": scan_input.scanned_at,
        "received_at": now,
        # Stored although it follows from other columns: indexes and lists are ordered by it.
        "effective_at": effective_time(scan_input, now),
        "is_time_uncertain": has_uncertain_time(scan_input, now),
        "is_offline": is_late_scan(scan_input, now),
        "clock_offset_ms": scan_input.clock_offset_ms,
        "device_sequence": scan_input.device_sequence,
        "snapshot": scan_input.snapshot_sequence,
        "local_verdict": scan_input.local_verdict,
        "operator": scan_input.operator,
        "override_reason": scan_input.override_reason,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
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


def takes_place(state: PresenceState, at: datetime.datetime) -> bool:
    """Return whether this presence counts against the checkpoint's capacity at `at`."""
    return state.is_inside and not has_entry_expired(state, at)
