"""Addresses that look alike to a database or to Python, but belong to different people."""

import pytest

from convention.accounts.second_factors import reset_second_factor
from convention.club.models import Person
from convention.errors import NotFound
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email
from tests.factories import make_person

BOSS = "boss@firm-risk.example"
ALIKE = ("boss@fırm-risk.example", "boss@firm-riſk.example", "boss@firm-ris\u212a.example")


@pytest.mark.parametrize("alike", ALIKE)
def test_only_the_capitals_of_ascii_are_the_same(alike: str):
    assert is_same_email(BOSS, "Boss@Firm-Risk.EXAMPLE")
    assert not is_same_email(BOSS, alike)
    assert not is_same_email("", "")
    assert normalize_email("A@É.example") == "a@É.example"
    assert not is_same_email(None, BOSS)


@pytest.mark.django_db
@pytest.mark.parametrize("alike", ALIKE)
def test_rows_are_found_by_their_own_address(alike: str):
    boss = make_person(email=BOSS)
    assert filter_by_email(Person.objects.order_by("pk"), BOSS.upper()) == [boss]
    assert filter_by_email(Person.objects.order_by("pk"), alike) == []
    with pytest.raises(NotFound):
        reset_second_factor(email=alike)
