"""Assign bank statement lines to what they pay, undo that, or set lines aside.

Each function locks the line first. Nothing is deleted: an assignment is undone by a refund.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError, NotFound
from registrations.invoices.formatting import format_cents
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import lock_receivable
from registrations.invoices.ledger.payments import link_payout_to_bank_line, record_payment
from registrations.invoices.ledger.receivable_sources import get_receivable
from registrations.invoices.ledger.refunds import (
    complete_refund,
    compute_refundable,
    fail_refund,
    request_refund,
    request_refund_again,
)
from registrations.invoices.models import Payment, Payout, Receivable, Refund
from registrations.invoices.models.receivables import BANK_LINE_PREFIX, UNDO_PREFIX
from registrations.models import Order
from registrations.payments.cards.settlement import record_order_payment
from registrations.payments.models import BankLine, BankLineAssignment

from .payables import limit_returnable, list_open_refunds


class InvalidAssignment(ConventionError):
    """The amount exceeds what is left of the line, or the line is already used."""

    kind = "bad-assignment"
    status = 409


def lock_line(line_id: int) -> BankLine:
    """Return the line, locked until the transaction ends. Raise NotFound."""
    line = BankLine.objects.select_for_update(of=("self",)).filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("We could not find this line."))
    return line


def compute_unassigned(line: BankLine) -> int:
    """Return the cents of a line not assigned yet; 0 for payouts and lines set aside."""
    assigned = line.assignments.filter(reversal_refund__isnull=True).values_list("amount", flat=True)
    return 0 if line.payout_id or line.ignored_at else line.amount - sum(assigned)


@transaction.atomic
def assign_line(*, line: BankLine, reference: str, amount: int) -> BankLineAssignment:
    """Record `amount` cents of a line as a payment for a reference.

    A pending order is confirmed by it. Raise InvalidAssignment or NotFound.
    """
    line = lock_line(line.pk)
    if not 0 < amount <= compute_unassigned(line):
        raise InvalidAssignment(
            _("You can assign up to %(left)s of this line.")
            % {"left": _format_money(line, compute_unassigned(line))}
        )
    # Recorded before the check, because only the receivable has the currency; the error rolls it back.
    payment = _record_payment(line, reference, amount)
    if payment.currency != line.currency:
        raise InvalidAssignment(
            _("This line is in %(currency)s, but the amount due is in another currency.")
            % {"currency": line.currency}
        )
    assignment = BankLineAssignment.objects.create(
        line=line, receivable=payment.receivable, payment=payment, amount=amount
    )
    record_action("bank.assign", assignment, event=payment.receivable.event, fields=["payment"])
    return assignment


@transaction.atomic
def assign_line_to_several(*, line: BankLine, parts: Sequence[tuple[str, int]]) -> list[BankLineAssignment]:
    """Assign a part of a line, as (reference, cents), to each reference, or nothing at all.

    Raise InvalidAssignment or NotFound.
    """
    line = lock_line(line.pk)
    total, unassigned = sum(cents for _reference, cents in parts), compute_unassigned(line)
    # Checked at once: the error of one part would name neither this sum nor what was left before it.
    if len(parts) > 1 and total > unassigned:
        raise InvalidAssignment(
            _("These amounts come to %(total)s, but only %(left)s of this line is left to assign.")
            % {"total": _format_money(line, total), "left": _format_money(line, unassigned)}
        )
    return [assign_line(line=line, reference=reference, amount=cents) for reference, cents in parts]


def _record_payment(line: BankLine, reference: str, amount: int) -> Payment:
    """Record the payment of an order, which may confirm it, or of any other receivable."""
    values = {
        "amount": amount,
        "method": Payment.Method.TRANSFER,
        # One line may be split over several payments: numbered by its assignments, undone ones included.
        "external_id": f"{BANK_LINE_PREFIX}{line.fingerprint[:40]}:{line.assignments.count() + 1}",
        "received_on": line.booked_on,
    }
    # References of orders are upper case; others are looked up as typed.
    # `record_order_payment` requires the order's lock, which is taken before that of the receivable.
    orders = Order.objects.select_for_update(of=("self",)).select_related("event")
    order = orders.filter(reference=reference.strip().upper(), total__gt=0).first()
    if order:
        return record_order_payment(order=order, **values)  # type: ignore[arg-type]  # mixed types
    return record_payment(receivable=get_receivable(reference), **values)  # type: ignore[arg-type]  # the same


@transaction.atomic
def undo_assignment(*, assignment: BankLineAssignment, reason: str) -> Refund:
    """Undo an assignment by a counter-entry of today; the payment stays, its cents can be assigned again.

    Raise InvalidAssignment if it was undone before or the money was refunded since.
    """
    lock_line(assignment.line_id)
    stored = BankLineAssignment.objects.select_for_update(of=("self",)).get(pk=assignment.pk)
    if stored.reversal_refund_id:
        raise InvalidAssignment(_("This assignment has already been undone."))
    # Otherwise the same cents would be refunded twice.
    if compute_refundable(stored.payment) < stored.amount:
        raise InvalidAssignment(_("Part of this payment has been refunded, so it can no longer be undone."))
    reversal = request_refund(
        payment=stored.payment,
        amount=stored.amount,
        reason=reason,
        # Derived, so that a second click finds the same refund.
        external_id=f"{UNDO_PREFIX}{stored.payment.external_id}",
    )
    # Completed at once, as no money moves; dated today, as the line's day may be in a declared VAT period.
    complete_refund(refund=reversal, external_id=reversal.external_id or "")
    stored.reversal_refund = reversal
    stored.save(update_fields=["reversal_refund"])
    event = stored.receivable.event
    record_action("bank.undo", stored, event=event, fields=["payment"], reason=reason[:300])
    record_action("payment.cancel", stored.payment, event=event, fields=["amount"], reason=reason[:300])
    return reversal


@transaction.atomic
def undo_assignments(*, line: BankLine, reason: str) -> None:
    """Undo all assignments of a line that are not undone yet, or none. Raise InvalidAssignment."""
    line = lock_line(line.pk)
    for assignment in line.assignments.filter(reversal_refund__isnull=True):
        undo_assignment(assignment=assignment, reason=reason)


@transaction.atomic
def ignore_line(*, line: BankLine, reason: str) -> None:
    """Set aside a line that pays nothing owed. Raise InvalidAssignment if it is used."""
    line = lock_line(line.pk)
    if line.payout_id or line.refund_id or compute_unassigned(line) < line.amount:
        raise InvalidAssignment(_("This line is assigned; undo the assignment first."))
    line.ignored_at, line.ignore_reason = timezone.now(), reason[:300]
    line.save(update_fields=["ignored_at", "ignore_reason"])
    record_action("bank.ignore", line, fields=["ignored_at"], reason=reason[:300])


@transaction.atomic
def reopen_line(*, line: BankLine) -> None:
    """Undo `ignore_line`."""
    line = lock_line(line.pk)
    line.ignored_at, line.ignore_reason = None, ""
    line.save(update_fields=["ignored_at", "ignore_reason"])
    record_action("bank.take_up", line, fields=["ignored_at"])


@transaction.atomic
def match_line_to_payout(*, line: BankLine, payout_id: str) -> None:
    """Link a line to the payout that it reports. Raise InvalidAssignment."""
    line = lock_line(line.pk)
    # Locked: two lines of the same amount must not take the same payout.
    payout = Payout.objects.select_for_update(of=("self",)).filter(external_id=payout_id).first()
    is_of_line = payout is not None and (payout.amount, payout.currency) == (line.amount, line.currency)
    is_matched = line.refund_id is not None or BankLine.objects.filter(payout=payout).exists()
    if payout is None or not is_of_line or is_matched or compute_unassigned(line) != line.amount:
        raise InvalidAssignment(_("This payout is already matched, or its amount is different."))
    line.payout = payout
    line.save(update_fields=["payout"])
    # A text noted before is in the accountant's entries, and stays.
    link_payout_to_bank_line(payout=payout, bank_line=payout.bank_line or _make_payout_text(line))


def _make_payout_text(line: BankLine) -> str:
    """Return the text by which a payout names this line."""
    return " ".join(filter(None, [line.booked_on.isoformat(), line.counterparty, line.payer_text]))[:140]


@transaction.atomic
def undo_payout_match(*, line: BankLine, reason: str) -> None:
    """Free a line that was matched to the wrong payout. Raise InvalidAssignment if it is not matched."""
    line = lock_line(line.pk)
    if line.payout_id is None:
        raise InvalidAssignment(_("This line is not matched to a payout."))
    payout = Payout.objects.select_for_update(of=("self",)).get(pk=line.payout_id)
    line.payout = None
    line.save(update_fields=["payout"])
    # A text noted by hand is not that of this line, and stays.
    if payout.bank_line == _make_payout_text(line):
        link_payout_to_bank_line(payout=payout, bank_line="")
    record_action("bank.undo", line, fields=["payout"], reason=reason[:300])


@transaction.atomic
def record_returned_transfer(*, line: BankLine, reference: str) -> Refund | None:
    """Link a debit to the refund that it shows, which completes it; return that refund.

    Without an open refund of this amount, one that nobody requested is recorded; None if no payment received
    by the day of the debit has so much left. Raise InvalidAssignment if the line is used or in another
    currency.
    """
    line = lock_line(line.pk)
    receivable = Receivable.objects.get(reference=reference)
    if not line.is_open_debit:
        raise InvalidAssignment(_("This line is already matched, or set aside."))
    if receivable.currency != line.currency:
        raise InvalidAssignment(
            _("This line is in %(currency)s, but the amount due is in another currency.")
            % {"currency": line.currency}
        )
    # Of several equal ones any will do: the money left once for each. It cannot have left before it came.
    refund = (
        list_open_refunds()
        .filter(receivable=receivable, amount=-line.amount, payment__received_on__lte=line.booked_on)
        .first()
    )
    refund = refund or _request_returned_transfer(line, receivable)
    if refund:
        line.refund = refund
        line.save(update_fields=["refund"])
        complete_refund(refund=refund, refunded_on=line.booked_on)
    return refund


def _request_returned_transfer(line: BankLine, receivable: Receivable) -> Refund | None:
    overpaid = compute_balance(receivable).amount_overpaid
    payments = receivable.payments.filter(received_on__lte=line.booked_on).exclude(method=Payment.Method.TEST)
    prefix = _make_return_id(line)
    # After an undo the line is recorded again: the earlier refund has failed, and its id stays taken.
    earlier_count = Refund.objects.filter(external_id__startswith=prefix).count()
    # Transfers first, the latest first; which one was returned makes no difference to the balance.
    for payment in sorted(payments, key=lambda row: (row.method != Payment.Method.TRANSFER, -row.pk)):
        if limit_returnable(payment.method, compute_refundable(payment), overpaid) >= -line.amount:
            return request_refund(
                payment=payment,
                amount=-line.amount,
                # As the bank wrote it: `Refund.reason_text` adds the words in each reader's language.
                reason=line.payer_text[:200],
                external_id=f"{prefix}:{earlier_count + 1}" if earlier_count else prefix,
                method=Payment.Method.TRANSFER,
            )
    return None


def _make_return_id(line: BankLine) -> str:
    """Return how the external ids of the refunds begin that were recorded from this debit alone."""
    return f"{BANK_LINE_PREFIX}{line.fingerprint[:40]}"


@transaction.atomic
def undo_returned_transfer(*, line: BankLine, reason: str) -> Refund:
    """Free a debit that was matched to the wrong refund; return that refund, or the new request for it.

    The refund fails, and what it booked comes back today. One that had been requested before the debit is
    requested again; one that was completed on another day stays. Raise InvalidAssignment if the debit is not
    matched.
    """
    line = lock_line(line.pk)
    if line.refund_id is None:
        raise InvalidAssignment(_("This line is not matched to a refund."))
    refund = Refund.objects.select_related("receivable__event").get(pk=line.refund_id)
    lock_receivable(refund.receivable)
    if (refund.external_id or "").startswith(_make_return_id(line)):
        fail_refund(refund=refund, reason=reason)
    elif refund.state == Refund.State.DONE and refund.refunded_on == line.booked_on:
        refund = request_refund_again(refund=refund, reason=reason)
    line.refund = None
    line.save(update_fields=["refund"])
    record_action("bank.undo", line, event=refund.receivable.event, fields=["refund"], reason=reason[:300])
    return refund


def _format_money(line: BankLine, cents: int) -> str:
    return format_cents(cents, line.currency)
