"""The rules, by the vectors that the scanner's JavaScript passes too."""

import dataclasses
import itertools
import json
from pathlib import Path

import pytest

from badges.attendance.scanning.verdict import ScanFacts, Verdict, decide_verdict

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "verdict.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=[case["name"] for case in VECTORS["cases"]])
def test_vector(case):
    facts = ScanFacts(**VECTORS["defaults"] | case["facts"])
    assert decide_verdict(facts) == Verdict(case["verdict"], case["reason"])


def test_vectors_name_every_fact():
    assert set(VECTORS["defaults"]) == {field.name for field in dataclasses.fields(ScanFacts)}


def test_names_are_told_once():
    names = [case["name"] for case in VECTORS["cases"]]
    assert sorted(set(names)) == sorted(names)


def test_nothing_but_our_own_signature_is_ever_admitted():
    facts = itertools.product(
        ("forged", "other_event", "not_a_badge"), ("in", "out"), (True, False), ("", "admitted", "unverified")
    )
    verdicts = {
        decide_verdict(
            ScanFacts(
                code_status=reading, direction=way, has_override=flag, is_late=flag, local_verdict=local
            )
        )
        for reading, way, flag, local in facts
    }
    assert {verdict.verdict for verdict in verdicts} == {"refused"}
