"""Test the verdict rules with the vectors that the scanner's JavaScript passes too."""

import dataclasses
import itertools
import json
from pathlib import Path

import pytest

from badges.attendance.scanning.verdict import ScanFacts, Verdict, decide_verdict

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "verdict.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=[case["name"] for case in VECTORS["cases"]])
def test_verdict_matches_vector(case):
    facts = ScanFacts(**VECTORS["defaults"] | case["facts"])
    assert decide_verdict(facts) == Verdict(case["verdict"], case["reason"])


def test_vectors_name_every_fact():
    assert set(VECTORS["defaults"]) == {field.name for field in dataclasses.fields(ScanFacts)}


def test_vector_names_are_unique():
    names = [case["name"] for case in VECTORS["cases"]]
    assert sorted(set(names)) == sorted(names)


def test_code_without_valid_signature_is_always_refused():
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
