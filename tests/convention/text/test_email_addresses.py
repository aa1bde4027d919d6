"""Addresses that a database or Python may treat as equal, but that belong to different people."""

import pytest

from convention.accounts.second_factors import reset_second_factor
from convention.club.models import Person
from convention.errors import NotFound
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email
from tests.factories import make_person

BOSS = "boss@firm-risk.example"
LOOKALIKES = ("boss@fırm-risk.example", "boss@firm-riſk.example", "boss@firm-ris\u212a.example")


@pytest.mark.parametrize("alike", LOOKALIKES)
def test_only_ascii_case_is_ignored(alike: str):
    assert is_same_email(BOSS, "Boss@Firm-Risk.EXAMPLE")
    assert not is_same_email(BOSS, alike)
    assert not is_same_email("", "")
    assert normalize_email("A@É.example") == "a@É.example"
    assert not is_same_email(None, BOSS)


@pytest.mark.django_db
@pytest.mark.parametrize("alike", LOOKALIKES)
def test_filter_by_email_does_not_match_lookalike_addresses(alike: str):
    boss = make_person(email=BOSS)

    assert filter_by_email(Person.objects.order_by("pk"), BOSS.upper()) == [boss]
    assert filter_by_email(Person.objects.order_by("pk"), alike) == []
    with pytest.raises(NotFound):
        reset_second_factor(email=alike)
