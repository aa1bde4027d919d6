"""Rules of the product, each taken out by replacing one function or one duration.

The test must see that it is missing.
"""

import dataclasses
import datetime
import functools
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from badges.attendance.devices import pairing_codes
from badges.attendance.devices.pairing import Pairing, create_device_token
from badges.attendance.models import Checkpoint, Device, Scan
from badges.attendance.reports import headcount
from badges.attendance.scanning import (
    batch,
    batch_state,
    device_facts,
    presence,
    presence_store,
    record_scans,
    snapshot,
    verdict,
)
from badges.attendance.scanning.device_state import leases, silence
from badges.attendance.scanning.device_state.leases import LeasedPlaces
from badges.attendance.scanning.inputs import received_scan, scan_devices, scan_time
from badges.attendance.scanning.inputs.scan_time import find_wall_age, has_uncertain_wall_clock
from badges.attendance.scanning.verdict import ALREADY_IN, COUNTED_VERDICTS


@dataclass(frozen=True)
class Mutation:
    """A rule that is taken out: `owner.name` is replaced. The history `seed` is known to see it."""

    owner: Any
    name: str
    replacement: Any
    seed: int = 0


def count_every_admission(_facts, decided):
    return decided.verdict in COUNTED_VERDICTS


def tell_apart_by_device(scan_input, device, devices):
    checked = scan_devices.check_scan_device(scan_input, device, devices)
    if checked is not scan_input:
        return checked
    return dataclasses.replace(scan_input, uid=uuid.uuid5(scan_input.uid, str(device.pk)))


def refuse_other_devices(scan_input, device, devices):
    is_foreign = scan_input.device_id not in (None, device.pk)
    found = {} if is_foreign else devices
    return scan_devices.check_scan_device(scan_input, device, found)


def trust_the_wall_clock(scan_input, received_at, _clock, _monotonic_age):
    return find_wall_age(scan_input, received_at), has_uncertain_wall_clock(scan_input, received_at)


def give_the_same_device(code_hash, _public_key, _now):
    device = Device.objects.select_related("checkpoint", "event").get(pairing_code_hash=code_hash)
    token = create_device_token()
    device.token_hash = pairing_codes.hash_token(token)
    device.save()
    return Pairing(device, token)


def follow_arrivals(history):
    return functools.reduce(presence.apply_scan, history, presence.NEVER_SCANNED)


ORIGINAL_RECORDS = snapshot.load_presence_records


ORIGINAL_COUNT = device_facts.count_leased_places


def count_former_exits(limit, scans, *, at):
    scans = [dataclasses.replace(scan, is_of_former_pairing=False) for scan in scans]
    return ORIGINAL_COUNT(limit, scans, at=at)


def forget_the_excess(limit, scans, *, at):
    return ORIGINAL_COUNT(limit and limit | {"inside": 0}, scans, at=at)


def leave_out_undone(device, cursor):
    return (row for row in ORIGINAL_RECORDS(device, cursor) if row.entered_at)


ORIGINAL_INSIDE = verdict.decide_inside


def call_all_conflicts(facts):
    decided = ORIGINAL_INSIDE(facts)
    is_repeated = decided.verdict == ALREADY_IN and facts.source == "server"
    return dataclasses.replace(decided, reason="conflict") if is_repeated else decided


ORIGINAL_OBJECTION = verdict.find_objection


def accept_replaced_badges(facts):
    return ORIGINAL_OBJECTION(dataclasses.replace(facts, is_current=True))


MUTATIONS = {
    "fault 1: presence rests on the verdict": Mutation(batch, "resolve_let_in", count_every_admission),
    "fault 2: the phone knows no limit": Mutation(
        device_facts, "count_leased_places", lambda *_args, **_given: None
    ),
    "an exit that the server may refuse frees a place": Mutation(
        device_facts, "count_leased_places", count_former_exits, seed=433
    ),
    "an exit from a room with too many frees a place": Mutation(
        device_facts, "count_leased_places", forget_the_excess, seed=900
    ),
    "fault 3: a revoked phone's scans stay on it": Mutation(
        record_scans, "check_scan_device", refuse_other_devices, seed=1
    ),
    "fault 4: a scan is unique by its device": Mutation(
        record_scans, "check_scan_device", tell_apart_by_device
    ),
    "fault 5: an undo leaves the attendance": Mutation(batch.ScanBatch, "apply_undo", lambda *_args: None),
    "fault 5: an undo is forgotten by a rebuild": Mutation(presence_store, "find_undos", Scan.objects.none),
    "an undo that arrives before its scan is ignored": Mutation(
        batch.ScanBatch, "is_taken_back_by", lambda *_args: False
    ),
    "fault 6: a clock set back is trusted": Mutation(scan_time, "compare_ages", trust_the_wall_clock, seed=2),
    "a wall clock that was set is certain": Mutation(
        scan_time, "is_wall_age_uncertain", lambda *_args: False
    ),
    "a phone's own counter says nothing": Mutation(
        received_scan, "raise_to_predecessor", lambda time, _predecessor_at: time
    ),
    "fault 11: two phones become one device": Mutation(pairing_codes, "_renew_pairing", give_the_same_device),
    "leases of several phones overlap": Mutation(LeasedPlaces, "count_elsewhere", lambda *_args: 0, seed=4),
    "a leased place is free once the lease ended on the phone": Mutation(
        leases, "DELIVERY_DURATION", datetime.timedelta(0)
    ),
    "a full room is not flagged": Mutation(batch.ScanBatch, "count_places_left", lambda *_args: None),
    "scans out of order are appended": Mutation(batch, "compute_presence", follow_arrivals),
    "a double admission is no conflict": Mutation(
        presence, "apply_repeated_entry", lambda state, _scan: state
    ),
    "a badge that was stopped is a conflict": Mutation(verdict, "decide_inside", call_all_conflicts),
    "nothing speaks against a badge": Mutation(verdict, "find_objection", lambda _facts: ""),
    "a replaced badge is as good as the new one": Mutation(verdict, "find_objection", accept_replaced_badges),
    "two gates of one entrance count apart": Mutation(
        Checkpoint, "presence_checkpoint_id", property(lambda self: self.pk)
    ),
    "a merged badge keeps its scans": Mutation(presence_store, "OWNER", F("registration"), seed=10),
    "a new attendee keeps the former one's scans": Mutation(presence_store, "OF_CURRENT_ATTENDEE", Q()),
    "any signature is taken": Mutation(scan_devices, "is_signed_by_device", lambda *_args, **_given: True),
    "a revoked phone's later scans count": Mutation(
        batch_state, "was_device_valid", lambda *_args: True, seed=1
    ),
    "phones are not told of undone entries": Mutation(
        snapshot, "load_presence_records", leave_out_undone, seed=15
    ),
    "silent phones leave the headcount certain": Mutation(
        headcount, "find_silent_devices", lambda *_args, **_given: []
    ),
    "a silent phone's pace is unknown": Mutation(silence, "_count_scans_before_silence", lambda _devices: {}),
}
