"""Scans that came together, decided one after the other on what is known."""

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from .clock import effective, is_late, is_uncertain, stamp
from .ledger import Holder, Ledger, Pair, holder_of, passes_of, state_of
from .models import Checkpoint, Scan
from .presence import COUNTED, Meeting, Pass, State, has_lapsed, meet, meet_late, project, step
from .reading import Reading
from .verdict import REFUSED, Facts, Verdict, decide

NOT_OF_THIS_EVENT = _("“checkpoint” is not of this event.")
ID_REUSED = _("This id is that of another scan.")
NOT_A_SUPERVISOR = _("Only a supervisor’s device may override; the reason is kept.")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item; `as_json` is what the API says of it."""

    id: Any
    verdict: str
    reason: str = ""
    holder: Holder | None = None
    meeting: Meeting | None = None
    replayed: bool = False
    detail: str = ""

    def as_json(self, zone: datetime.tzinfo) -> dict[str, Any]:
        """The result in the shape of reading.py's docstring, its times in the event's zone."""
        entered = self.meeting.read_at if self.meeting and self.meeting.is_inside else None
        return {
            "id": self.id if isinstance(self.id, str) else None,
            "verdict": self.verdict,
            "reason": self.reason,
            "name": self.holder.name if self.holder else "",
            "company": self.holder.company if self.holder else "",
            "ticket": self.holder.ticket if self.holder else "",
            "entered_at": entered.astimezone(zone).isoformat() if entered else None,
            "gate": self.meeting.gate if entered and self.meeting else "",
            "replayed": self.replayed,
            "detail": self.detail,
        }


class Batch:
    """The scans that came together, decided one after the other on what is known."""

    def __init__(self, ledger: Ledger, now: datetime.datetime) -> None:
        self.ledger = ledger
        self.now = now
        self.scans: list[dict[str, Any]] = []
        self.changed: set[Pair] = set()
        self.overridden: list[tuple[int, Reading]] = []
        self.answered: set[Any] = set()

    def load_late(self, readings: list[Reading], doors: dict[int | str | None, Checkpoint]) -> None:
        """Read the whole story of those whose scan comes after a later one."""
        late = set()
        for reading in readings:
            holder = self.ledger.holder(reading)
            if holder is None:
                continue
            pair = (holder.pk, doors[reading.checkpoint].door_id)
            latest = state_of(pair, self.ledger).latest_at
            if latest is not None and effective(reading, self.now) <= latest:
                late.add(pair)
        self.ledger.passes = passes_of(late)

    def decide(self, reading: Reading, door: Checkpoint, one: Pass) -> Result:
        """Decide one scan that is new, and note what is to be stored."""
        holder = self.ledger.holder(reading)
        pair = (holder.pk if holder else 0, door.door_id)
        story = self.ledger.passes.get(pair)
        state = state_of(pair, self.ledger)
        meeting = meet(state, one.device) if story is None else meet_late(story, one)
        facts = self.facts(reading, door, one, meeting)
        verdict = decide(facts)
        if holder and facts.has_override and verdict != decide(without_override(facts)):
            self.overridden.append((holder.pk, reading))
        self.scans.append(row_of(self.ledger, reading, door, verdict, self.now))
        if holder and verdict.verdict in COUNTED:
            self.count(pair, one)
        refused = reading.override_reason and reading.direction == "in" and not facts.has_override
        detail = str(NOT_A_SUPERVISOR) if refused else ""
        return Result(reading.given_id, verdict.verdict, verdict.reason, holder, meeting, detail=detail)

    def facts(self, reading: Reading, door: Checkpoint, one: Pass, meeting: Meeting) -> Facts:
        """What the rules look at."""
        holder = self.ledger.holder(reading)
        code = self.ledger.codes.get(reading.code)
        return Facts(
            reading=code.reading if code else "lookup",
            registration=holder.state if holder else "unknown",
            is_current=not (code and code.claim and holder) or code.claim.generation == holder.generation,
            booking=self.ledger.booking(door, holder),
            direction=reading.direction,
            at=stamp(one.at) or 0,
            opens_at=stamp(door.opens_at),
            closes_at=stamp(door.closes_at),
            places_left=self.ledger.places.get(door.door_id),
            is_inside=meeting.is_inside,
            is_same_device=meeting.is_same_device,
            last_read_at=stamp(meeting.read_at),
            local_verdict=reading.local_verdict,
            is_late=is_late(reading, self.now),
            has_override=is_overridden(self.ledger, reading),
        )

    def count(self, pair: Pair, one: Pass) -> None:
        """Bring the presence up to date: one step on, or folded anew for a late scan."""
        before, story = state_of(pair, self.ledger), self.ledger.passes.get(pair)
        if story is None:
            after = step(before, one)
        else:
            story.append(one)
            after = project(story)
        self.ledger.states[pair] = after
        self.changed.add(pair)
        if pair[1] in self.ledger.places:
            self.ledger.places[pair[1]] -= is_counted(after, one.at) - is_counted(before, one.at)

    def answer(self, reading: Reading, first: Reading | None, decided: dict[Any, Result]) -> Result:
        """The result of one item as sent: decided now, stored before, or sent twice."""
        stored = self.ledger.stored.get(reading.uid)
        if first is None:
            return Result(reading.given_id, REFUSED, "invalid", detail=str(NOT_OF_THIS_EVENT))
        earlier = stored.payload_hash if stored else first.payload_hash()
        if reading.payload_hash() != earlier:
            return Result(reading.given_id, REFUSED, "id_reused", detail=str(ID_REUSED))
        if stored:
            return replay(reading, stored)
        result = decided[reading.uid]
        again = reading.uid in self.answered
        self.answered.add(reading.uid)
        return dataclasses.replace(result, replayed=again)


def is_overridden(ledger: Ledger, reading: Reading) -> bool:
    """Whether a supervisor gave a reason; from any other device a reason is kept, and changes nothing."""
    return bool(reading.override_reason) and ledger.device.may_override


def without_override(facts: Facts) -> Facts:
    """The same, had no supervisor given a reason."""
    return dataclasses.replace(facts, has_override=False)


def pass_of(ledger: Ledger, reading: Reading, door: Checkpoint, now: datetime.datetime) -> Pass:
    """The scan as the projection sees it."""
    return Pass(
        effective(reading, now),
        ledger.device.pk,
        reading.uid,
        reading.direction,
        reading.local_verdict,
        is_explained=is_overridden(ledger, reading),
        gate=door.name,
        sequence=reading.sequence or 0,
    )


def row_of(
    ledger: Ledger, reading: Reading, door: Checkpoint, verdict: Verdict, now: datetime.datetime
) -> dict[str, Any]:
    """The scan as it is kept for good, by the names of its columns."""
    holder = ledger.holder(reading)
    return {
        "uid": reading.uid,
        "device_id": ledger.device.pk,
        "event_id": ledger.device.event_id,
        "checkpoint_id": door.pk,
        "registration_id": holder.pk if holder else None,
        "code_hash": reading.code_hash(),
        "payload_hash": reading.payload_hash(),
        "direction": reading.direction,
        "scanned_at": reading.at,
        "received_at": now,
        "effective_at": effective(reading, now),
        "is_uncertain": is_uncertain(reading, now),
        "is_offline": is_late(reading, now),
        "clock_offset_ms": reading.clock_offset_ms,
        "device_sequence": reading.sequence,
        "snapshot": reading.snapshot,
        "local_verdict": reading.local_verdict,
        "operator": reading.operator,
        "override_reason": reading.override_reason,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
    }


def replay(reading: Reading, stored: Scan) -> Result:
    """The result that was given before."""
    return Result(
        reading.given_id, stored.verdict, stored.reason, holder_of(stored.registration), replayed=True
    )


def is_counted(state: State, at: datetime.datetime) -> bool:
    """Whether this presence takes a place at its door."""
    return state.is_inside and not has_lapsed(state, at)
