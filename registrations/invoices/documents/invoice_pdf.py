"""Lay out an issued document as A4 pages."""

import datetime
import io
from collections.abc import Callable
from typing import Any

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.text.countries import get_foreign_country_name
from convention.text.dates import format_date, format_date_range
from convention.typeset import FontWeight, PdfDocument
from registrations.invoices.formatting import (
    format_cents,
    format_iban,
    format_siren,
    format_transfer_reference,
    format_unit_price,
    format_vat_rate,
)
from registrations.invoices.models import Invoice, InvoiceLine
from registrations.invoices.vat_exemptions import REVERSE_CHARGE, VAT_EXEMPTIONS

from .pdf_layout import COLUMN_EDGES, PALE_INK_COLOR, RIGHT_BLOCK_X, SIDE_MARGIN, TABLE_WIDTH, DocumentSheets

# Functions, since the language is that of the document and not known at import.
TITLE_BY_KIND = {
    Invoice.Kind.INVOICE: lambda: _("Invoice"),
    Invoice.Kind.DEPOSIT: lambda: _("Deposit invoice"),
    Invoice.Kind.CREDIT_NOTE: lambda: _("Credit note"),
}
HALF_WIDTH = 258.0


type LabelledValues = list[tuple[str, str]]

# Penalties for late payment, the indemnity for recovery costs, and the discount (UNTDID 4451).
PAYMENT_NOTE_CODES = frozenset({"PMD", "PMT", "AAB"})


def draw_invoice(document: Invoice) -> bytes:
    """Return the PDF of an issued document in the active language."""
    title = (TITLE_BY_KIND[Invoice.Kind(document.kind)](), document.number)
    lines = list(document.lines.all())
    return draw_document(document, lines, title, list_facts(document), draw_payment_and_notes)


def get_document_title(document: Invoice) -> str:
    """Return kind and number in the active language."""
    return f"{TITLE_BY_KIND[Invoice.Kind(document.kind)]()} {document.number}"


def draw_document(
    document: Invoice,
    lines: list[InvoiceLine],
    title: tuple[str, str],
    labelled_values: LabelledValues,
    draw_end: Callable[[DocumentSheets, Invoice], None],
) -> bytes:
    """Return the PDF in the active language: header, lines, totals, then what `draw_end` draws."""
    name, language, pages = " ".join(title), translation.get_language() or "fr", 0
    # Laid out twice: the first pass counts the pages for "1/3" in the footer.
    for file in (io.BytesIO(), io.BytesIO()):
        with PdfDocument(file, title=name, language=language) as pdf:
            sheets = DocumentSheets(pdf, build_footer(document), name, pages)
            sheets.begin_page()
            draw_header(sheets, title, (document.seller, document.buyer), labelled_values)
            draw_line_table(sheets, lines)
            draw_totals(sheets, document)
            draw_end(sheets, document)
            pages = pdf.page_count
    return file.getvalue()


def build_footer(document: Invoice) -> str:
    """Return the seller's identification for the foot of each page."""
    seller = document.seller
    parts = [
        seller["legal_name"],
        seller["legal_form"],
        f"SIREN {format_siren(seller['siren'])}",
        f"SIRET {format_siren(seller['siret'])}" if seller["siret"] else "",
        _("VAT %(number)s") % {"number": seller["vat_number"]} if seller["vat_number"] else "",
    ]
    return " · ".join(part for part in parts if part)


def draw_header(
    sheets: DocumentSheets,
    title: tuple[str, str],
    parties: tuple[dict[str, str], dict[str, str]],
    labelled_values: LabelledValues,
) -> None:
    """Draw seller, title and facts, and the buyer at the position of an envelope's window."""
    seller, buyer = parties
    sheets.draw_paragraph(seller["legal_name"], FontWeight.BOLD, 13, width=HALF_WIDTH)
    for text in (*format_address(seller), seller["email"]):
        sheets.draw_paragraph(text, FontWeight.REGULAR, 8.5, width=HALF_WIDTH, color=PALE_INK_COLOR)
    left_y = sheets.y
    # The right block starts at the top again, beside the seller's.
    sheets.y = 48
    sheets.draw_paragraph(title[0], FontWeight.BOLD, 20, x=RIGHT_BLOCK_X, width=HALF_WIDTH)
    sheets.draw_paragraph(title[1], FontWeight.SEMIBOLD, 12, x=RIGHT_BLOCK_X, width=HALF_WIDTH)
    # 118 points from the top: below it the address shows in a DL envelope's window.
    sheets.y = max(left_y, sheets.y, 118) + 14
    top = sheets.y
    draw_facts(sheets, labelled_values)
    below, sheets.y = sheets.y, top
    sheets.draw_paragraph(buyer["name"], FontWeight.SEMIBOLD, 10.5, x=RIGHT_BLOCK_X, width=HALF_WIDTH)
    identifiers = [_("SIREN %(number)s") % {"number": format_siren(buyer["siren"])}] if buyer["siren"] else []
    identifiers += [_("VAT %(number)s") % {"number": buyer["vat_number"]}] if buyer["vat_number"] else []
    for text in (*format_address(buyer), *identifiers):
        sheets.draw_paragraph(text, FontWeight.REGULAR, 9.5, x=RIGHT_BLOCK_X, width=HALF_WIDTH)
    sheets.y = max(below, sheets.y) + 22


def format_address(party_data: dict[str, str]) -> list[str]:
    """Return street, city and, outside France, the country."""
    town = f"{party_data['postcode']} {party_data['city']}".strip()
    country = get_foreign_country_name(party_data["country"])
    return [part for part in (party_data["street"], town, country) if part]


def list_facts(document: Invoice) -> list[tuple[str, str]]:
    """Return dates and references as (label, value) pairs."""
    details, origin = document.details, document.origin
    facts = [
        (_("Date"), format_date(document.issued_on)),
        (_("Due"), "" if document.is_credit_note else format_date(document.due_on)),
        (_("Credits invoice"), f"{origin.number} ({format_date(origin.issued_on)})" if origin else ""),
        (pgettext("subject", "For"), details["subject"]),
        (_("Service"), format_period(details["service_from"], details["service_to"])),
        (_("Reference"), details["reference"]),
        (_("Your order"), details["purchase_order"]),
        (_("Service code"), details["service_code"]),
        (_("Engagement"), details["engagement_number"]),
    ]
    return [(name, text) for name, text in facts if text]


def format_period(first: str | None, last: str | None) -> str:
    """Return the service period, or "" without one."""
    if not first:
        return ""
    days = [datetime.date.fromisoformat(day) for day in (first, last or first)]
    return format_date_range(days[0], days[1])


def draw_facts(sheets: DocumentSheets, rows: LabelledValues) -> None:
    """Draw (label, value) pairs in two columns."""
    for name, text in rows:
        top = sheets.y
        sheets.draw_paragraph(name, FontWeight.REGULAR, 8.5, width=74, color=PALE_INK_COLOR)
        below, sheets.y = sheets.y, top
        sheets.draw_paragraph(text, FontWeight.REGULAR, 8.5, x=SIDE_MARGIN + 78, width=HALF_WIDTH - 94)
        sheets.y = max(below, sheets.y) + 1.5


def draw_line_table(sheets: DocumentSheets, lines: list[InvoiceLine]) -> None:
    """Draw the lines; the table head is repeated on each page."""
    head = [_("Description"), _("Quantity"), _("Unit price net"), _("VAT"), _("Amount net")]
    sheets.begin_table(head)
    for line in lines:
        cells = [
            line.description,
            number_format(line.quantity, 0, force_grouping=True).replace("-", "−"),
            format_unit_price(line.net, line.quantity),
            # The reason of a line without VAT is below the totals.
            format_vat_rate(line.vat_rate) if has_vat_rate(line) else _("exempt"),
            format_cents(line.net, line.invoice.currency),
        ]
        sheets.draw_row(cells)
    sheets.end_table()


def has_vat_rate(line: InvoiceLine) -> bool:
    """Return whether the line has a rate. The reverse charge has 0%: the service is taxed, by the buyer."""
    return bool(line.vat_rate) or line.exemption == REVERSE_CHARGE


def is_reverse_charge(tax: dict[str, Any]) -> bool:
    return bool(tax["exemptions"] == [REVERSE_CHARGE])


def describe_tax_total(tax: dict[str, Any], currency: str) -> str:
    """Return the label of the total of one VAT rate or reason for not charging VAT."""
    values = {"rate": format_vat_rate(tax["rate"]), "net": format_cents(tax["net"], currency)}
    if tax["rate"]:
        return _("VAT at %(rate)s on %(net)s") % values
    if is_reverse_charge(tax):
        return _("Reverse charge: %(net)s") % values
    return _("Exempt from VAT: %(net)s") % values


def draw_totals(sheets: DocumentSheets, document: Invoice) -> None:
    """Draw VAT totals and sums, kept together on one page."""
    currency, paid = document.currency, document.details["paid"]
    rows = [(_("Total net"), document.net, FontWeight.REGULAR)]
    rows += [(describe_tax_total(tax, currency), tax["vat"], FontWeight.REGULAR) for tax in document.taxes]
    # The buyer owes the VAT: a total “with VAT” would seem to contain it.
    is_untaxed = all(map(is_reverse_charge, document.taxes))
    total_label = _("Total without VAT") if is_untaxed else _("Total with VAT")
    rows.append((total_label, document.total, FontWeight.BOLD))
    if paid:
        rows.append((_("Already paid"), -paid, FontWeight.REGULAR))
        rows.append((_("Balance due"), document.total - paid, FontWeight.BOLD))
    sheets.ensure_space(len(rows) * 16 + 30)
    sheets.y += 8
    for label, amount, weight in rows:
        sheets.draw_total(label, format_cents(amount, currency), weight)
    # The legal text of an exemption is mandatory on the invoice; each is printed once.
    for code in dict.fromkeys(code for tax in document.taxes for code in tax["exemptions"]):
        sheets.y += 3
        sheets.draw_paragraph(
            str(VAT_EXEMPTIONS[code].legal_text),
            FontWeight.REGULAR,
            8.5,
            x=COLUMN_EDGES[0],
            width=TABLE_WIDTH,
        )


def draw_payment_and_notes(sheets: DocumentSheets, document: Invoice) -> None:
    draw_payment_details(sheets, document)
    draw_legal_notes(sheets, document)


def draw_payment_details(sheets: DocumentSheets, document: Invoice) -> None:
    """Draw bank account and due date, or that it is paid; nothing for credit notes and zero totals."""
    details, seller = document.details, document.seller
    if document.is_credit_note or not document.total:
        return
    sheets.y += 14
    # Paid before it was issued: bank details would invite a second payment.
    if details["paid"] == document.total:
        paid_on = format_date(datetime.date.fromisoformat(details["paid_on"]))
        sheets.ensure_space(30)
        sheets.draw_paragraph(
            _("Paid in full on %(day)s") % {"day": paid_on}, FontWeight.BOLD, 11, width=TABLE_WIDTH
        )
    elif seller["iban"]:
        sheets.ensure_space(70)
        due = _("Payable by bank transfer by %(day)s") % {"day": format_date(document.due_on)}
        sheets.draw_paragraph(due, FontWeight.SEMIBOLD, 9.5, width=TABLE_WIDTH)
        sheets.y += 2
        draw_facts(
            sheets,
            [
                ("IBAN", format_iban(seller["iban"])),
                *([("BIC", seller["bic"])] if seller["bic"] else []),
                (_("Reference"), format_transfer_reference(details["reference"])),
            ],
        )


def draw_legal_notes(sheets: DocumentSheets, document: Invoice) -> None:
    sheets.y += 14
    for code, text in document.details["notes"]:
        # The structured invoice needs them always, but nothing is payable for a credit note.
        if document.is_credit_note and code in PAYMENT_NOTE_CODES:
            continue
        sheets.ensure_space(14)
        sheets.draw_paragraph(text, FontWeight.REGULAR, 7.5, width=TABLE_WIDTH, color=PALE_INK_COLOR)
        sheets.y += 1.5
