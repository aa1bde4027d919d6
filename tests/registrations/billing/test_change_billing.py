"""Billing details that the buyer or the company's contact changes before the invoice is issued."""

import pytest
from django.urls import reverse

from convention.audit.models import AuditEntry
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models.documents import Receivable
from registrations.models import Order
from registrations.permissions import make_own_secret
from tests.registrations.company.factories import BILLING, make_desk, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NEW_BILLING = {
    **BILLING,
    "billing_name": "Comptabilité",
    "billing_city": "Rennes",
    "billing_tax_number": "542051180",
    "purchase_order": "PO-78",
}


@pytest.fixture
def desk():
    desk = make_desk()
    make_issuer()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    return desk


def build_paths(desk) -> dict[str, str]:
    order = Order.objects.get()
    return {
        "company": f"{desk.at}/orders/{order.reference}/billing/",
        "buyer": reverse("order-billing", args=[order.reference, order.manage_secret]),
    }


@pytest.mark.parametrize("reader", ["company", "buyer"])
def test_billing_details_are_changed_on_order_and_receivable(desk, reader):
    sync_receivable(Order.objects.get())

    response = desk.client.post(build_paths(desk)[reader], NEW_BILLING)

    assert response.status_code == 302
    order = Order.objects.get()
    assert order.purchase_order == "PO-78"
    assert order.billing_name == "Comptabilité"
    receivable = Receivable.objects.get()
    assert receivable.name == "Comptabilité"
    assert receivable.city == "Rennes"
    assert receivable.siren == "542051180"
    assert receivable.purchase_order == "PO-78"


def test_change_is_recorded_with_its_fields(desk):
    desk.client.post(build_paths(desk)["company"], NEW_BILLING)

    entry = AuditEntry.objects.get(verb="order.change_billing")
    assert entry.fields == ["billing_name", "billing_city", "billing_tax_number", "purchase_order"]


def test_form_shows_details_corrected_by_treasurer(desk):
    sync_receivable(Order.objects.get())
    Receivable.objects.update(name="Mairie", vat_number="FR82542051180")

    form = desk.client.get(build_paths(desk)["company"]).context["billing"]

    assert form["billing_name"].value() == "Mairie"
    assert form["billing_tax_number"].value() == "FR82542051180"


def test_unchanged_tax_number_leaves_identifiers_of_treasurer(desk):
    sync_receivable(Order.objects.get())
    Receivable.objects.update(vat_number="DE136695976", siren="542051180")

    desk.client.post(
        build_paths(desk)["company"],
        {**NEW_BILLING, "billing_country": "DE", "billing_tax_number": "DE136695976"},
    )

    assert Receivable.objects.get().siren == "542051180"


@pytest.mark.parametrize("reader", ["company", "buyer"])
def test_details_cannot_be_changed_once_invoiced(desk, reader):
    issue_invoice(receivable=sync_receivable(Order.objects.get()))

    response = desk.client.post(build_paths(desk)[reader], NEW_BILLING)

    assert response.status_code == 404
    assert Receivable.objects.get().purchase_order == "PO-77"


@pytest.mark.parametrize("is_invoiced", [False, True])
def test_pages_offer_the_change_until_the_order_is_invoiced(desk, is_invoiced):
    order = Order.objects.get()
    if is_invoiced:
        issue_invoice(receivable=sync_receivable(order))
    paths = build_paths(desk)

    company_page = desk.client.get(f"{desk.at}/orders/{order.reference}/").text
    buyer_page = desk.client.get(order.manage_path).text

    assert (paths["company"] in company_page) is not is_invoiced
    assert (paths["buyer"] in buyer_page) is not is_invoiced


def test_attendees_link_does_not_open_billing_details(client, desk):
    order = Order.objects.get()
    own_secret = make_own_secret(order.registrations.get())

    response = client.get(reverse("order-billing", args=[order.reference, own_secret]))

    assert response.status_code == 404


def test_incomplete_details_are_reported_and_not_saved(desk):
    response = desk.client.post(build_paths(desk)["company"], {**NEW_BILLING, "billing_city": ""})

    assert list(response.context["billing"].errors) == ["billing_city"]
    assert Order.objects.get().billing_name == "Direction des achats"


@pytest.mark.parametrize("postcode", ["3500", "35000B", "750012"])
def test_french_postcode_must_have_five_digits(desk, postcode):
    answer = desk.client.post(
        f"/en{build_paths(desk)['buyer']}", NEW_BILLING | {"billing_postcode": postcode}
    )

    assert "A French postcode has 5 digits" in answer.text


@pytest.mark.parametrize(
    ("country", "typed", "saved"),
    [("FR", "35 000", "35000"), ("BE", "1000", "1000"), ("GB", "N1 9GU", "N1 9GU")],
)
def test_postcode_is_checked_by_country(desk, country, typed, saved):
    values = {"billing_postcode": typed, "billing_country": country, "billing_tax_number": ""}
    desk.client.post(build_paths(desk)["buyer"], NEW_BILLING | values)

    assert Order.objects.get().billing_postcode == saved


def test_pages_show_foreign_country_and_tax_number(desk):
    desk.client.post(build_paths(desk)["buyer"], NEW_BILLING | {"billing_tax_number": "542051180"})
    Order.objects.update(billing_country="BE")
    order = Order.objects.get()

    page = desk.client.get(f"/en{order.manage_path}").text

    assert "Belgium" in page
    assert "SIREN or VAT number 542051180" in page


def test_company_page_shows_tax_number(desk):
    desk.client.post(build_paths(desk)["buyer"], NEW_BILLING)

    page = desk.client.get(f"/en{desk.at}/orders/{Order.objects.get().reference}/").text

    assert "SIREN or VAT number 542051180" in page
