"""The pure decisions of visits: working days, who may come, who comes first, what became of it."""

import datetime
import itertools
import zoneinfo

import pytest

from convention.working_days import is_working_day, working_days_before
from registrations.visits.deadline import lock_moment
from registrations.visits.eligibility import Candidate, objections
from registrations.visits.firms import Firms
from registrations.visits.rules import fair_ranks
from registrations.visits.standing import Facts, State, state_of

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DAY = datetime.date


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (DAY(2027, 1, 4), True),
        (DAY(2027, 1, 2), False),  # a Saturday
        (DAY(2027, 3, 29), False),  # Easter Monday
        (DAY(2027, 5, 6), False),  # Ascension, a Thursday
        (DAY(2027, 5, 7), True),  # the bridge after it is no holiday
        (DAY(2027, 5, 17), False),  # Whit Monday
        (DAY(2027, 7, 14), False),
        (DAY(2027, 11, 11), False),
    ],
)
def test_working_days_know_french_holidays(day, works):
    assert is_working_day(day) == works


@pytest.mark.parametrize(
    ("day", "number", "before"),
    [
        (DAY(2027, 1, 15), 5, DAY(2027, 1, 8)),  # Friday to Friday
        (DAY(2027, 1, 11), 1, DAY(2027, 1, 8)),  # over a weekend
        (DAY(2027, 5, 10), 2, DAY(2027, 5, 5)),  # over a weekend and Ascension
        (DAY(2027, 1, 4), 2, DAY(2026, 12, 30)),  # over New Year's Day, in another year
        (DAY(2027, 12, 27), 1, DAY(2027, 12, 24)),
        (DAY(2027, 5, 6), 0, DAY(2027, 5, 6)),
    ],
)
def test_days_are_counted_backwards(day, number, before):
    assert working_days_before(day, number) == before


def test_the_list_is_locked_in_the_morning_of_that_day_by_the_clocks_of_the_event():
    starts = datetime.datetime(2027, 4, 2, 9, 30, tzinfo=PARIS)  # the clocks change in between
    assert lock_moment(starts, PARIS, 5) == datetime.datetime(2027, 3, 25, 9, tzinfo=PARIS)
    assert lock_moment(starts, PARIS, 5).utcoffset() == datetime.timedelta(hours=1)


def test_without_days_it_is_locked_when_the_visit_starts_at_the_latest():
    early = datetime.datetime(2027, 4, 2, 7, 30, tzinfo=PARIS)
    assert lock_moment(early, PARIS, 0) == early


def test_whoever_may_come_meets_no_objection():
    assert objections(Candidate(has_seat=True, sells=frozenset({1}), host_sells=frozenset({2}), left=1)) == []


def test_every_objection_is_told_and_not_only_the_first():
    candidate = Candidate(
        has_seat=False, sells=frozenset({1, 2}), host_sells=frozenset({2}), left=0, is_elsewhere=True
    )
    assert objections(candidate) == ["no_seat", "competitor", "cap", "same_day"]


def test_a_group_is_all_above_and_all_below_but_not_beside():
    """1 owns 2 and 3, 2 owns 4; a ring of owners ends too."""
    firms = Firms({1: None, 2: 1, 3: 1, 4: 2, 8: 9, 9: 8}, {})
    assert firms.group_of([2]) == {1, 2, 4}
    assert firms.group_of([4]) == {1, 2, 4}
    assert firms.group_of([8]) == {8, 9}
    assert firms.group_of([]) == set()


def test_the_markets_of_the_whole_group_count_and_the_host_is_no_competitor_of_itself():
    firms = Firms({1: None, 2: 1, 3: None, 4: 3}, {1: frozenset({7}), 4: frozenset({7, 8})})
    assert firms.sold_by_host(3) == {7, 8}
    assert firms.sold_against([2], 3) == {7}
    assert firms.sold_against([4], 3) == set()
    assert firms.sold_against([2], None) == {7}


def test_companies_without_a_place_come_first_and_none_has_two_before_another_has_one():
    line = [(1, 10), (2, 10), (3, 20), (4, 30), (5, None)]
    ranks = fair_ranks(line, {30: 1})
    assert ranks == {1: 0, 2: 1, 3: 0, 4: 1, 5: 0}
    assert sorted(ranks, key=lambda entry: (ranks[entry], entry)) == [1, 3, 5, 2, 4]


STATES = [
    ({}, State.APPLIED),
    ({"wait": "waiting"}, State.WAITING),
    ({"wait": "offered"}, State.OFFERED),
    ({"wait": "lapsed"}, State.WITHDRAWN),
    ({"wait": "declined"}, State.WITHDRAWN),
    ({"wait": "left"}, State.WITHDRAWN),
    ({"has_place": True}, State.CONFIRMED),
    ({"has_place": True, "wait": "accepted"}, State.CONFIRMED),
    ({"has_place": True, "has_agreed": True}, State.AGREED),
    ({"has_place": True, "has_identity": True}, State.CONFIRMED),
    ({"has_place": True, "has_agreed": True, "has_identity": True}, State.COMPLETE),
    ({"has_place": True, "has_agreed": True, "has_identity": True, "is_listed": True}, State.LISTED),
    ({"has_place": True, "has_identity": True, "is_listed": True}, State.CONFIRMED),  # a new text
    ({"has_place": True, "came": True}, State.ARRIVED),
    ({"has_place": True, "came": True, "went": True, "is_over": True, "is_scanned": True}, State.LEFT),
    ({"has_place": True, "is_over": True, "is_scanned": True}, State.NO_SHOW),
    ({"has_place": True, "is_over": True}, State.CONFIRMED),  # nobody was scanned at all
    ({"lost_place": True}, State.WITHDRAWN),
    ({"has_place": True, "is_withdrawn": True}, State.WITHDRAWN),
    ({"is_refused": True}, State.REFUSED),
    ({"is_host_refused": True, "lost_place": True}, State.HOST_REFUSED),
]


@pytest.mark.parametrize(("facts", "state"), STATES)
def test_the_state_follows_from_the_facts(facts, state):
    assert state_of(Facts(**facts)) == state


def test_whatever_the_facts_there_is_one_state_and_ends_are_final():
    names = ["is_withdrawn", "is_refused", "is_host_refused", "has_place", "lost_place", "came", "is_listed"]
    for values in itertools.product([False, True], repeat=len(names)):
        facts = dict(zip(names, values, strict=True))
        state = state_of(Facts(**facts))
        ended = any(facts[name] for name in ("is_withdrawn", "is_refused", "is_host_refused", "lost_place"))
        assert state.has_ended == ended
