"""The pure rules: neutrality, conflicts of interest, and scores."""

from fractions import Fraction

import pytest

from schedule.proposals.interests import InterestKind, PartyInterests, find_conflict
from schedule.proposals.neutrality import SpeakerEmployer, find_neutrality_objections
from schedule.proposals.reviews import calculate_mean_score, calculate_review_score

VENDOR = SpeakerEmployer("Vera", "Nuage", is_vendor_employee=True)
CUSTOMER = SpeakerEmployer("Cléo", "Acme", is_vendor_employee=False)
NO_COMPANY = SpeakerEmployer("Noé", "", is_vendor_employee=False)


@pytest.mark.parametrize(
    ("speakers", "customer", "fields"),
    [
        ([CUSTOMER], None, set()),
        ([NO_COMPANY], None, set()),
        ([VENDOR], None, {"is_case_study", "speakers"}),
        ([VENDOR, CUSTOMER], None, {"is_case_study"}),
        ([VENDOR], "Acme", {"speakers"}),
        ([VENDOR, NO_COMPANY], "Acme", {"speakers"}),
        ([VENDOR, CUSTOMER], "", {"customer"}),
        ([VENDOR, CUSTOMER], "Acme", set()),
        ([CUSTOMER, VENDOR], "Acme", set()),
    ],
)
def test_vendor_may_speak_only_with_a_customer_in_a_case_study(speakers, customer, fields):
    errors = find_neutrality_objections(speakers, customer=customer)

    assert set(errors) == fields


@pytest.mark.parametrize(
    ("email", "employers", "kind"),
    [
        ("rita@example.org", {"acme"}, InterestKind.SPEAKER),
        ("bob@else.example", {"acme"}, InterestKind.EMPLOYER),
        ("bob@example.org", {"nuage"}, InterestKind.DOMAIN),
        ("bob@else.example", {"nuage"}, None),
        ("", set(), None),
    ],
)
def test_strongest_conflict_of_interest_is_returned(email, employers, kind):
    speaker = PartyInterests("rita@example.org", frozenset({"acme"}))

    assert find_conflict(PartyInterests(email, frozenset(employers)), [speaker]) == kind


def test_same_public_mail_domain_is_no_conflict():
    speaker = PartyInterests("rita@gmail.com", frozenset())

    assert find_conflict(PartyInterests("bob@gmail.com", frozenset()), [speaker]) is None


def test_a_score_is_weighted_by_criterion():
    assert calculate_review_score({1: 5, 2: 1}, {1: 3, 2: 1}) == Fraction(4)
    assert calculate_review_score({1: 5, 9: 1}, {1: 3, 2: 1}) == Fraction(5)
    assert calculate_review_score({}, {1: 3}) is None


def test_reviews_without_a_score_do_not_lower_the_mean():
    assert calculate_mean_score([Fraction(4), None, Fraction(3)]) == Fraction(7, 2)
    assert calculate_mean_score([None]) is None
