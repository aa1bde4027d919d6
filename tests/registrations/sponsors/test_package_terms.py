"""What the public pages of packages say about VAT and cancellation before a package is ordered."""

import pytest

from tests.registrations.sponsors.factories import make_package

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["/en/events/congress/sponsors/", "/en/events/congress/sponsors/gold/"])
def text(request, event, client) -> str:
    """Return the text of the page with all packages, and of the form."""
    make_package(event)
    event.contact_email = "team@x.fr"
    event.save()
    return " ".join(client.get(request.param).text.split())


def test_price_without_vat_and_vat_are_stated(text):
    assert "€1,000 excl. VAT + €200 VAT (20%)" in text


def test_cancellation_terms_name_the_contact(text):
    assert "A package cannot be cancelled online. To cancel, write to team@x.fr." in text


def test_cancellation_terms_name_the_refund(text):
    assert "If they agree, nothing more is due and what was paid is refunded." in text
