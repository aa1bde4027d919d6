"""PDF of quotations and pro forma invoices, neither an accounting document; receipts share the layout."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.text.dates import format_date
from convention.typeset import FontWeight
from registrations.invoices.formatting import format_cents, format_iban, format_transfer_reference
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Charge, Invoice, InvoiceLine, Quotation, Receivable, Refund
from registrations.invoices.tax_amounts import PricedLine, compute_taxes

from .invoice_pdf import draw_document, draw_facts, format_period
from .invoice_writer import (
    BUYER_FIELDS,
    REFERENCE_FIELDS,
    SELLER_FIELDS,
    NothingToIssue,
    require_issuer,
    sum_totals,
)
from .pdf_layout import (
    HAIRLINE_COLOR,
    INK_COLOR,
    PALE_INK_COLOR,
    RIGHT_BLOCK_X,
    SIDE_MARGIN,
    TABLE_WIDTH,
    DocumentSheets,
)


def render_quotation_pdf(quotation: Quotation) -> bytes:
    """Return the PDF of a quotation in its language."""
    with translation.override(quotation.language):
        # Never saved: the layout functions take an Invoice.
        document = Invoice(
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
            InvoiceLine(
                invoice=document,
                description=item.text,
                quantity=item.quantity,
                vat_rate=item.vat_rate,
                exemption=item.exemption,
                net=item.net,
            )
            for item in quotation.grouped_lines
        ]
        title = (_("Quotation"), quotation.number)
        validity, draw_end = (_("Valid until"), format_date(quotation.valid_until)), draw_agreement_box
        if quotation.withdrawn_at:
            # Nobody can sign it any more.
            withdrawn_on = format_date(timezone.localdate(quotation.withdrawn_at))
            validity, draw_end = (_("Withdrawn on"), withdrawn_on), draw_withdrawal_notice
        labelled_values = [
            (_("Date"), format_date(quotation.issued_on)),
            validity,
            *list_subject_facts(quotation.details),
        ]
        return draw_document(document, lines, title, labelled_values, draw_end)


def render_pro_forma_pdf(receivable: Receivable) -> bytes:
    """Return a preview of the receivable's invoice, without a number, marked as no invoice.

    Once everything is paid it is a receipt, which names no bank account; of an order that was cancelled, it
    lists what was paid for and refunded. Raise NothingToIssue if nothing is owed and nothing was paid, or
    MissingIssuer.
    """
    with translation.override(receivable.language):
        balance = compute_balance(receivable)
        is_former = balance.is_paid_without_debt
        document, lines = build_pro_forma(receivable, list_former_charges(receivable) if is_former else None)
        is_paid = balance.is_paid or is_former
        title = (_("Receipt") if is_paid else _("Pro forma invoice"), receivable.reference)

        def draw_end(sheets: DocumentSheets, document: Invoice) -> None:
            if is_paid:
                draw_receipt_notice(sheets, receivable)
            else:
                draw_pro_forma_notice(sheets, document)

        labelled_values = [
            (_("Date"), format_date(timezone.localdate())),
            *list_subject_facts(document.details),
        ]
        return draw_document(document, lines, title, labelled_values, draw_end)


def list_former_charges(receivable: Receivable) -> list[Charge]:
    """Return what was owed once and is no longer: of each item its last price."""
    withdrawn = receivable.charges.filter(withdrawn_at__isnull=False).order_by("pk")
    return list({charge.key: charge for charge in withdrawn}.values())


def build_pro_forma(
    receivable: Receivable, charges: list[Charge] | None = None
) -> tuple[Invoice, list[InvoiceLine]]:
    """Return an unsaved document of these charges, by default of everything owed, in the active language."""
    issuer = require_issuer()
    charges = list(receivable.charges.active()) if charges is None else charges
    if not charges:
        raise NothingToIssue(
            _("There is nothing to invoice under %(reference)s.") % {"reference": receivable}
        )
    nets, taxes = compute_taxes(
        [PricedLine(charge.amount, charge.vat_rate, charge.exemption) for charge in charges]
    )
    days = {name: getattr(receivable, name) for name in ("service_from", "service_to")}
    document = Invoice(
        seller={name: getattr(issuer, name) for name in SELLER_FIELDS},
        # Unlike an invoice it may name an attendee: without a buyer’s name there is no other.
        buyer={
            **{name: getattr(receivable, name) for name in BUYER_FIELDS},
            "name": receivable.buyer_name,
        },
        details={
            **{name: getattr(receivable, name) for name in REFERENCE_FIELDS},
            **{name: day and day.isoformat() for name, day in days.items()},
            "paid": max(0, min(sum(tax.total for tax in taxes), compute_balance(receivable).amount_retained)),
        },
        taxes=[{**asdict(tax), "exemptions": list(tax.exemptions)} for tax in taxes],
        currency=receivable.currency,
        language=receivable.language,
        **sum_totals(taxes),
    )
    lines = [
        InvoiceLine(
            invoice=document,
            description=charge.line_text,
            # As on the invoice: a discount has a negative quantity.
            quantity=charge.quantity if charge.unit_price >= 0 else -charge.quantity,
            vat_rate=charge.vat_rate,
            exemption=charge.exemption,
            net=net,
        )
        for charge, net in zip(charges, nets, strict=True)
    ]
    return document, lines


def list_subject_facts(details: dict[str, Any]) -> list[tuple[str, str]]:
    """Return subject, period and order number as (label, value) pairs."""
    facts = [
        (pgettext("subject", "For"), details["subject"]),
        (_("Service"), format_period(details["service_from"], details["service_to"])),
        (_("Your order"), details["purchase_order"]),
    ]
    return [(name, text) for name, text in facts if text]


def draw_agreement_box(sheets: DocumentSheets, _document: Invoice) -> None:
    """Draw the conditions of a quotation and the box for the buyer's signature."""
    sheets.y += 18
    # Conditions and signature box stay on one page.
    page = sheets.ensure_space(170)
    words = _(
        "The prices apply to orders placed by the date above, while places are available. "
        "This quotation does not reserve any places."
    )
    sheets.draw_paragraph(words, FontWeight.REGULAR, 8.5, width=TABLE_WIDTH, color=PALE_INK_COLOR)
    sheets.y += 12
    top, width = sheets.y, SIDE_MARGIN + TABLE_WIDTH - RIGHT_BLOCK_X
    page.draw_frame(RIGHT_BLOCK_X, top, width, 112, color=HAIRLINE_COLOR, stroke=0.8)
    sheets.y = top + 8
    sheets.draw_paragraph(_("Agreed"), FontWeight.BOLD, 10.5, x=RIGHT_BLOCK_X + 10, width=width - 20)
    for text in (_("Date:"), _("Name and position:"), _("Signature and stamp:")):
        sheets.y += 4
        sheets.draw_paragraph(
            text, FontWeight.REGULAR, 8.5, x=RIGHT_BLOCK_X + 10, width=width - 20, color=INK_COLOR
        )
    sheets.y = top + 120


def draw_withdrawal_notice(sheets: DocumentSheets, _document: Invoice) -> None:
    """Draw the notice that a quotation was withdrawn, in place of its conditions."""
    sheets.y += 18
    sheets.ensure_space(40)
    words = _("This quotation has been withdrawn: its prices no longer apply to new orders.")
    sheets.draw_paragraph(words, FontWeight.BOLD, 11, width=TABLE_WIDTH)


def draw_pro_forma_notice(sheets: DocumentSheets, document: Invoice) -> None:
    """Draw the notice that this is no invoice, and the bank account."""
    sheets.y += 18
    sheets.ensure_space(90)
    sheets.draw_paragraph(_("This is not an invoice."), FontWeight.BOLD, 11, width=TABLE_WIDTH)
    words = _("It is issued to arrange payment and gives no right to deduct VAT. The invoice will follow.")
    sheets.draw_paragraph(words, FontWeight.REGULAR, 8.5, width=TABLE_WIDTH, color=PALE_INK_COLOR)
    if document.seller["iban"]:
        sheets.y += 10
        labelled_values = [
            ("IBAN", format_iban(document.seller["iban"])),
            *([("BIC", document.seller["bic"])] if document.seller["bic"] else []),
            # As on the invoice: the bank's import finds the payment by it.
            (_("Reference"), format_transfer_reference(document.details["reference"])),
        ]
        draw_facts(sheets, labelled_values)


def draw_receipt_notice(sheets: DocumentSheets, receivable: Receivable) -> None:
    """Draw payments and refunds as on a bank statement, that all is paid, and that this is no invoice."""
    sheets.y += 18
    sheets.ensure_space(60)
    balance = compute_balance(receivable)
    draw_payments_and_refunds(sheets, receivable)
    sheets.y += 8
    if not balance.is_paid_without_debt:
        sheets.draw_paragraph(_("Paid in full"), FontWeight.BOLD, 11, width=TABLE_WIDTH)
    elif not balance.amount_retained:
        sheets.draw_paragraph(_("Cancelled and refunded in full"), FontWeight.BOLD, 11, width=TABLE_WIDTH)
    draw_receipt_words(sheets)


def draw_payments_and_refunds(sheets: DocumentSheets, receivable: Receivable) -> None:
    """Draw each payment and each refund with its day and method; no payment that was entered by mistake."""
    for payment in receivable.payments.prefetch_related("refunds"):
        if payment.is_cancelled:
            continue
        label = _("Received on %(day)s, %(method)s") % {
            "day": format_date(payment.received_on),
            "method": payment.get_method_display(),
        }
        sheets.draw_total(label, format_cents(payment.amount, payment.currency), FontWeight.REGULAR)
        for refund in payment.refunds.all():
            if refund.state == Refund.State.FAILED:
                continue
            label = _("Refunded on %(day)s, %(method)s") % {
                "day": format_date(refund.refunded_on),
                "method": refund.get_method_display(),
            }
            sheets.draw_total(label, format_cents(-refund.amount, payment.currency), FontWeight.REGULAR)


def draw_receipt_words(sheets: DocumentSheets) -> None:
    words = _("This receipt is not an invoice and gives no right to deduct VAT.")
    sheets.draw_paragraph(words, FontWeight.REGULAR, 8.5, width=TABLE_WIDTH, color=PALE_INK_COLOR)
