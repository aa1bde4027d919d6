"""What tests of invoices may use."""

import pytest

from registrations.invoices.models import Issuer


@pytest.fixture
def issuer(db) -> Issuer:
    """The club as it invoices, with numbers that are valid and invented."""
    return make_issuer()


def make_issuer(**fields) -> Issuer:
    """Who invoices."""
    values = {
        "legal_name": "Club des infrastructures",
        "legal_form": "Association loi 1901",
        "street": "12 rue de la Paix",
        "postcode": "75002",
        "city": "Paris",
        "siren": "732829320",
        "siret": "73282932000074",
        "vat_number": "FR44732829320",
        "iban": "FR1420041010050500013M02606",
        "bic": "PSSTFRPPXXX",
        "email": "tresorerie@club.example",
    }
    return Issuer.objects.create(pk=1, **{**values, **fields})
