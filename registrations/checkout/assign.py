"""Say what money on the bank's statement is for, undo it by a counter-entry, or set a line aside."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError, NotFound
from convention.money import Money
from registrations.invoices.models import Payment, Payout, Refund
from registrations.invoices.pay import match_payout, record_payment
from registrations.invoices.refund import refund, refund_done, refundable
from registrations.invoices.sources import receivable_for
from registrations.models import Order

from .models import Assignment, BankLine
from .settle import pay_order


class BadAssignment(ConventionError):
    """The line has not so much to give, or is settled otherwise."""

    kind = "bad-assignment"
    status = 409


def locked_line(pk: int) -> BankLine:
    """The line, alone with it until the transaction ends. Raises NotFound."""
    line = BankLine.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if line is None:
        raise NotFound(_("There is no such line."))
    return line


def left_of(line: BankLine) -> int:
    """Cents of a line that are not taken for anything."""
    taken = line.assignments.filter(undone_by__isnull=True).values_list("amount", flat=True)
    return 0 if line.payout_id or line.ignored_at else line.amount - sum(taken)


@transaction.atomic
def assign(*, line: BankLine, reference: str, amount: int) -> Assignment:
    """Take cents of a line as a payment for what stands under that reference.

    An order that waited for it is confirmed. Raises BadAssignment, NotFound.
    """
    line = locked_line(line.pk)
    if not 0 < amount <= left_of(line):
        raise BadAssignment(
            _("Of this line %(left)s can be assigned.") % {"left": _money(line, left_of(line))}
        )
    payment = _payment(line, reference, amount)
    if payment.currency != line.currency:
        raise BadAssignment(
            _("The line is in %(currency)s, what is owed is not.") % {"currency": line.currency}
        )
    made = Assignment.objects.create(line=line, receivable=payment.receivable, payment=payment, amount=amount)
    record("bank.assign", made, event=payment.receivable.event, fields=["payment"])
    return made


def _payment(line: BankLine, reference: str, amount: int) -> Payment:
    """The payment of an order, which may confirm its places, or of anything else that is owed."""
    said = {
        "amount": amount,
        "method": Payment.Method.TRANSFER,
        "external_id": f"bank:{line.fingerprint[:40]}:{line.assignments.count() + 1}",
        "received_on": line.booked_on,
    }
    orders = Order.objects.select_for_update(of=("self",)).select_related("event")
    order = orders.filter(reference=reference.strip().upper(), total__gt=0).first()
    if order:
        return pay_order(order=order, **said)  # type: ignore[arg-type]  # each is what it should be
    return record_payment(receivable=receivable_for(reference), **said)  # type: ignore[arg-type]  # the same


@transaction.atomic
def undo(*, assignment: Assignment, reason: str) -> Refund:
    """Take an assignment back by a counter-entry: the payment stays, and its money is the line's again.

    Raises BadAssignment where it was undone, or the money has left since.
    """
    line = locked_line(assignment.line_id)
    found = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment.pk)
    if found.undone_by_id:
        raise BadAssignment(_("This was undone already."))
    if refundable(found.payment) < found.amount:
        raise BadAssignment(_("A part of this payment was given back; it can no longer be undone."))
    counter = refund(
        payment=found.payment,
        amount=found.amount,
        reason=_("Assigned by mistake: %(reason)s") % {"reason": reason or "—"},
        external_id=f"undo:{found.payment.external_id}",
    )
    refund_done(refund=counter, external_id=counter.external_id or "", on=line.booked_on)
    found.undone_by = counter
    found.save(update_fields=["undone_by"])
    record("bank.undo", found, event=found.receivable.event, fields=["payment"], reason=reason[:300])
    return counter


@transaction.atomic
def ignore(*, line: BankLine, reason: str) -> None:
    """Set a line aside: it is none of ours. Raises BadAssignment where it is taken for something."""
    line = locked_line(line.pk)
    if line.payout_id or left_of(line) < line.amount:
        raise BadAssignment(_("This line is taken for something; undo that first."))
    line.ignored_at, line.ignored_why = timezone.now(), reason[:300]
    line.save(update_fields=["ignored_at", "ignored_why"])
    record("bank.ignore", line, fields=["ignored_at"], reason=reason[:300])


@transaction.atomic
def take_up(*, line: BankLine) -> None:
    """Take up again what was set aside."""
    line = locked_line(line.pk)
    line.ignored_at, line.ignored_why = None, ""
    line.save(update_fields=["ignored_at", "ignored_why"])
    record("bank.take_up", line, fields=["ignored_at"])


@transaction.atomic
def match_line_to_payout(*, line: BankLine, payout_id: str) -> None:
    """A line is the sum of a payout of card payments. Raises BadAssignment."""
    line = locked_line(line.pk)
    payout = (
        Payout.objects.select_for_update(of=("self",)).filter(external_id=payout_id, bank_line="").first()
    )
    if payout is None or payout.amount != line.amount or left_of(line) != line.amount:
        raise BadAssignment(_("This payout is matched already, or is another sum."))
    line.payout = payout
    line.save(update_fields=["payout"])
    said = " ".join(filter(None, [line.booked_on.isoformat(), line.party, line.words]))
    match_payout(payout=payout, bank_line=said[:140])


@transaction.atomic
def match_line_to_refund(*, line: BankLine, refund: Refund) -> None:
    """A line that left is a refund that the treasurer made at the bank."""
    line = locked_line(line.pk)
    line.refund = refund
    line.save(update_fields=["refund"])
    refund_done(refund=refund, on=line.booked_on)


@transaction.atomic
def note_returned(*, line: BankLine, reference: str) -> bool:
    """A line that left gives a transfer back which nobody had noted: sent at the bank, or recalled.

    Whether there is one of which that much is left.
    """
    line = locked_line(line.pk)
    came = Payment.objects.filter(receivable__reference=reference, method=Payment.Method.TRANSFER)
    whole = (one for one in came.order_by("-pk") if refundable(one) >= -line.amount)
    if payment := next(whole, None):
        given = refund(
            payment=payment,
            amount=-line.amount,
            reason=_("By the bank’s statement: %(text)s") % {"text": line.words[:200] or "—"},
            external_id=f"bank:{line.fingerprint[:40]}",
        )
        match_line_to_refund(line=line, refund=given)
    return payment is not None


def _money(line: BankLine, cents: int) -> str:
    return str(Money(cents, line.currency))
