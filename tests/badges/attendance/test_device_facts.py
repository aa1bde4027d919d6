"""Test that Python and JavaScript find the same scan facts in thousands of random snapshots."""

import dataclasses
import datetime
import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from badges.attendance.scanning.device_facts import (
    DeviceScan,
    Reading,
    changes_inside,
    derive_device_facts,
    lets_in_by_default,
)
from badges.attendance.scanning.verdict import decide_verdict

CASE_COUNT = 5000
NOON = datetime.datetime(2026, 6, 17, 12, tzinfo=datetime.UTC)
NOON_MS = int(NOON.timestamp() * 1000)
SCRIPT = Path(__file__).with_name("derive_facts.mjs")
VECTORS = Path(__file__).parents[2] / "vectors" / "device_facts.json"
pytestmark = pytest.mark.once


def draw_limit(draw):
    return {
        "lease": draw.randrange(3),
        "lease_expires_at": pick_time(draw),
        "capacity": 2,
        "inside": draw.randrange(5),
    }


def pick_time(draw):
    """Return a time around noon, in the snapshot's form, or none."""
    at = NOON + datetime.timedelta(seconds=draw.choice([-40_000, -36_000, -600, -10, -1, 0, 1, 600]))
    return draw.choice([None, at.isoformat(), at.isoformat(timespec="microseconds")])


def make_record(draw):
    return {
        "sessions": draw.choice([[7], [8]]),
        "ticket_id": draw.choice([2, 3]),
        "addons": draw.choice([[], [5], [6, 5]]),
    }


def make_case(draw):
    """Return one random reading and its snapshot data, as both languages take them."""
    scans = [
        {
            "id": f"scan-{number}", "key": draw.choice(["A", "B", None]),
            "door": draw.choice([1, 1, 2]),
            "direction": draw.choice(["in", "out"]), "at": NOON_MS - draw.choice([36_000_000, 9000, 0]),
            "let_in": draw.random() < 0.8, "changes_inside": draw.random() < 0.8,
            "undoes": draw.choice(["", "", "", "scan-0", "scan-1", "another"]),
            "is_of_former_pairing": draw.random() < 0.2,
        }
        for number in range(draw.randrange(5))
    ]  # fmt: skip
    sent = draw.randrange(len(scans) + 1)
    return {
        "reading": {
            "codeStatus": draw.choice(["valid", "valid", "valid", "forged", "other_event", "not_a_badge"]),
            "key": draw.choice(["A", "A", "B", None]), "badgeVersion": draw.choice([1, 1, 2]),
            "direction": draw.choice(["in", "in", "out"]), "at": NOON_MS, "hasOverride": draw.random() < 0.2,
        },
        "data": {
            "checkpoint": {
                "door": 1, "session": draw.choice([None, None, 7]), "is_strict": draw.random() < 0.2,
                "opens_at": pick_time(draw), "closes_at": pick_time(draw),
                "tickets": draw.choice([[], [], [3], [3, 4]]), "addon": draw.choice([None, None, 5]),
            },
            "registration": draw.choice(
                [
                    None,
                    *(
                        {"state": state, "badge_version": draw.choice([1, 1, 2])}
                        for state in ("confirmed", "cancelled")
                    ),
                ]
            ),
            "record": draw.choice([None, {}, {"sessions": [7]}, {"sessions": [8]}, make_record(draw)]),
            "presence": draw.choice(
                [None, {"is_inside": True, "is_mine": draw.random() < 0.5, "read_at": pick_time(draw)}]
            ),
            "limit": draw.choice([None, draw_limit(draw)]),
            "sentScans": scans[:sent],
            "unsentScans": scans[sent:],
        },
    }  # fmt: skip


def derive(case):
    """Return the facts, the verdict, the operator's default action and the change of presence, by Python."""
    reading, data = case["reading"], case["data"]
    facts = derive_device_facts(
        Reading(
            reading["codeStatus"], reading["key"], reading["badgeVersion"], reading["direction"],
            reading["at"], reading["hasOverride"],
        ),
        **{name: data[name] for name in ("checkpoint", "registration", "record", "presence", "limit")},
        unsent_scans=[DeviceScan(**scan) for scan in data["unsentScans"]],
        sent_scans=[DeviceScan(**scan) for scan in data["sentScans"]],
    )  # fmt: skip
    verdict = decide_verdict(facts)
    return {
        "facts": dataclasses.asdict(facts),
        "verdict": dataclasses.asdict(verdict),
        "letIn": lets_in_by_default(verdict),
        "changesInside": changes_inside(facts),
    }


def test_python_and_javascript_derive_same_facts():
    if not (node := shutil.which("node")):
        pytest.skip("no Node here")
    draw = random.Random(18)
    cases = [make_case(draw) for _number in range(CASE_COUNT)]

    run = subprocess.run([node, SCRIPT], input=json.dumps(cases), capture_output=True, text=True, check=True)

    assert json.loads(run.stdout) == [derive(case) for case in cases]


@pytest.mark.parametrize("case", json.loads(VECTORS.read_text()), ids=lambda case: case["name"])
def test_python_verdict_matches_vector(case):
    assert derive(case)["verdict"] == case["verdict"]
