"""Lookups that ignore case do so for accented letters, on both databases."""

import pytest
from django.db.models import CharField, F, Value

from convention.club.models import Company
from tests.factories import make_company

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("lookup", "text"),
    [
        ("iexact", "Électricité de l’ouest"),
        ("icontains", "électricité"),
        ("icontains", "ÉLECTRICITÉ"),
        ("istartswith", "électri"),
        ("iendswith", "L’OUEST"),
    ],
)
def test_lookup_ignores_the_case_of_accented_letters(lookup, text):
    company = make_company(name="ÉLECTRICITÉ de l’Ouest")
    make_company(name="Other")

    found = Company.objects.filter(**{f"name__{lookup}": text})

    assert list(found) == [company]


@pytest.mark.parametrize("text", ["100%", "a_b", "a\\b"])
def test_characters_of_patterns_are_found_as_such(text):
    company = make_company(name=f"É {text} É")
    make_company(name="É 100x aXb É")

    assert list(Company.objects.filter(name__icontains=f"é {text}")) == [company]


def test_lookup_compares_two_expressions():
    company = make_company(name="ÉLECTRICITÉ", city="élec")
    make_company(name="ÉOLIEN", city="élec")

    assert list(Company.objects.filter(name__icontains=F("city"))) == [company]


def test_null_is_not_found():
    make_company()

    found = Company.objects.alias(empty=Value(None, output_field=CharField(null=True)))

    assert not found.filter(empty__icontains="n").exists()
