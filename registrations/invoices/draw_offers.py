"""Papers that ask for nothing yet: the quotation with its box to sign, and the pro forma invoice."""

import io
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.dates import say_day
from convention.typeset import Document, Weight

from .amounts import Priced, taxed
from .documents import BUYER, REFERENCES, SELLER, NothingToIssue, issuer_now, sums
from .draw import draw_facts, draw_head, draw_lines, draw_totals, footing, period
from .models import Invoice, Line, Quotation, Receivable
from .sheet import HAIRLINE, INK, PALE, RIGHT, SIDE, TABLE_WIDTH, Sheets
from .spelled import spelled_iban

type Set = Callable[[BinaryIO, int], int]


def quotation_pdf(quotation: Quotation) -> bytes:
    """The quotation in its language."""
    with translation.override(quotation.language):
        shown = Invoice(
            number=quotation.number,
            seller=quotation.seller,
            buyer=quotation.buyer,
            details=quotation.details,
            taxes=quotation.taxes,
            net=quotation.net,
            vat=quotation.vat,
            total=quotation.total,
            currency=quotation.currency,
            language=quotation.language,
        )
        lines = [
            Line(
                invoice=shown,
                description=text,
                **{name: line[name] for name in ("quantity", "vat_rate", "net")},
            )
            for text, line in zip(quotation.texts, quotation.lines, strict=True)
        ]
        title = (_("Quotation"), quotation.number)
        told = [
            (_("Date"), say_day(quotation.given_on)),
            (_("Valid until"), say_day(quotation.valid_until)),
            *_about(quotation.details),
        ]
        return _twice(lambda file, pages: _set(file, pages, (shown, lines), (title, told), draw_agreement))


def pro_forma_pdf(receivable: Receivable) -> bytes:
    """What a receivable's invoice will say, clearly no invoice: without number, only to arrange the payment.

    Raises NothingToIssue where nothing is owed, NoIssuer.
    """
    with translation.override(receivable.language):
        shown, lines = pro_forma(receivable)
        title = (_("Pro forma invoice"), receivable.reference)
        told = [(_("Date"), say_day(timezone.localdate())), *_about(shown.details)]
        return _twice(lambda file, pages: _set(file, pages, (shown, lines), (title, told), draw_warning))


def pro_forma(receivable: Receivable) -> tuple[Invoice, list[Line]]:
    """A document that is never kept, of all that is owed; in the language of the moment."""
    issuer = issuer_now()
    charges = list(receivable.charges.standing())
    if not charges:
        raise NothingToIssue(
            _("There is nothing to invoice under %(reference)s.") % {"reference": receivable}
        )
    nets, taxes = taxed([Priced(one.amount, one.vat_rate, one.exemption) for one in charges])
    days = {name: getattr(receivable, name) for name in ("service_from", "service_to")}
    shown = Invoice(
        seller={name: getattr(issuer, name) for name in SELLER},
        buyer={name: getattr(receivable, name) for name in BUYER},
        details={
            **{name: getattr(receivable, name) for name in REFERENCES},
            **{name: day and day.isoformat() for name, day in days.items()},
            "paid": 0,
        },
        taxes=[{**asdict(tax), "exemptions": list(tax.exemptions)} for tax in taxes],
        currency=receivable.currency,
        language=receivable.language,
        **sums(taxes),
    )
    lines = [
        Line(
            invoice=shown,
            description=one.text,
            quantity=one.quantity if one.unit_price >= 0 else -one.quantity,
            vat_rate=one.vat_rate,
            net=net,
        )
        for one, net in zip(charges, nets, strict=True)
    ]
    return shown, lines


def _about(details: dict[str, Any]) -> list[tuple[str, str]]:
    """What it is for, each fact with its name."""
    found = [
        (pgettext("subject", "For"), details["subject"]),
        (_("Service"), period(details["service_from"], details["service_to"])),
        (_("Your order"), details["purchase_order"]),
    ]
    return [(name, text) for name, text in found if text]


def _twice(set_pages: Set) -> bytes:
    """Set it twice: the first time tells how many pages."""
    pages = set_pages(io.BytesIO(), 0)
    file = io.BytesIO()
    set_pages(file, pages)
    return file.getvalue()


def _set(
    file: BinaryIO,
    pages: int,
    content: tuple[Invoice, list[Line]],
    head: tuple[tuple[str, str], list[tuple[str, str]]],
    draw_end: Callable[[Sheets, Invoice], None],
) -> int:
    """Set all pages; how many there are."""
    shown, lines = content
    title, told = head
    name = " ".join(title)
    with Document(file, title=name, language=translation.get_language() or "fr") as paper:
        sheets = Sheets(paper, footing(shown), name, pages)
        sheets.turn()
        draw_head(sheets, title, (shown.seller, shown.buyer), told)
        draw_lines(sheets, lines)
        draw_totals(sheets, shown)
        draw_end(sheets, shown)
        return paper.page_count


def draw_agreement(sheets: Sheets, _shown: Invoice) -> None:
    """What a quotation is, and the box in which the buyer agrees."""
    sheets.y += 18
    page = sheets.room_for(170)
    words = _(
        "This quotation holds no place: places and prices are those of the moment when the order is made, "
        "as far as places are left."
    )
    sheets.paragraph(words, Weight.REGULAR, 8.5, width=TABLE_WIDTH, color=PALE)
    sheets.y += 12
    top, width = sheets.y, SIDE + TABLE_WIDTH - RIGHT
    page.frame(RIGHT, top, width, 112, color=HAIRLINE, stroke=0.8)
    sheets.y = top + 8
    sheets.paragraph(_("Agreed"), Weight.BOLD, 10.5, x=RIGHT + 10, width=width - 20)
    for text in (_("Date:"), _("Name and position:"), _("Signature and stamp:")):
        sheets.y += 4
        sheets.paragraph(text, Weight.REGULAR, 8.5, x=RIGHT + 10, width=width - 20, color=INK)
    sheets.y = top + 120


def draw_warning(sheets: Sheets, shown: Invoice) -> None:
    """That it is no invoice; and where to pay all the same."""
    sheets.y += 18
    sheets.room_for(90)
    sheets.paragraph(_("This is not an invoice."), Weight.BOLD, 11, width=TABLE_WIDTH)
    words = _("It serves to arrange the payment and gives no right to deduct VAT. The invoice follows.")
    sheets.paragraph(words, Weight.REGULAR, 8.5, width=TABLE_WIDTH, color=PALE)
    if shown.seller["iban"]:
        sheets.y += 10
        told = [
            ("IBAN", spelled_iban(shown.seller["iban"])),
            *([("BIC", shown.seller["bic"])] if shown.seller["bic"] else []),
            (_("Reference"), shown.details["reference"]),
        ]
        draw_facts(sheets, told)
