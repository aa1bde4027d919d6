"""The paper of an issued document: A4, black first, what the law asks for and nothing else."""

import datetime
import io
from typing import BinaryIO

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.countries import countries
from convention.dates import say_day, say_days
from convention.typeset import Document, Weight

from .exemptions import EXEMPTIONS
from .models import Invoice, Line
from .saying import say_amount, say_rate, say_unit_price
from .sheet import COLUMNS, PALE, RIGHT, SIDE, TABLE_WIDTH, Sheets
from .spelled import spelled_iban, spelled_reference, spelled_siren

TITLES = {
    Invoice.Kind.INVOICE: lambda: _("Invoice"),
    Invoice.Kind.DEPOSIT: lambda: _("Deposit invoice"),
    Invoice.Kind.CREDIT_NOTE: lambda: _("Credit note"),
}
HALF = 258.0


def draw(document: Invoice, file: BinaryIO) -> None:
    """Write the PDF in the document's language. It is set twice: the first time tells how many pages."""
    pages = set_pages(document, io.BytesIO(), 0)
    set_pages(document, file, pages)


def title_of(document: Invoice) -> str:
    """Kind and number, in the language of the moment."""
    return f"{TITLES[Invoice.Kind(document.kind)]()} {document.number}"


def set_pages(document: Invoice, file: BinaryIO, pages: int) -> int:
    """Set all pages; how many there are."""
    language = translation.get_language() or "fr"
    with Document(file, title=title_of(document), language=language) as paper:
        sheets = Sheets(paper, footing(document), title_of(document), pages)
        sheets.turn()
        draw_parties(sheets, document)
        draw_lines(sheets, list(document.lines.all()))
        draw_totals(sheets, document)
        draw_payment(sheets, document)
        draw_notes(sheets, document)
        return paper.page_count


def footing(document: Invoice) -> str:
    """Who sells, on each page."""
    seller = document.seller
    said = [
        seller["legal_name"],
        seller["legal_form"],
        f"SIREN {spelled_siren(seller['siren'])}",
        f"SIRET {spelled_siren(seller['siret'])}" if seller["siret"] else "",
        _("VAT %(number)s") % {"number": seller["vat_number"]} if seller["vat_number"] else "",
    ]
    return " · ".join(part for part in said if part)


def draw_parties(sheets: Sheets, document: Invoice) -> None:
    """Who sells what it is to whom."""
    title = TITLES[Invoice.Kind(document.kind)]()
    draw_head(sheets, (title, document.number), (document.seller, document.buyer), facts(document))


type Told = list[tuple[str, str]]


def draw_head(
    sheets: Sheets, title: tuple[str, str], parties: tuple[dict[str, str], dict[str, str]], told: Told
) -> None:
    """Seller at the left, what it is at the right, the buyer where an envelope has its window."""
    seller, buyer = parties
    sheets.paragraph(seller["legal_name"], Weight.BOLD, 13, width=HALF)
    for text in (*address(seller), seller["email"]):
        sheets.paragraph(text, Weight.REGULAR, 8.5, width=HALF, color=PALE)
    left = sheets.y
    sheets.y = 48
    sheets.paragraph(title[0], Weight.BOLD, 20, x=RIGHT, width=HALF)
    sheets.paragraph(title[1], Weight.SEMIBOLD, 12, x=RIGHT, width=HALF)
    sheets.y = max(left, sheets.y, 118) + 14
    top = sheets.y
    draw_facts(sheets, told)
    below, sheets.y = sheets.y, top
    sheets.paragraph(buyer["name"], Weight.SEMIBOLD, 10.5, x=RIGHT, width=HALF)
    known = [_("SIREN %(number)s") % {"number": spelled_siren(buyer["siren"])}] if buyer["siren"] else []
    known += [_("VAT %(number)s") % {"number": buyer["vat_number"]}] if buyer["vat_number"] else []
    for text in (*address(buyer), *known):
        sheets.paragraph(text, Weight.REGULAR, 9.5, x=RIGHT, width=HALF)
    sheets.y = max(below, sheets.y) + 22


def address(said: dict[str, str]) -> list[str]:
    """Street, town, and the country's name unless it is France."""
    town, code = f"{said['postcode']} {said['city']}".strip(), said["country"]
    country = "" if code == "FR" else dict(countries()).get(code, code)
    return [part for part in (said["street"], town, country) if part]


def facts(document: Invoice) -> list[tuple[str, str]]:
    """Dates and references, each with its name."""
    details, origin = document.details, document.origin
    found = [
        (_("Date"), say_day(document.issued_on)),
        (_("Due"), "" if document.is_credit_note else say_day(document.due_on)),
        (_("Credits invoice"), f"{origin.number} ({say_day(origin.issued_on)})" if origin else ""),
        (pgettext("subject", "For"), details["subject"]),
        (_("Service"), period(details["service_from"], details["service_to"])),
        (_("Reference"), details["reference"]),
        (_("Your order"), details["purchase_order"]),
        (_("Service code"), details["service_code"]),
        (_("Engagement"), details["engagement_number"]),
    ]
    return [(name, text) for name, text in found if text]


def period(first: str | None, last: str | None) -> str:
    """The days of the service."""
    if not first:
        return ""
    days = [datetime.date.fromisoformat(day) for day in (first, last or first)]
    return say_days(days[0], days[1])


def draw_facts(sheets: Sheets, rows: Told) -> None:
    """Names and values in two columns."""
    for name, text in rows:
        top = sheets.y
        sheets.paragraph(name, Weight.REGULAR, 8.5, width=74, color=PALE)
        below, sheets.y = sheets.y, top
        sheets.paragraph(text, Weight.REGULAR, 8.5, x=SIDE + 78, width=HALF - 94)
        sheets.y = max(below, sheets.y) + 1.5


def draw_lines(sheets: Sheets, lines: list[Line]) -> None:
    """The table, whose head comes again on each page."""
    head = [_("Description"), _("Quantity"), _("Unit price net"), _("VAT"), _("Amount net")]
    sheets.begin_table(head)
    for line in lines:
        cells = [
            line.description,
            number_format(line.quantity, 0, force_grouping=True).replace("-", "−"),
            say_unit_price(line.net, line.quantity),
            say_rate(line.vat_rate),
            say_amount(line.net, line.invoice.currency),
        ]
        sheets.row(cells)
    sheets.end_table()


def draw_totals(sheets: Sheets, document: Invoice) -> None:
    """Net and VAT per rate, then the totals, together on one page."""
    currency, paid = document.currency, document.details["paid"]
    rows = [(_("Total net"), document.net, Weight.REGULAR)]
    for tax in document.taxes:
        what = {"rate": say_rate(tax["rate"]), "net": say_amount(tax["net"], currency)}
        rows.append((_("VAT at %(rate)s on %(net)s") % what, tax["vat"], Weight.REGULAR))
    rows.append((_("Total with VAT"), document.total, Weight.BOLD))
    if paid:
        rows.append((_("Paid already"), -paid, Weight.REGULAR))
        rows.append((_("Left to pay"), document.total - paid, Weight.BOLD))
    sheets.room_for(len(rows) * 16 + 30)
    sheets.y += 8
    for label, amount, weight in rows:
        sheets.total(label, say_amount(amount, currency), weight)
    for code in dict.fromkeys(code for tax in document.taxes for code in tax["exemptions"]):
        sheets.y += 3
        sheets.paragraph(str(EXEMPTIONS[code].mention), Weight.REGULAR, 8.5, x=COLUMNS[0], width=TABLE_WIDTH)


def draw_payment(sheets: Sheets, document: Invoice) -> None:
    """Where to pay and until when; or that it is paid; nothing where nothing is asked for."""
    details, seller = document.details, document.seller
    if document.is_credit_note or not document.total:
        return
    sheets.y += 14
    if details["paid"] == document.total:
        paid_on = say_day(datetime.date.fromisoformat(details["paid_on"]))
        sheets.room_for(30)
        sheets.paragraph(_("Paid in full on %(day)s") % {"day": paid_on}, Weight.BOLD, 11, width=TABLE_WIDTH)
    elif seller["iban"]:
        sheets.room_for(70)
        due = _("To pay by bank transfer until %(day)s") % {"day": say_day(document.due_on)}
        sheets.paragraph(due, Weight.SEMIBOLD, 9.5, width=TABLE_WIDTH)
        sheets.y += 2
        draw_facts(
            sheets,
            [
                ("IBAN", spelled_iban(seller["iban"])),
                *([("BIC", seller["bic"])] if seller["bic"] else []),
                (_("Reference"), spelled_reference(details["reference"])),
            ],
        )


def draw_notes(sheets: Sheets, document: Invoice) -> None:
    """The sentences of the law."""
    sheets.y += 14
    for _code, text in document.details["notes"]:
        sheets.room_for(14)
        sheets.paragraph(text, Weight.REGULAR, 7.5, width=TABLE_WIDTH, color=PALE)
        sheets.y += 1.5
