"""Electronic invoices, checked against published rules, a PDF/A validator and sums computed here."""

import datetime
import io
from decimal import Decimal

import pdf_oxide
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader

from registrations.invoices.documents.cii_xml import NAMESPACES, render_cii
from registrations.invoices.documents.completeness import InvalidInvoice
from registrations.invoices.documents.credit_notes import credit_invoice, credit_invoice_amount
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Invoice, InvoicePdf, Issuer, NumberSeries, Receivable
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.orders import charges
from tests.registrations.invoices.rules import EUROPEAN, FRENCH, breaches

pytestmark = [pytest.mark.django_db, pytest.mark.once]
EVERYTHING = {
    "subject": "La Convention 2027",
    "service_from": datetime.date(2027, 6, 15),
    "service_to": datetime.date(2027, 6, 16),
    "purchase_order": "BC-2027-778",
    "service_code": "SERV-12",
    "engagement_number": "EJ-2027-5",
    "vat_number": "FR59542051180",
}
MIXED = [
    ChargeItem("guest", "Billet Invité", 12_000, 2000, quantity=3),
    ChargeItem("dinner", "Dîner", 6_500, 1000),
    ChargeItem("dues", "Cotisation 2027", 35_000, 0, exemption="VATEX-EU-132-1L"),
    ChargeItem("course", "Formation", 9_900, 0, exemption="VATEX-EU-132-1I"),
]


def said(document: Invoice, path: str) -> list[str]:
    """Return the texts of these elements in a document's XML."""
    return etree.fromstring(render_cii(document)).xpath(f"{path}/text()", namespaces=NAMESPACES)


def amount(document: Invoice, name: str) -> Decimal:
    """Return one amount of the XML, in units of the currency."""
    [text] = said(document, f"//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:{name}")
    return Decimal(text)


def require_sums(document: Invoice) -> None:
    """Recompute all sums of the XML from its lines."""
    lines = [Decimal(text) for text in said(document, "//ram:LineTotalAmount")[: document.line_count]]
    taxes = [Decimal(text) for text in said(document, "//ram:CalculatedAmount")]
    bases = [Decimal(text) for text in said(document, "//ram:BasisAmount")]
    assert sum(lines) == amount(document, "LineTotalAmount") == sum(bases)
    assert sum(taxes) == amount(document, "TaxTotalAmount")
    assert sum(bases) + sum(taxes) == amount(document, "GrandTotalAmount") == Decimal(document.total) / 100


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("vat_due", ["collection", "debits"])
def test_every_kind_of_document_follows_european_and_french_rules(issuer, language, vat_due):
    Issuer.objects.update(vat_due=vat_due)
    receivable = make_receivable(*MIXED, language=language, **EVERYTHING)
    deposit = issue_deposit_invoice(receivable=receivable, amount=20_000)
    record_payment(receivable=receivable, amount=20_000, method="transfer")
    invoice = issue_invoice(receivable=receivable)
    discount = credit_invoice_amount(invoice=invoice, amount=1_000, reason="geste commercial")

    rest = credit_invoice(invoice=invoice, reason="annulé")

    for document in (deposit, invoice, discount, rest):
        assert breaches(render_cii(document), EUROPEAN) == []
        assert breaches(render_cii(document), FRENCH) == []
        require_sums(document)
    assert [said(document, "//ram:TypeCode")[0] for document in (deposit, invoice, rest)] == [
        "386",
        "380",
        "381",
    ]
    assert said(rest, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == [invoice.number]
    assert said(invoice, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == [deposit.number]
    assert said(invoice, "//ram:BuyerReference") == ["SERV-12"]
    assert said(invoice, "//ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID") == ["EJ-2027-5"]


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(charges(), st.data())
def test_documents_of_any_order_are_valid_and_sums_agree(issuer, things, data):
    receivable = make_receivable(*things)
    owed = sum(thing.quantity * thing.unit_price for thing in things)
    documents = []
    if owed and data.draw(st.booleans(), "deposit"):
        documents.append(issue_deposit_invoice(receivable=receivable, amount=data.draw(st.integers(1, owed))))
    if owed and data.draw(st.booleans(), "paid"):
        record_payment(receivable=receivable, amount=data.draw(st.integers(1, 2 * owed)), method="card")
    invoice = issue_invoice(receivable=receivable)
    documents.append(invoice)
    if invoice.total and data.draw(st.booleans(), "discount"):
        cents = data.draw(st.integers(1, invoice.total))
        documents.append(credit_invoice_amount(invoice=invoice, amount=cents, reason="geste"))

    documents.append(credit_invoice(invoice=invoice, reason="annulé"))

    for document in documents:
        assert breaches(render_cii(document)) == []
        require_sums(document)
    assert sum(document.sign * document.total for document in documents if document.kind != "deposit") == 0
    assert sum(document.sign * document.vat for document in documents if document.kind != "deposit") == 0


@pytest.mark.parametrize("number", ["59542051180", "fr 59 542051180", "inconnu", "123 456", "EL123456789"])
def test_malformed_buyer_number_does_not_invalidate_document(issuer, number):
    document = issue_invoice(receivable=make_receivable(vat_number=number, siren=number))

    assert breaches(render_cii(document), EUROPEAN) == []
    assert breaches(render_cii(document), FRENCH) == []


def test_document_is_valid_without_buyer_and_seller_numbers(issuer):
    Issuer.objects.update(vat_number="", iban="", bic="", siret="", legal_form="", email="")
    things = [ChargeItem("dues", "Cotisation", 35_000, 0, exemption="VATEX-FR-FRANCHISE")]

    document = issue_invoice(receivable=make_receivable(*things, siren="", street="", postcode="", city=""))

    assert breaches(render_cii(document)) == []


@pytest.mark.parametrize(
    "wrong", [{"country": "fr"}, {"country": "XX"}, {"country": ""}, {"name": " "}, {"currency": "eur"}]
)
def test_invoice_with_invalid_buyer_or_currency_is_not_issued(issuer, wrong):
    receivable = make_receivable()
    Receivable.objects.update(**wrong)

    with pytest.raises(InvalidInvoice):
        issue_invoice(receivable=receivable)
    assert Invoice.objects.count() == 0
    assert NumberSeries.objects.count() == 0


def test_pdf_is_valid_pdf_a_with_embedded_xml(issuer, tmp_path):
    receivable = make_receivable(*MIXED, language="en", **EVERYTHING)
    document = issue_invoice(receivable=receivable)
    paper = get_invoice_pdf(document)
    file = tmp_path / "invoice.pdf"
    file.write_bytes(paper)

    verdict = pdf_oxide.PdfDocument(str(file)).validate_pdf_a("3b")

    assert verdict["valid"] is True
    assert verdict["errors"] == []

    reader = PdfReader(io.BytesIO(paper))

    assert reader.attachments == {"factur-x.xml": [render_cii(document)]}
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/OutputIntents"][0]["/DestOutputProfile"]["/N"] == 3
    assert root["/AF"][0]["/AFRelationship"] == "/Alternative"

    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]

    assert fonts
    assert [descriptor for descriptor in descriptors if "/FontFile2" not in descriptor] == []


def test_pdf_is_rendered_once_and_stored(issuer):
    document = issue_invoice(receivable=make_receivable())
    first = get_invoice_pdf(document)

    assert get_invoice_pdf(document) == first
    assert InvoicePdf.objects.count() == 1


LONG_DESCRIPTION = (
    "Billet pour une personne dont le titre est long, avec tout ce qu’il comprend et ce qu’il ne comprend pas"
)
MENTIONS = {
    "fr": [
        "Facture F", "TVA à 10 % sur 59,09 €", "Pénalités de retard", "40 €", "Pas d’escompte",
        "prestation de services",
        "Exonération de TVA, article 261-4-9° du CGI", "732 829 320", "FR44732829320", "542 051 180",
        "Total TTC", "À payer par virement", "Échéance", "EJ-2027-5", "SERV-12",
    ],
    "en": [
        "Invoice", "VAT at 10% on €59.09", "Late payment penalties", "€40", "No discount",
        "supply of services", "Exempt from VAT, article 261-4-9°", "732 829 320", "Total with VAT", "Due",
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pdf_contains_legal_mentions(issuer, language):
    document = issue_invoice(receivable=make_receivable(*MIXED, language=language, **EVERYTHING))
    reader = PdfReader(io.BytesIO(get_invoice_pdf(document)))
    text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())

    missing = [mention for mention in MENTIONS[language] if mention not in text]

    assert missing == []


def test_long_invoice_repeats_table_header_and_page_number(issuer):
    things = [
        ChargeItem(f"t{number}", f"{LONG_DESCRIPTION} n° {number}", 12_000, 2000) for number in range(60)
    ]
    document = issue_invoice(receivable=make_receivable(*things))
    reader = PdfReader(io.BytesIO(get_invoice_pdf(document)))

    pages = [" ".join(page.extract_text().split()) for page in reader.pages]

    assert len(pages) > 2
    assert [f"{number}/{len(pages)}" in page for number, page in enumerate(pages, 1)] == [True] * len(pages)
    assert [("Quantité" in page) for page in pages[:-1]] == [True] * (len(pages) - 1)


def test_invoice_paid_before_is_marked_as_paid(issuer):
    receivable = make_receivable()
    record_payment(
        receivable=receivable, amount=12_000, method="card", received_on=datetime.date(2026, 11, 3)
    )

    document = issue_invoice(receivable=receivable)

    [page] = PdfReader(io.BytesIO(get_invoice_pdf(document))).pages
    assert "Acquittée le 3 novembre 2026" in " ".join(page.extract_text().split())
    assert amount(document, "DuePayableAmount") == 0


@pytest.mark.parametrize(("language", "country"), [("fr", "États-Unis"), ("en", "United States")])
def test_free_invoice_shows_country_but_no_bank_details(issuer, language, country):
    offered = ChargeItem("guest", "Billet offert", 0, 2000)
    document = issue_invoice(receivable=make_receivable(offered, language=language, country="US", siren=""))
    [page] = PdfReader(io.BytesIO(get_invoice_pdf(document))).pages

    said = page.extract_text()

    assert country in said
    assert "IBAN" not in said
