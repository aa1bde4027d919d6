"""SIREN and VAT numbers that buyers type at the checkout."""

import pytest

from registrations.billing.receivables import sync_receivable
from registrations.billing.tax_number import InvalidTaxNumber, TaxNumber, parse_tax_number
from registrations.booking.place_order import place_order
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_event, make_ticket

VALID = [
    ("", "FR", TaxNumber()),
    ("732 829 320", "FR", TaxNumber("732829320")),
    ("73282932000074", "FR", TaxNumber("732829320")),
    ("fr 44 732 829 320", "FR", TaxNumber("732829320", "FR44732829320")),
    ("732 829 320", "RE", TaxNumber("732829320")),
    ("FR44732829320", "GP", TaxNumber("732829320", "FR44732829320")),
    ("DE 136 695 976", "DE", TaxNumber("", "DE136695976")),
    ("CHE-123.456.788", "CH", TaxNumber("", "CHE123456788")),
]


@pytest.mark.parametrize(("text", "country", "expected"), VALID)
def test_tax_number_is_parsed_regardless_of_spacing(text, country, expected):
    assert parse_tax_number(text, country=country) == expected


@pytest.mark.parametrize("text", ["732829321", "FR45732829320", "acheteur", "73282932000075"])
def test_mistyped_tax_number_is_refused(text):
    with pytest.raises(InvalidTaxNumber):
        parse_tax_number(text, country="FR")


@pytest.mark.parametrize(("text", "country"), [("732829321", "MQ"), ("CHE-123.456.788 " * 2, "CH")])
def test_invalid_overseas_or_overlong_number_is_refused(text, country):
    with pytest.raises(InvalidTaxNumber):
        parse_tax_number(text, country=country)


@pytest.mark.django_db
def test_tax_number_of_order_is_copied_to_receivable():
    event = make_event()
    make_ticket(event, price=12_000)
    billing = BillingDetails(
        name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR", tax_number="FR44732829320"
    )
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller")
    request = OrderRequest(email="b@example.org", places=(place,), billing=billing)

    order = place_order(event=event, request=request, context=make_verified_context())

    receivable = sync_receivable(order)
    assert receivable.siren == "732829320"
    assert receivable.vat_number == "FR44732829320"
