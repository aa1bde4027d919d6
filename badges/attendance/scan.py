"""Take in what a device scanned: each item once, each stored, each answered."""

import dataclasses
import datetime
import logging
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError

from .ledger import Holder, Ledger, Pair, holder_of, load, passes_of, state_of, store
from .models import Checkpoint, Device, Scan
from .presence import COUNTED, Meeting, Pass, meet, meet_late, project, step
from .reading import InvalidReading, Reading, read
from .verdict import REFUSED, Facts, Verdict, decide

logger = logging.getLogger(__name__)

LATE = datetime.timedelta(seconds=20)
SKEW = datetime.timedelta(minutes=2)
MILLISECOND = datetime.timedelta(milliseconds=1)
TRIES = 5
SEEN_EVERY = datetime.timedelta(seconds=30)


class Unavailable(ConventionError):
    """The database could not take the scans now; the device keeps them and tries again."""

    kind = "unavailable"
    status = 503


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


def scan(*, device: Device, items: list[Any], at: datetime.datetime | None = None) -> list[Result]:
    """Take in a batch that arrived now; one result for each item, in order.

    Safe to call again with the same items. Raises Unavailable when the database is too busy.
    """
    now = at or timezone.now()
    results: list[Result | None] = []
    readings: list[tuple[int, Reading]] = []
    for item in items:
        try:
            readings.append((len(results), read(item)))
            results.append(None)
        except InvalidReading as error:
            given = item.get("id") if isinstance(item, dict) else None
            results.append(Result(given, REFUSED, "invalid", detail=str(error)))
    taken = take(device, [reading for _place, reading in readings], now)
    for (place, _reading), result in zip(readings, taken, strict=True):
        results[place] = result
    touch(device, now)
    return [result for result in results if result is not None]


def take(device: Device, readings: list[Reading], now: datetime.datetime) -> list[Result]:
    """Take in all, or, where one of them troubles the database, each for itself."""
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return decide_all(device, readings, now)
        except (IntegrityError, OperationalError):
            logger.info("Scans met others at the same moment; trying again.")
        except DataError:
            break
    if len(readings) > 1:
        return [take(device, [reading], now)[0] for reading in readings]
    raise Unavailable(_("The server is too busy to take this scan now. It stays on the device."))


def decide_all(device: Device, readings: list[Reading], now: datetime.datetime) -> list[Result]:
    """Decide in the order of effective time, store what is new, answer in the order sent."""
    if not readings:
        return []
    doors = find_doors(device, readings)
    placed = [reading for reading in readings if reading.checkpoint in doors]
    batch = Batch(load(device, {reading: doors[reading.checkpoint] for reading in placed}), now)
    first: dict[Any, Reading] = {}
    for reading in placed:
        first.setdefault(reading.uid, reading)
    fresh = [reading for reading in first.values() if reading.uid not in batch.ledger.stored]
    batch.load_late(fresh, doors)
    passes = [(batch.as_pass(reading, doors[reading.checkpoint]), reading) for reading in fresh]
    decided = {
        reading.uid: batch.decide(reading, doors[reading.checkpoint], one)
        for one, reading in sorted(passes, key=lambda pair: pair[0].order)
    }
    store(batch.ledger, batch.scans, batch.changed, at=now)
    return [batch.answer(reading, first.get(reading.uid), decided) for reading in readings]


def find_doors(device: Device, readings: list[Reading]) -> dict[int | str | None, Checkpoint]:
    """The checkpoints that the scans name, by id or name; the device's own where none is named."""
    found: dict[int | str | None, Checkpoint] = {None: device.checkpoint}
    if any(reading.checkpoint not in (None, device.checkpoint_id) for reading in readings):
        for door in Checkpoint.objects.filter(event=device.event_id):
            found |= {door.pk: door, door.name: door}
    return found | {device.checkpoint_id: device.checkpoint}


class Batch:
    """The scans that came together, decided one after the other on what is known."""

    def __init__(self, ledger: Ledger, now: datetime.datetime) -> None:
        self.ledger = ledger
        self.now = now
        self.scans: list[Scan] = []
        self.changed: set[Pair] = set()
        self.answered: set[Any] = set()

    def effective(self, reading: Reading) -> datetime.datetime:
        """When the badge was read by the server's clock; never after it was received."""
        offset = datetime.timedelta(milliseconds=reading.clock_offset_ms or 0)
        return min(reading.at + offset, self.now)

    def is_late(self, reading: Reading) -> bool:
        """Whether the person has long passed when the server hears of it."""
        return self.now - self.effective(reading) > LATE

    def is_uncertain(self, reading: Reading) -> bool:
        """Whether the device's clock cannot be trusted to two minutes."""
        if reading.clock_offset_ms is None or abs(reading.clock_offset_ms) > SKEW / MILLISECOND:
            return True
        return reading.at + reading.clock_offset_ms * MILLISECOND > self.now + SKEW

    def load_late(self, readings: list[Reading], doors: dict[int | str | None, Checkpoint]) -> None:
        """Read the whole story of those whose scan comes after a later one."""
        late = set()
        for reading in readings:
            holder = self.ledger.holder(reading)
            if holder is None:
                continue
            pair = (holder.pk, doors[reading.checkpoint].door_id)
            latest = state_of(pair, self.ledger).latest_at
            if latest is not None and self.effective(reading) <= latest:
                late.add(pair)
        self.ledger.passes = passes_of(late)

    def decide(self, reading: Reading, door: Checkpoint, one: Pass) -> Result:
        """Decide one scan that is new, and note what is to be stored."""
        holder = self.ledger.holder(reading)
        pair = (holder.pk if holder else 0, door.door_id)
        story = self.ledger.passes.get(pair)
        state = state_of(pair, self.ledger)
        meeting = meet(state, one.device) if story is None else meet_late(story, one)
        verdict = decide(self.facts(reading, door, meeting))
        self.scans.append(self.as_row(reading, door, verdict))
        if holder and verdict.verdict in COUNTED:
            self.count(pair, one)
        return Result(reading.given_id, verdict.verdict, verdict.reason, holder, meeting)

    def facts(self, reading: Reading, door: Checkpoint, meeting: Meeting) -> Facts:
        """What the rules look at."""
        holder = self.ledger.holder(reading)
        code = self.ledger.codes.get(reading.code)
        return Facts(
            reading=code.reading if code else "lookup",
            registration=holder.state if holder else "unknown",
            is_current=not (code and code.claim and holder) or code.claim.generation == holder.generation,
            direction=reading.direction,
            at=stamp(self.effective(reading)),
            opens_at=stamp(door.opens_at) if door.opens_at else None,
            closes_at=stamp(door.closes_at) if door.closes_at else None,
            places_left=self.ledger.places.get(door.door_id),
            is_inside=meeting.is_inside,
            is_same_device=meeting.is_same_device,
            last_read_at=stamp(meeting.read_at) if meeting.read_at else None,
            local_verdict=reading.local_verdict,
            is_late=self.is_late(reading),
            has_override=bool(reading.override_reason),
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
            self.ledger.places[pair[1]] -= after.is_inside - before.is_inside

    def as_pass(self, reading: Reading, door: Checkpoint) -> Pass:
        """The scan as the projection sees it."""
        return Pass(
            self.effective(reading),
            self.ledger.device.pk,
            reading.uid,
            reading.direction,
            reading.local_verdict,
            is_explained=bool(reading.override_reason),
            gate=door.name,
            sequence=reading.sequence or 0,
        )

    def as_row(self, reading: Reading, door: Checkpoint, verdict: Verdict) -> Scan:
        """The scan as it is kept for good."""
        holder = self.ledger.holder(reading)
        return Scan(
            uid=reading.uid,
            device=self.ledger.device,
            event_id=self.ledger.device.event_id,
            checkpoint=door,
            registration_id=holder.pk if holder else None,
            code_hash=reading.code_hash(),
            payload_hash=reading.payload_hash(),
            direction=reading.direction,
            scanned_at=reading.at,
            received_at=self.now,
            effective_at=self.effective(reading),
            is_uncertain=self.is_uncertain(reading),
            is_offline=self.is_late(reading),
            clock_offset_ms=reading.clock_offset_ms,
            device_sequence=reading.sequence,
            snapshot=reading.snapshot,
            local_verdict=reading.local_verdict,
            operator=reading.operator,
            override_reason=reading.override_reason,
            verdict=verdict.verdict,
            reason=verdict.reason,
        )

    def answer(self, reading: Reading, first: Reading | None, decided: dict[Any, Result]) -> Result:
        """The result of one item as sent: decided now, stored before, or sent twice."""
        stored = self.ledger.stored.get(reading.uid)
        if first is None:
            return Result(reading.given_id, REFUSED, "invalid", detail="“checkpoint” is not of this event.")
        earlier = stored.payload_hash if stored else first.payload_hash()
        if reading.payload_hash() != earlier:
            return Result(reading.given_id, REFUSED, "id_reused", detail="This id is that of another scan.")
        if stored:
            return replay(reading, stored)
        result = decided[reading.uid]
        again = reading.uid in self.answered
        self.answered.add(reading.uid)
        return dataclasses.replace(result, replayed=again)


def replay(reading: Reading, stored: Scan) -> Result:
    """The result that was given before."""
    return Result(
        reading.given_id, stored.verdict, stored.reason, holder_of(stored.registration), replayed=True
    )


def stamp(moment: datetime.datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def touch(device: Device, now: datetime.datetime) -> None:
    """Remember that the device was heard of; to half a minute, so that scans need not wait for each other."""
    if device.seen_at is None or now - device.seen_at > SEEN_EVERY:
        Device.objects.filter(pk=device.pk).update(seen_at=now)
