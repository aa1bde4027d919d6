"""What tests of invoices may use."""

import pytest

from registrations.invoices.models import Issuer

from .makers import make_issuer


@pytest.fixture
def issuer(db) -> Issuer:
    """The club as it invoices, with numbers that are valid and invented."""
    return make_issuer()
