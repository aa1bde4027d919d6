"""Issue credit notes: separate documents that reverse lines of an invoice or grant a discount on it."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import (
    DISCOUNT_KEY_PREFIX,
    announce_balance_change,
    cap_discounts,
    lock_receivable,
)
from registrations.invoices.models import Charge, Invoice, InvoiceLine, Receivable
from registrations.invoices.tax_amounts import allocate_cents

from .invoice_writer import DocumentHeading, DraftLine, create_document
from .invoiced_balance import InvoicedBalance, build_credit_line, load_invoiced_balance
from .issuing import check_last_document
from .pdf_archive import finalize_document


class InvalidCredit(ConventionError):
    """The credit exceeds what the invoice has left, or is empty."""

    kind = "bad-credit"


@transaction.atomic
def credit_invoice(
    *,
    invoice: Invoice,
    reason: str,
    line_ids: Iterable[int] | None = None,
    issued_on: datetime.date | None = None,
    last_document_id: int | None = None,
) -> Invoice:
    """Credit lines of an invoice, all remaining ones by default, and stop owing their charges.

    `line_ids` are primary keys of invoice lines. Raise InvalidCredit, and DocumentIssuedMeanwhile if
    `last_document_id` is not the receivable's last document.
    """
    receivable = lock_receivable(invoice.receivable)
    check_last_document(receivable, last_document_id)
    invoiced_balance = load_invoiced_balance(receivable)
    lines_to_credit = select_creditable_lines(
        invoiced_balance, invoice, None if line_ids is None else set(line_ids)
    )
    charges = [line.charge_id for line in lines_to_credit if line.charge_id]
    now = timezone.now()
    # `waived_at` keeps the order's next update from owing these items again.
    receivable.charges.active().filter(pk__in=charges).update(withdrawn_at=now, waived_at=now)
    cap_discounts(receivable)
    announce_balance_change(receivable)
    return create_credit_note(receivable, invoice, lines_to_credit, reason, issued_on)


@transaction.atomic
def credit_invoice_amount(
    *,
    invoice: Invoice,
    amount: int,
    reason: str,
    issued_on: datetime.date | None = None,
    last_document_id: int | None = None,
) -> Invoice:
    """Credit an amount in cents, VAT included, as a discount spread over the invoice's VAT rates.

    Raise InvalidCredit if it exceeds what is left, and DocumentIssuedMeanwhile if `last_document_id` is not
    the receivable's last document.
    """
    receivable = lock_receivable(invoice.receivable)
    check_last_document(receivable, last_document_id)
    invoiced_balance = load_invoiced_balance(receivable)
    require_creditable(invoiced_balance, invoice)
    by_rate = sum_owed_by_rate(invoiced_balance, invoice)
    # Discounts given before may have used up a rate.
    creditable_by_rate = {rate: cents for rate, cents in by_rate.items() if cents > 0}
    creditable = min(
        sum(by_rate.values()), compute_balance(receivable).amount_owed
    )  # a deposit's lines have no charge
    if not 0 < amount <= creditable:
        raise InvalidCredit(
            _("At most %(left)s of this invoice can be credited.")
            % {"left": receivable.as_money(max(0, creditable))}
        )
    shares = allocate_cents(amount, list(creditable_by_rate.values()))
    with translation.override(receivable.language):
        description = _("Discount on invoice %(number)s") % {"number": invoice.number}
    discounts = [
        create_discount(receivable, description, -share, *rate)
        for rate, share in zip(creditable_by_rate, shares, strict=True)
        if share
    ]
    announce_balance_change(receivable)
    drafts = [
        # Positive on a credit note: the document itself has the negative sign.
        DraftLine(description, 1, -charge.amount, charge.vat_rate, charge.exemption, charge.pk)
        for charge in discounts
    ]
    return finalize_document(
        create_document(
            receivable, DocumentHeading(Invoice.Kind.CREDIT_NOTE, invoice, reason), drafts, issued_on
        )
    )


def sum_owed_by_rate(invoiced_balance: InvoicedBalance, invoice: Invoice) -> dict[tuple[int, str], int]:
    """Return the cents of an invoice that are still owed, by VAT rate and exemption."""
    by_rate: dict[tuple[int, str], int] = defaultdict(int)
    for line in invoiced_balance.lines_of(invoice):
        if line.charge and line.charge.withdrawn_at:
            continue  # no longer owed: `credit_withdrawn_charges` credits it
        sign = 1 if line.invoice_id == invoice.pk else -1
        by_rate[line.vat_rate, line.exemption] += sign * line.amount
    return by_rate


def create_discount(
    receivable: Receivable, description: str, amount: int, vat_rate: int, exemption: str
) -> Charge:
    """Create a charge with a negative amount."""
    return Charge.objects.create(
        receivable=receivable,
        # Counted with withdrawn charges, so that no key is used twice; the receivable is locked.
        key=f"{DISCOUNT_KEY_PREFIX}{receivable.charges.count() + 1}",
        description=description,
        unit_price=amount,
        amount=amount,
        vat_rate=vat_rate,
        exemption=exemption,
    )


@transaction.atomic
def credit_withdrawn_charges(
    *,
    receivable: Receivable,
    reason: str,
    issued_on: datetime.date | None = None,
    last_document_id: int | None = None,
) -> list[Invoice]:
    """Credit all invoiced lines whose charges were withdrawn, with one credit note per invoice.

    Raise DocumentIssuedMeanwhile if `last_document_id` is not the receivable's last document.
    """
    receivable = lock_receivable(receivable)
    check_last_document(receivable, last_document_id)
    invoiced_balance = load_invoiced_balance(receivable)
    by_document: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in invoiced_balance.lines_to_credit:
        # A discount is a line of a credit note; it is undone on the invoice that it was granted on.
        by_document[line.invoice.origin_id or line.invoice_id].append(line)
    documents = Invoice.objects.in_bulk(list(by_document))
    to_credit = [
        (documents[pk], include_discounts(invoiced_balance, documents[pk], lines))
        # In the order of issue, so that numbers of credit notes follow those of their invoices.
        for pk, lines in sorted(by_document.items())
    ]
    return [
        create_credit_note(receivable, document, lines, reason, issued_on)
        for document, lines in to_credit
        if sum_requested(lines)  # what was credited as a discount already is not credited again
    ]


def include_discounts(
    invoiced_balance: InvoicedBalance, document: Invoice, lines: Sequence[InvoiceLine]
) -> Sequence[InvoiceLine]:
    """Return `lines`, or all remaining lines of the document if a discount depends on them.

    A discount was granted on the whole invoice: crediting it alone, or only the rest, would leave a negative
    sum.
    """
    # A line and the discount on it cancel out only together.
    rest = [line for line in invoiced_balance.lines_of(document) if line not in lines]
    is_discounted = any(line.charge and line.charge.key.startswith(DISCOUNT_KEY_PREFIX) for line in lines)
    must_credit_all = is_discounted or min(sum_requested(rest), sum_requested(lines)) < 0
    return invoiced_balance.lines_of(document) if rest and must_credit_all else lines


def sum_requested(lines: Sequence[InvoiceLine]) -> int:
    """Return the cents that lines of a document and of its credit notes request together."""
    return sum(line.invoice.sign * line.amount for line in lines)


def select_creditable_lines(
    invoiced_balance: InvoicedBalance, document: Invoice, line_ids: set[int] | None
) -> list[InvoiceLine]:
    """Return the lines of a document with these ids, all if None. Raise InvalidCredit."""
    require_creditable(invoiced_balance, document)
    creditable_lines = invoiced_balance.lines_of(document)
    lines_to_credit = [line for line in creditable_lines if line_ids is None or line.pk in line_ids]
    if not lines_to_credit or (line_ids is not None and line_ids - {line.pk for line in creditable_lines}):
        raise InvalidCredit(_("These lines have already been credited, or belong to another invoice."))
    remaining = sum(
        (1 if line.invoice_id == document.pk else -1) * line.amount
        for line in creditable_lines
        if line not in lines_to_credit
    )
    # What stays would be a discount without the items it was granted on.
    if remaining < 0:
        raise InvalidCredit(
            _(
                "This invoice has been discounted, so its lines cannot be credited separately. "
                "Credit the whole remaining amount."
            )
        )
    return lines_to_credit


def require_creditable(invoiced_balance: InvoicedBalance, document: Invoice) -> None:
    """Raise InvalidCredit for a credit note or a deposit that a later invoice deducts."""
    if document.is_credit_note:
        raise InvalidCredit(_("A credit note cannot be credited. Issue a new invoice instead."))
    # Crediting such a deposit would deduct it twice.
    deducted = {line.origin_id for line in invoiced_balance.lines if line.invoice_id != document.pk}
    if any(line.pk in deducted for line in invoiced_balance.lines_of(document)):
        raise InvalidCredit(_("A later invoice has deducted this deposit. Credit that invoice first."))


def create_credit_note(
    receivable: Receivable,
    document: Invoice,
    lines: Sequence[InvoiceLine],
    reason: str,
    issued_on: datetime.date | None,
) -> Invoice:
    """Issue the credit note that reverses these lines."""
    drafts = [build_credit_line(line, document) for line in lines]
    return finalize_document(
        create_document(
            receivable, DocumentHeading(Invoice.Kind.CREDIT_NOTE, document, reason), drafts, issued_on
        )
    )
