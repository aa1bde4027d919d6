"""Fixtures of invoice tests."""

import pytest
from django.test import Client

from convention.club.models import ClubRole
from registrations.invoices.models import Issuer
from tests.factories import make_person
from tests.registrations.invoices.factories import make_issuer
from tests.site_objects import make_client


@pytest.fixture
def issuer(db) -> Issuer:
    """Return an issuer with valid, invented identifiers."""
    return make_issuer()


@pytest.fixture
def treasurer(db) -> Client:
    """Return the treasurer's signed-in client."""
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)
    return make_client(person)
