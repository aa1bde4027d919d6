"""Addresses that look alike to a database or to Python, and are two people’s."""

import pytest

from convention.accounts.reset_factor import reset_second_factor
from convention.addresses import folded, having, same
from convention.club.models import Person
from convention.errors import NotFound
from tests.factories import make_person

BOSS = "boss@firm-risk.example"
ALIKE = ("boss@fırm-risk.example", "boss@firm-riſk.example", "boss@firm-ris\u212a.example")


@pytest.mark.parametrize("alike", ALIKE)
def test_only_the_capitals_of_ascii_are_the_same(alike: str):
    assert (same(BOSS, "Boss@Firm-Risk.EXAMPLE"), same(BOSS, alike), same("", "")) == (True, False, False)
    assert (folded("A@É.example"), same(None, BOSS)) == ("a@É.example", False)


@pytest.mark.django_db
@pytest.mark.parametrize("alike", ALIKE)
def test_rows_are_found_by_their_own_address(alike: str):
    boss = make_person(email=BOSS)
    assert having(Person.objects.order_by("pk"), BOSS.upper()) == [boss]
    assert having(Person.objects.order_by("pk"), alike) == []
    with pytest.raises(NotFound):
        reset_second_factor(email=alike)
