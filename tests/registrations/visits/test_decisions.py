"""Pure decisions about visits: working days, eligibility, fair ranks and application states."""

import datetime
import itertools
import zoneinfo

import pytest

from convention.text.working_days import is_working_day, working_days_before
from registrations.visits.applications.company_markets import CompanyMarkets
from registrations.visits.applications.eligibility import VisitCandidate, find_objections
from registrations.visits.applications.state import ApplicationFacts, ApplicationState, decide_state
from registrations.visits.applications.visit_rules import compute_fair_ranks
from registrations.visits.dates import compute_lock_time

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
def test_working_days_exclude_french_holidays(day, works):
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
def test_working_days_are_counted_backwards(day, number, before):
    assert working_days_before(day, number) == before


def test_list_is_locked_in_the_morning_in_event_time_zone():
    starts = datetime.datetime(2027, 4, 2, 9, 30, tzinfo=PARIS)  # the clocks change in between

    assert compute_lock_time(starts, PARIS, 5) == datetime.datetime(2027, 3, 25, 9, tzinfo=PARIS)
    assert compute_lock_time(starts, PARIS, 5).utcoffset() == datetime.timedelta(hours=1)


def test_list_without_lock_days_is_locked_by_start_of_visit():
    early = datetime.datetime(2027, 4, 2, 7, 30, tzinfo=PARIS)
    assert compute_lock_time(early, PARIS, 0) == early


def test_eligible_candidate_has_no_objections():
    assert (
        find_objections(
            VisitCandidate(
                has_seat=True, market_ids=frozenset({1}), host_market_ids=frozenset({2}), places_left=1
            )
        )
        == []
    )


def test_all_objections_are_returned():
    candidate = VisitCandidate(
        has_seat=False,
        market_ids=frozenset({1, 2}),
        host_market_ids=frozenset({2}),
        places_left=0,
        has_overlapping_visit=True,
    )
    assert find_objections(candidate) == ["no_seat", "competitor", "cap", "same_day"]


def test_group_contains_owners_and_subsidiaries_but_not_siblings():
    """Company 1 owns 2 and 3, and 2 owns 4; 8 and 9 own each other, which must not loop forever."""
    firms = CompanyMarkets({1: None, 2: 1, 3: 1, 4: 2, 8: 9, 9: 8}, {})

    assert firms.find_group([2]) == {1, 2, 4}
    assert firms.find_group([4]) == {1, 2, 4}
    assert firms.find_group([8]) == {8, 9}
    assert firms.find_group([]) == set()


def test_markets_of_whole_group_compete_except_within_host_group():
    firms = CompanyMarkets({1: None, 2: 1, 3: None, 4: 3}, {1: frozenset({7}), 4: frozenset({7, 8})})

    assert firms.list_host_markets(3) == {7, 8}
    assert firms.list_competing_markets([2], 3) == {7}
    assert firms.list_competing_markets([4], 3) == set()
    assert firms.list_competing_markets([2], None) == {7}


def test_fair_ranks_prefer_companies_with_fewer_places():
    line = [(1, 10), (2, 10), (3, 20), (4, 30), (5, None)]
    ranks = compute_fair_ranks(line, {30: 1})

    assert ranks == {1: 0, 2: 1, 3: 0, 4: 1, 5: 0}
    assert sorted(ranks, key=lambda entry: (ranks[entry], entry)) == [1, 3, 5, 2, 4]


STATES = [
    ({}, ApplicationState.APPLIED),
    ({"waiting_state": "waiting"}, ApplicationState.WAITING),
    ({"waiting_state": "offered"}, ApplicationState.OFFERED),
    ({"waiting_state": "expired"}, ApplicationState.OFFER_EXPIRED),
    ({"waiting_state": "expired", "is_withdrawn": True}, ApplicationState.OFFER_EXPIRED),
    ({"waiting_state": "expired", "is_withdrawn": True, "is_revoked": True}, ApplicationState.REVOKED),
    ({"waiting_state": "declined"}, ApplicationState.WITHDRAWN),
    ({"waiting_state": "left"}, ApplicationState.WITHDRAWN),
    ({"has_place": True}, ApplicationState.CONFIRMED),
    ({"has_place": True, "waiting_state": "accepted"}, ApplicationState.CONFIRMED),
    ({"has_place": True, "has_agreed": True}, ApplicationState.AGREED),
    ({"has_place": True, "has_identity": True}, ApplicationState.CONFIRMED),
    ({"has_place": True, "has_agreed": True, "has_identity": True}, ApplicationState.COMPLETE),
    (
        {"has_place": True, "has_agreed": True, "has_identity": True, "is_listed": True},
        ApplicationState.LISTED,
    ),
    ({"has_place": True, "has_identity": True, "is_listed": True}, ApplicationState.CONFIRMED),  # a new text
    ({"has_place": True, "has_arrived": True}, ApplicationState.ARRIVED),
    ({"has_place": True, "has_arrived": True, "is_over": True}, ApplicationState.NOT_SCANNED_OUT),
    (
        {"has_place": True, "has_arrived": True, "has_left": True, "is_over": True, "has_visit_scans": True},
        ApplicationState.LEFT,
    ),
    ({"has_place": True, "is_over": True, "has_visit_scans": True}, ApplicationState.NO_SHOW),
    ({"has_place": True, "is_over": True}, ApplicationState.CONFIRMED),  # nobody was scanned at all
    ({"has_lost_place": True}, ApplicationState.WITHDRAWN),
    ({"has_place": True, "is_withdrawn": True}, ApplicationState.WITHDRAWN),
    ({"has_lost_place": True, "is_withdrawn": True, "is_revoked": True}, ApplicationState.REVOKED),
    (
        {"has_lost_place": True, "is_withdrawn": True, "is_revoked": True, "is_replaced": True},
        ApplicationState.REPLACED,
    ),
    ({"awaits_host": True}, ApplicationState.AWAITING_HOST),
    ({"awaits_host": True, "is_withdrawn": True}, ApplicationState.WITHDRAWN),
    ({"is_called_off": True, "has_lost_place": True}, ApplicationState.CALLED_OFF),
    ({"is_called_off": True, "awaits_host": True}, ApplicationState.CALLED_OFF),
    ({"is_called_off": True, "is_withdrawn": True}, ApplicationState.WITHDRAWN),
    ({"is_withdrawn": True, "is_named_replacement": True}, ApplicationState.NAMED_REPLACEMENT),
    ({"is_refused": True}, ApplicationState.REFUSED),
    ({"is_host_refused": True, "has_lost_place": True}, ApplicationState.HOST_REFUSED),
]


@pytest.mark.parametrize(("facts", "state"), STATES)
def test_application_state_is_derived_from_facts(facts, state):
    assert decide_state(ApplicationFacts(**facts)) == state


def test_every_combination_of_facts_has_a_state_and_ends_are_final():
    names = [
        "is_withdrawn",
        "is_refused",
        "is_host_refused",
        "has_place",
        "has_lost_place",
        "has_arrived",
        "is_listed",
    ]
    for values in itertools.product([False, True], repeat=len(names)):
        facts = dict(zip(names, values, strict=True))
        state = decide_state(ApplicationFacts(**facts))
        ended = any(
            facts[name] for name in ("is_withdrawn", "is_refused", "is_host_refused", "has_lost_place")
        )
        assert state.has_ended == ended
