"""Services to a business in another EU country: no VAT on the invoice, which says so and is valid."""

import pytest
from django.urls import reverse
from django.utils import translation
from lxml import etree, html

from registrations.invoices.accounting.journal_entries import build_entries
from registrations.invoices.documents.cii_xml import NAMESPACES, render_cii
from registrations.invoices.documents.completeness import InvalidInvoice
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.ledger.manual_charges import derive_manual_reference
from registrations.invoices.membership_dues import make_membership_key, record_dues
from registrations.invoices.models import Issuer, Receivable
from registrations.invoices.reverse_charge import (
    TaxedPrice,
    apply_reverse_charge,
    find_vat_country,
    is_reverse_charged,
)
from registrations.invoices.vat_exemptions import DUES_EXEMPTION, REVERSE_CHARGE
from tests.factories import make_company, make_membership
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.rules import EUROPEAN, FRENCH, breaches

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BELGIAN_NUMBER = "BE0403019261"
BELGIAN_BUYER = {"country": "BE", "vat_number": BELGIAN_NUMBER, "siren": "", "city": "Bruxelles"}
PACKAGE = ChargeItem("gold", "Pack Or", 100_000, 0, exemption=REVERSE_CHARGE)
DUES = ChargeItem("dues", "Cotisation", 35_000, 0, exemption=DUES_EXEMPTION)


def read_xml(document, path: str) -> list[str]:
    """Return the texts of these elements in a document's XML."""
    return etree.fromstring(render_cii(document)).xpath(f"{path}/text()", namespaces=NAMESPACES)


@pytest.mark.parametrize(
    ("country", "vat_number", "expected"),
    [
        ("BE", BELGIAN_NUMBER, True),
        ("GR", "EL094259216", True),
        ("BE", "", False),
        # The check digits are wrong.
        ("BE", "BE0403019262", False),
        # A number of another state than the address.
        ("DE", BELGIAN_NUMBER, False),
        ("FR", "FR82542051180", False),
        ("CH", "CHE107787577MWST", False),
        ("GB", "XI110305878", False),
    ],
)
def test_reverse_charge_needs_a_valid_number_of_another_eu_country(issuer, country, vat_number, expected):
    assert is_reverse_charged(issuer=issuer, country=country, vat_number=vat_number) is expected


def test_reverse_charge_needs_the_number_of_the_issuer(issuer):
    Issuer.objects.update(vat_number="")

    assert not is_reverse_charged(issuer=Issuer.get_current(), country="BE", vat_number=BELGIAN_NUMBER)


def test_greek_numbers_begin_with_el():
    assert find_vat_country("EL 094259216") == "GR"


def test_price_loses_its_vat(issuer):
    price = TaxedPrice(120_000, 2000)

    charged = apply_reverse_charge(price, issuer=issuer, country="BE", vat_number=BELGIAN_NUMBER)

    assert charged == TaxedPrice(100_000, 0, REVERSE_CHARGE)


def test_exempt_price_stays_exempt(issuer):
    price = TaxedPrice(35_000, 0, DUES_EXEMPTION)

    assert apply_reverse_charge(price, issuer=issuer, country="BE", vat_number=BELGIAN_NUMBER) == price


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("vat_due", ["collection", "debits"])
def test_documents_with_reverse_charge_follow_european_and_french_rules(issuer, language, vat_due):
    Issuer.objects.update(vat_due=vat_due)
    receivable = make_receivable(PACKAGE, language=language, **BELGIAN_BUYER)
    deposit = issue_deposit_invoice(receivable=receivable, amount=20_000)
    invoice = issue_invoice(receivable=receivable)

    credit_note = credit_invoice(invoice=invoice, reason="annulé")

    for document in (deposit, invoice, credit_note):
        assert breaches(render_cii(document), EUROPEAN) == []
        assert breaches(render_cii(document), FRENCH) == []
        assert set(read_xml(document, "//ram:CategoryCode")) == {"AE"}
        assert read_xml(document, "//ram:ExemptionReasonCode") == [REVERSE_CHARGE]
        assert document.vat == 0


def test_exempt_line_has_a_vat_total_of_its_own(issuer):
    receivable = make_receivable(PACKAGE, DUES, **BELGIAN_BUYER)

    document = issue_invoice(receivable=receivable)

    assert breaches(render_cii(document), EUROPEAN) == []
    totals = "//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax"
    assert read_xml(document, f"{totals}/ram:CategoryCode") == ["E", "AE"]
    assert read_xml(document, f"{totals}/ram:BasisAmount") == ["350.00", "1000.00"]


def test_invoice_states_reverse_charge_and_buyers_number(issuer):
    document = issue_invoice(receivable=make_receivable(PACKAGE, language="en", **BELGIAN_BUYER))

    text = " ".join(pdf_text(get_invoice_pdf(document)).split())

    assert "Reverse charge: VAT payable by the customer, article 283-2" in text
    assert "Total without VAT" in text
    assert "Total with VAT" not in text
    assert "article 196 of Directive 2006/112/EC" in text
    assert BELGIAN_NUMBER in text
    assert "exempt" not in text.lower()


@pytest.mark.parametrize("changes", [{"vat_number": ""}, {"country": "FR"}, {"vat_number": "BE0403019262"}])
def test_invoice_with_reverse_charge_is_refused_without_buyers_number(issuer, changes):
    receivable = make_receivable(PACKAGE, **{**BELGIAN_BUYER, **changes})

    with pytest.raises(InvalidInvoice):
        issue_invoice(receivable=receivable)


def test_invoice_is_credited_after_buyers_number_was_removed(issuer):
    document = issue_invoice(receivable=make_receivable(PACKAGE, **BELGIAN_BUYER))
    Receivable.objects.update(vat_number="")

    credit_note = credit_invoice(invoice=document, reason="annulé")

    assert credit_note.total == 100_000


def test_taxed_dues_of_a_company_in_another_eu_country_have_reverse_charge(issuer):
    company = make_company(name="Nuage", country="BE", vat_number=BELGIAN_NUMBER)
    membership = make_membership(company, dues_cents=480_000, vat_rate=2000)

    record_dues(membership)

    receivable = Receivable.objects.get(reference=derive_manual_reference(make_membership_key(membership)))
    charge = receivable.charges.get()
    assert charge.unit_price == 400_000
    assert charge.exemption == REVERSE_CHARGE


def test_list_of_memberships_states_the_dues_to_invoice(issuer, treasurer):
    company = make_company(name="Nuage", country="BE", vat_number=BELGIAN_NUMBER)
    make_membership(company, dues_cents=480_000, vat_rate=2000)

    page = treasurer.get("/en/organize/money/memberships/").text

    assert "€4,000.00" in page
    assert "€4,800.00" not in page


def test_sales_with_reverse_charge_have_their_own_account(issuer):
    document = issue_invoice(receivable=make_receivable(PACKAGE, DUES, **BELGIAN_BUYER))

    [entry] = build_entries(issuer, document.issued_on, document.issued_on)

    amounts = {side.account: side.amount_cents for side in entry.sides}
    assert amounts[issuer.account_reverse_charge] == -100_000
    assert amounts[issuer.account_exempt] == -35_000
    assert issuer.account_reverse_charge != issuer.account_exempt


@pytest.mark.parametrize("page", ["receivable", "receivable-issue"])
def test_pages_name_the_reverse_charge_instead_of_a_rate(issuer, treasurer, page):
    receivable = make_receivable(PACKAGE, DUES, **BELGIAN_BUYER)

    with translation.override("en"):
        answer = treasurer.get(reverse(page, args=[receivable.reference]))

    cells = html.fromstring(answer.content).xpath("//td[@data-label='VAT']")
    assert [cell.text_content() for cell in cells] == ["reverse charge", "exempt"]


def test_vat_report_names_the_reverse_charge(issuer, treasurer):
    Issuer.objects.update(vat_due="debits")
    document = issue_invoice(receivable=make_receivable(PACKAGE, **BELGIAN_BUYER))

    with translation.override("en"):
        days = {"first": document.issued_on, "last": document.issued_on}
        answer = treasurer.get(reverse("accounting"), days)

    [row] = html.fromstring(answer.content).xpath("//th[contains(., 'article 283-2')]")
    assert row.text == "reverse charge"
