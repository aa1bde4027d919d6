"""Compare what the server says with the true history; every difference is a sentence."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field

from badges.attendance.models import Presence, Scan
from badges.attendance.reports.headcount import count_attendance
from badges.attendance.scanning.device_state.leases import DELIVERY_DURATION
from badges.attendance.scanning.inputs.scan_time import MAX_CLOCK_SKEW
from badges.attendance.scanning.presence import ENTRY_LIFETIME, REPEAT_INTERVAL, find_conflicts
from badges.attendance.scanning.presence_store import load_scan_histories, rebuild_presence
from badges.attendance.scanning.record_encryption import make_registration_key
from badges.attendance.scanning.verdict import ALREADY_IN, REFUSED
from tests.badges.attendance.consistency.world import ROOM_CAPACITY, SECOND

# A network's delay and a clock that is put right by a few seconds are no fault.
TOLERANCE = 5 * SECOND
VOID_REASONS = ("revoked", "cancelled")


@dataclass
class TrueState:
    """Where a badge truly is at a door: the reference that the server is compared with."""

    is_inside: bool = False
    entries: int = 0
    entered: object = None
    conflicts: set = field(default_factory=set)


def compute_true_state(passages):
    """Return the true state after these passages of one badge at one door."""
    state = TrueState()
    for passage in sorted(passages, key=lambda each: each.at):
        is_inside = state.is_inside and passage.at - state.entered.at < ENTRY_LIFETIME
        if passage.direction == "out":
            state.is_inside = False
        elif not is_inside or passage.is_explained:
            is_repeated = is_inside and is_repeated_read(passage, state.entered)
            if not is_repeated:
                state.is_inside, state.entered, state.entries = True, passage, state.entries + 1
        elif not is_repeated_read(passage, state.entered):
            state.conflicts.add(passage.id)
    return state


def is_repeated_read(passage, entered):
    return passage.device == entered.device and passage.at - entered.at <= REPEAT_INTERVAL


def find_problems(world, phones):
    """Return all that is wrong; empty where the server tells the truth."""
    problems = list(world.faults)
    problems += check_scans(world)
    problems += check_times(world)
    problems += check_counters(world)
    problems += check_refusals(world)
    problems += check_stopped(world)
    problems += check_presences(world)
    problems += check_limits(world)
    problems += check_phones(world, phones)
    problems += check_rebuild(world)
    return problems


def list_real_passages(world):
    """Return the passages that count: not taken back, by a phone not revoked, of the current attendee."""
    return [
        passage
        for passage in world.passages.values()
        if not passage.is_undone
        and not world.is_of_former_attendee(passage)
        and not (passage.device in world.revoked_at and passage.at >= world.revoked_at[passage.device])
    ]


def check_scans(world):
    """Every scan that a phone made is stored once, and none that no phone made."""
    stored = [str(uid) for uid in Scan.objects.filter(event=world.event).values_list("uid", flat=True)]
    missing, foreign = world.scan_ids - set(stored), set(stored) - world.scan_ids
    if missing:
        yield f"{len(missing)} scans are not stored"
    if foreign:
        yield f"{len(foreign)} scans are stored that no phone made"
    if len(stored) != len(set(stored)):
        yield "a scan is stored twice"


def check_times(world):
    """A time that is wrong says so where a clock could tell, and a clock that was set raises no doubt."""
    for scan in Scan.objects.filter(event=world.event):
        passage = world.passages.get(str(scan.uid))
        # A time in the future is implausible by itself, even if no clock can tell the right one.
        if passage is None or (passage.is_time_lost and not is_from_future(scan)):
            continue
        if scan.is_time_uncertain:
            if passage.is_clock_wrong and passage.device not in world.doubtful_devices:
                yield f"two clocks agree on a scan of {passage.at}, which is marked as uncertain"
            continue
        if abs(scan.effective_at - passage.at) > TOLERANCE:
            yield f"a scan of {passage.at} is dated {scan.effective_at} without a flag"


def is_from_future(scan):
    offset = datetime.timedelta(milliseconds=scan.clock_offset_ms or 0)
    return scan.scanned_at + offset > scan.received_at + MAX_CLOCK_SKEW


def check_counters(world):
    """No scan is dated before the one that its phone made before, if the server had that one."""
    previous_scans = defaultdict(list)
    numbered = Scan.objects.filter(event=world.event, device_sequence__isnull=False)
    for scan in numbered.order_by("device_sequence"):
        earlier = [each for each in previous_scans[scan.device_id] if each.received_at <= scan.received_at]
        if earlier and scan.effective_at < earlier[-1].effective_at:
            yield f"a scan of {scan.effective_at} was made after one of {earlier[-1].effective_at}"
        previous_scans[scan.device_id].append(scan)


def check_refusals(world):
    """Replaced, cancelled and merged badges are refused or flagged, by phones whose list says so too."""
    for scan in Scan.objects.filter(event=world.event, direction="in").exclude(reason="revoked_device"):
        reading = world.readings.get(str(scan.uid))
        if reading is None or reading.is_explained:
            continue
        void_at = world.find_void_at(reading.badge)
        if void_at is None or void_at > scan.received_at:
            if scan.reason in VOID_REASONS:
                yield f"a valid badge was said to be {scan.reason}"
            continue
        if void_at < scan.received_at and not is_objected(scan):
            yield f"a badge that was void since {void_at} was {scan.verdict} ({scan.reason})"
        if reading.listed_at and void_at < reading.listed_at and reading.screen != REFUSED:
            yield f"a phone whose list said that a badge was void showed {reading.screen}"


def is_objected(scan):
    """Return whether the answer to a void badge is right: refused, or let in already and flagged."""
    if not scan.let_in:
        return scan.verdict == REFUSED and scan.reason in VOID_REASONS
    # Two flags do not fit: a second admission and a full room come first.
    return scan.verdict == ALREADY_IN or scan.reason in (*VOID_REASONS, "full")


def check_stopped(world):
    """Nobody who was stopped is said to have been let in twice."""
    stopped = Scan.objects.filter(event=world.event, reason="conflict", let_in=False)
    if count := stopped.count():
        yield f"{count} scans of people who were stopped are conflicts"


def group_passages(world):
    """Return the passages by owner and door, and the keys whose order no clock can tell."""
    groups, uncertain = defaultdict(list), set()
    flagged = {
        str(uid)
        for uid in Scan.objects.filter(event=world.event, is_time_uncertain=True).values_list(
            "uid", flat=True
        )
    }
    real = {passage.id for passage in list_real_passages(world)}
    for passage in world.passages.values():
        key = world.owner_of(passage.registration), passage.checkpoint.presence_checkpoint_id
        if passage.id in real:
            groups[key].append(passage)
        if passage.is_time_lost or passage.id in flagged:
            uncertain.add(key)
    return groups, uncertain


def check_presences(world):
    """Presences, entries and conflicts are as in the true history."""
    groups, uncertain = group_passages(world)
    rows = {
        (row.registration_id, row.checkpoint_id): row
        for row in Presence.objects.filter(event=world.event, version__gt=0)
    }
    for key in rows.keys() - groups.keys() - uncertain:
        yield f"{key} has a presence of {rows[key].entries} entries and never passed"
    histories = load_scan_histories(groups.keys())
    for key in groups.keys() - uncertain:
        true, row = compute_true_state(groups[key]), rows.get(key)
        conflicts = {str(scan.uid) for scan in find_conflicts(histories[key])}
        if row is None:
            yield f"{key} passed and has no presence"
        elif (row.is_inside, row.entries) != (true.is_inside, true.entries):
            yield f"{key}: {true.is_inside} {true.entries}, the server says {row.is_inside} {row.entries}"
        elif row.has_conflict != bool(true.conflicts) or conflicts != true.conflicts:
            yield f"{key} has {len(true.conflicts)} double admissions, and the server says {len(conflicts)}"
    if not uncertain:
        yield from check_headcount(world, groups)


def check_headcount(world, groups):
    states = {key: compute_true_state(passages) for key, passages in groups.items()}
    inside = {
        owner for (owner, door), state in states.items() if state.is_inside and door == world.entrance.pk
    }
    came = {owner for (owner, _door), state in states.items() if state.entries}
    total = count_attendance(world.event).total
    if (total.inside_count, total.arrived_count) != (len(inside), len(came)):
        counted = f"{total.inside_count} of {total.arrived_count}"
        yield f"{len(inside)} are inside of {len(came)}, and the headcount says {counted}"


def check_limits(world):
    """Where the room held too many, somebody was let in against the screen, and a scan says `full`."""
    scans = Scan.objects.filter(event=world.event, checkpoint=world.room)
    full = {str(uid) for uid in scans.filter(reason="full", let_in=True).values_list("uid", flat=True)}
    flagged = {str(uid) for uid in scans.filter(is_time_uncertain=True).values_list("uid", flat=True)}
    passages = [passage for passage in list_real_passages(world) if passage.checkpoint == world.room]
    if any(passage.is_time_lost or passage.id in flagged for passage in passages):
        return
    inside = {}
    for passage in sorted(passages, key=lambda each: each.at):
        owner = world.owner_of(passage.registration)
        if passage.direction == "out":
            inside.pop(owner, None)
            continue
        inside.setdefault(owner, passage)
        if len(inside) <= ROOM_CAPACITY:
            continue
        # Of somebody read twice, the entry that arrives late is a conflict, and the other one says `full`.
        entries = {
            each.id
            for each in passages
            if each.direction == "in"
            and (first := inside.get(world.owner_of(each.registration)))
            and each.at >= first.at
        }
        if not full & entries:
            yield f"{len(inside)} were in the room for {ROOM_CAPACITY} and no scan says so"
        if not any(is_excused(each) for each in inside.values()):
            yield f"{len(inside)} were let into the room for {ROOM_CAPACITY} by green screens"


def is_excused(passage):
    """Return whether a passage explains too many: against the screen, by a wrong clock, or late."""
    is_late = passage.delivered_at is None or passage.delivered_at - passage.at > DELIVERY_DURATION
    return passage.is_tapped or passage.is_explained or passage.is_clock_wrong or is_late


def check_phones(world, phones):
    """Each phone's list is the server's, once it is online."""
    keys = {person.pk: make_registration_key(person.reference) for person in world.people}
    for phone in phones:
        rows = Presence.objects.filter(event=world.event, checkpoint=phone.door)
        server = {keys[row.registration_id]: row.is_inside for row in rows if row.version or row.is_inside}
        known = {key: row["is_inside"] for (door, key), row in phone.presences.items() if door == phone.door}
        wrong = [
            key for key in server.keys() | known.keys() if server.get(key, False) != known.get(key, False)
        ]
        if phone.token and wrong:
            yield f"{len(wrong)} people are elsewhere on a phone at “{phone.checkpoint}” than on the server"


def check_rebuild(world):
    """The presences that grew scan by scan are those that all scans together give."""
    fields = (
        "registration_id",
        "checkpoint_id",
        "is_inside",
        "entries",
        "has_conflict",
        "seconds_inside",
        "last_scan_at",
    )
    rows = Presence.objects.filter(event=world.event, version__gt=0)
    grown = set(rows.values_list(*fields))
    rebuild_presence(event=world.event)
    if set(rows.values_list(*fields)) != grown:
        yield "rebuilt presences differ from those that grew"
