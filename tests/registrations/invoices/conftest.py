"""What tests of invoices may use."""

import pytest
from django.test import Client

from convention.club.models import ClubRole
from registrations.invoices.models import Issuer
from tests.doors import client_of
from tests.factories import make_person

from .makers import make_issuer


@pytest.fixture
def issuer(db) -> Issuer:
    """The club as it invoices, with numbers that are valid and invented."""
    return make_issuer()


@pytest.fixture
def treasurer(db) -> Client:
    """The treasurer's browser."""
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)
    return client_of(person)
