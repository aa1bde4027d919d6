"""Sessions of working groups: plans with the provably fewest conflicts."""

import pytest

from schedule.planner.exact.working_groups import (
    GroupProgramme,
    GroupsDoNotFit,
    GroupSession,
    plan_working_groups,
)


def make_programme(*sessions: GroupSession, slots=(4, 3), parallel: int = 2) -> GroupProgramme:
    return GroupProgramme(sessions, slot_sizes=slots, part_sizes=(2, 3, 4), max_parallel=parallel)


def test_sessions_of_same_group_do_not_run_in_parallel():
    one, other = GroupSession(3, frozenset({1})), GroupSession(3, frozenset({2}))

    plan = plan_working_groups(programme=make_programme(one, one, other, other))

    assert plan.conflicts == 0
    assert plan.is_proven
    assert all(sum(parts.values()) == 3 for parts in plan.parts)
    assert plan.parts[0].keys() != plan.parts[1].keys()


def test_long_session_is_split_and_conflicts_with_its_group():
    long, short = GroupSession(7, frozenset({1})), GroupSession(2, frozenset({1, 2}))

    plan = plan_working_groups(programme=make_programme(long, short))

    assert plan.parts[0] == {0: 4, 1: 3}
    assert plan.conflicts == 1
    assert plan.is_proven


def test_three_parallel_sessions_of_a_group_are_three_conflicts():
    session = GroupSession(2, frozenset({1}))

    plan = plan_working_groups(programme=make_programme(session, session, session, slots=(2,), parallel=3))

    assert plan.conflicts == 3


def test_allowed_slots_are_respected():
    bound, other = GroupSession(2, frozenset({1}), frozenset({1})), GroupSession(2, frozenset({1}))

    plan = plan_working_groups(programme=make_programme(bound, other))

    assert list(plan.parts[0]) == [1]
    assert list(plan.parts[1]) == [0]


def test_sessions_that_do_not_fit_are_refused():
    with pytest.raises(GroupsDoNotFit):
        plan_working_groups(programme=make_programme(GroupSession(9)))
    with pytest.raises(GroupsDoNotFit):
        plan_working_groups(
            programme=make_programme(GroupSession(2), GroupSession(2), slots=(2,), parallel=1)
        )
