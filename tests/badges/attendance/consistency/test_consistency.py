"""Test that the server's presence is correct whatever happens to phones, networks and clocks."""

import os

import pytest

from tests.badges.attendance.consistency.history import play_history
from tests.badges.attendance.consistency.mutations import MUTATIONS

pytestmark = pytest.mark.django_db(transaction=True)
HISTORIES = int(os.environ.get("CONSISTENCY_HISTORIES", "20"))
SOAK_HISTORIES = int(os.environ.get("CONSISTENCY_HISTORIES", "1000"))
HISTORIES_TO_FIND_A_MUTATION = 30
PARTS = 10
OTHER_PARTS = range(1, PARTS)


def find_problems(seeds):
    """Return the first seed whose history has problems, and the problems, or None."""
    for seed in seeds:
        if problems := play_history(seed):
            return seed, problems
    return None


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in OTHER_PARTS)])
def test_random_histories_have_no_problems(part):
    assert find_problems(range(part, HISTORIES, PARTS)) is None


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_many_random_histories_have_no_problems(part):
    assert find_problems(range(HISTORIES + part, SOAK_HISTORIES, PARTS)) is None


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize("rule", MUTATIONS)
def test_missing_rule_is_detected(monkeypatch, rule):
    mutation = MUTATIONS[rule]
    monkeypatch.setattr(mutation.owner, mutation.name, mutation.replacement)

    # Try the seed that is known to detect it first; the others serve once the histories have changed.
    seeds = [mutation.seed, *range(HISTORIES_TO_FIND_A_MUTATION)]
    assert find_problems(seeds) is not None
