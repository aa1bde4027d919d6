"""Packages for sponsors in another EU country: the price without VAT is shown, then ordered and invoiced."""

import pytest
from django.urls import reverse
from django.utils import translation

from registrations.billing.change_billing import PriceWouldChange, change_billing_details
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models import Quotation
from registrations.invoices.vat_exemptions import DUES_EXEMPTION, REVERSE_CHARGE
from registrations.models import Order, Sponsorship
from registrations.order_request import BillingDetails
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.registrations.sponsors.test_sponsors import SPONSOR_FORM

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BELGIAN_FORM = SPONSOR_FORM | {"billing_country": "BE", "billing_tax_number": "BE 0403.019.261"}
BELGIAN_BILLING = BillingDetails(
    name="Acme NV",
    street="1 quai",
    postcode="1000",
    city="Bruxelles",
    country="BE",
    tax_number="BE0403019261",
)


@pytest.fixture
def package(event):
    make_issuer()
    return make_package(event)


@pytest.fixture
def address(package) -> str:
    with translation.override("en"):
        return reverse("sponsor-order", args=["congress", "gold"])


def test_price_without_vat_is_shown_before_package_is_taken(client, address):
    page = client.post(address, BELGIAN_FORM)

    assert "With this VAT number the price is €1,000, without VAT" in page.text
    assert "Order for €1,000" in page.text
    assert "Reverse charge: VAT payable by the customer" in page.text
    assert page.context["form"]["name"].value() == "Acme"
    assert Order.objects.count() == 0


def test_organizer_reads_the_price_without_vat_before_ordering_for_a_sponsor(organizer, package):
    with translation.override("en"):
        path = reverse("organize-package-take", args=["congress", "gold"])

    page = organizer.post(path, BELGIAN_FORM)
    shown_price = page.context["cost"].amount
    organizer.post(path, BELGIAN_FORM | {"shown_price": str(shown_price)})

    assert "With this VAT number the price is €1,000, without VAT" in page.text
    assert Sponsorship.objects.get().price == shown_price == 100_000


def test_shown_price_is_ordered_and_invoiced(client, address):
    client.post(address, BELGIAN_FORM | {"shown_price": "100000"})

    sponsorship = Sponsorship.objects.get()
    invoice = issue_invoice(receivable=sync_receivable(sponsorship.order))
    assert sponsorship.order.total == 100_000
    assert sponsorship.vat_exemption == REVERSE_CHARGE
    assert invoice.total == 100_000
    assert invoice.vat == 0
    assert invoice.buyer["vat_number"] == "BE0403019261"


@pytest.mark.parametrize(("country", "tax_number"), [("FR", "FR44732829320"), ("BE", ""), ("CH", "123")])
def test_other_sponsors_pay_the_price_with_vat(client, address, country, tax_number):
    client.post(address, SPONSOR_FORM | {"billing_country": country, "billing_tax_number": tax_number})

    sponsorship = Sponsorship.objects.get()
    assert sponsorship.price == 120_000
    assert sponsorship.vat_rate == 2000


def test_package_that_is_exempt_keeps_its_price(client, address, package):
    package.vat_rate, package.vat_exemption = 0, DUES_EXEMPTION
    package.save()

    client.post(address, BELGIAN_FORM)

    sponsorship = Sponsorship.objects.get()
    assert sponsorship.price == 120_000
    assert sponsorship.vat_exemption == DUES_EXEMPTION


def test_form_says_that_a_vat_number_of_another_country_removes_the_vat(client, address):
    page = client.get(address)

    assert "Companies in another EU country pay the price without VAT" in page.text


def test_quotation_states_the_price_without_vat(client, address):
    client.post(address, BELGIAN_FORM | {"quote": "1"})

    quotation = Quotation.objects.get()
    assert quotation.total == 100_000
    assert quotation.vat == 0


def test_quoted_price_is_shown_at_once(client, address):
    client.post(address, BELGIAN_FORM | {"quote": "1"})
    quotation = Quotation.objects.get()

    page = client.get(f"{address}?quotation={quotation.link_token}")

    assert "Order for €1,000" in page.text


def test_buyer_cannot_change_to_details_that_change_the_price(package):
    order = make_sponsorship(package, has_logo=False).order

    with pytest.raises(PriceWouldChange):
        change_billing_details(order=order, billing=BELGIAN_BILLING, purchase_order="")

    order.refresh_from_db()
    assert order.billing_country == "FR"


def test_buyer_with_reverse_charge_corrects_the_street(client, address):
    client.post(address, BELGIAN_FORM | {"shown_price": "100000"})

    change_billing_details(order=Order.objects.get(), billing=BELGIAN_BILLING, purchase_order="")

    assert Order.objects.get().billing_city == "Bruxelles"


def test_refused_change_of_billing_details_is_explained_above_the_form(client, package):
    order = make_sponsorship(package, has_logo=False).order
    with translation.override("en"):
        path = reverse("order-billing", args=[order.reference, order.manage_secret])

    page = client.post(path, BELGIAN_FORM)

    assert "the price of the package would change" in page.text
