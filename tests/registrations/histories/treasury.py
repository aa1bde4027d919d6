"""What the treasurer does: statements of the bank, invoices and credit notes, money by hand and back."""

import random

from django.utils import timezone

from registrations.billing.receivables import find_receivable
from registrations.invoices.documents.corrections import correct_invoice
from registrations.invoices.documents.credit_notes import (
    credit_invoice,
    credit_invoice_amount,
    credit_withdrawn_charges,
)
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.ledger.manual_charges import record_manual_charges, replace_manual_charges
from registrations.invoices.ledger.payments import record_manual_payment
from registrations.invoices.ledger.refunds import complete_refund, compute_refundable, request_refund
from registrations.invoices.models.documents import Invoice, Payment, Receivable, Refund
from registrations.models import Order
from registrations.order_context import OrderContext
from registrations.payments.bank.assignments import (
    assign_line,
    compute_unassigned,
    ignore_line,
    reopen_line,
    undo_assignment,
)
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.cards.settlement import (
    confirm_credited_order,
    confirm_manual_payment,
    confirm_paid_order,
)
from registrations.payments.models import BankLine, BankLineAssignment
from registrations.payments.payment_problems import list_unplaced_orders
from registrations.quotations.create import create_order_quotation
from tests.registrations.histories.base import MAX_AMOUNT_CENTS, register_frequent_step, register_step
from tests.registrations.payments.statements import camt


class Treasury:
    """Mixed into the machine."""

    @register_frequent_step
    def a_transfer_comes(self, chances: random.Random) -> None:
        """The right sum, too little or too much; once or twice; in time or late."""
        part, times = chances.choice([1, 1, 1, 0.5, 1.5]), chances.randint(1, 2)
        if order := self.any_of(Order.objects.filter(total__gt=0), chances):
            amount = max(1, int(order.total * part))
            text = f"Virement {next(self.numbers)}"
            line = (amount, "Acme", text, order.creditor_reference)
            self.try_to(lambda: import_statement(file=read_statement("x.xml", camt(*[line] * times))))

    @register_frequent_step
    def a_lump_sum_arrives(self, chances: random.Random) -> None:
        """What Stripe sent, or took where more was given back than came in; sometimes before it told."""
        if found := [one for one in self.standin.world.all("po") if one["amount"]]:
            line = (chances.choice(found)["amount"], "STRIPE PAYMENTS EUROPE", "STRIPE PAYOUT", "")
            self.try_to(lambda: import_statement(file=read_statement("s.xml", camt(line))))

    @register_frequent_step
    def a_line_is_assigned(self, chances: random.Random) -> None:
        part = chances.randint(1, MAX_AMOUNT_CENTS)
        line, order = self.any_of(BankLine.objects.needing_decision(), chances), self.any_order(chances)
        if line and order:
            amount = min(part, compute_unassigned(line)) if part % 2 else compute_unassigned(line)
            self.try_to(lambda: assign_line(line=line, reference=order.reference, amount=amount))

    @register_step
    def an_assignment_is_undone(self, chances: random.Random) -> None:
        if found := self.any_of(BankLineAssignment.objects.filter(reversal_refund=None), chances):
            self.try_to(lambda: undo_assignment(assignment=found, reason="x"))

    @register_step
    def a_line_is_set_aside_or_taken_up(self, chances: random.Random) -> None:
        if line := self.any_of(BankLine.objects.filter(payout=None), chances):
            self.try_to(
                lambda: reopen_line(line=line) if line.ignored_at else ignore_line(line=line, reason="x")
            )

    @register_step
    def a_lapsed_place_is_had_again(self, chances: random.Random) -> None:
        if order := self.any_of(list_unplaced_orders(), chances):
            self.try_to(lambda: confirm_paid_order(order=order))

    @register_frequent_step
    def an_invoice_is_issued(self, chances: random.Random) -> None:
        order = self.any_of(Order.objects.filter(total__gt=0).select_related("event"), chances)
        if order and (found := find_receivable(order.reference)):
            deposit = chances.randint(1, MAX_AMOUNT_CENTS)
            issues = [
                lambda: issue_invoice(receivable=found),
                lambda: issue_invoice(receivable=found),
                lambda: issue_deposit_invoice(receivable=found, amount=deposit),
            ]
            self.try_to(chances.choice(issues))

    @register_frequent_step
    def an_invoice_is_credited(self, chances: random.Random) -> None:
        amount = chances.randint(1, MAX_AMOUNT_CENTS)
        asking = Invoice.objects.exclude(kind="credit_note").select_related("receivable")
        if document := self.any_of(asking, chances):
            actions = [
                lambda: credit_invoice(invoice=document, reason="x"),
                lambda: credit_invoice(invoice=document, reason="x", line_ids=[document.lines.first().pk]),
                lambda: credit_invoice_amount(invoice=document, amount=amount, reason="x"),
                lambda: self.correct_purchase_order(document, str(amount)),
                lambda: credit_withdrawn_charges(receivable=document.receivable, reason="x"),
            ]
            self.try_to(chances.choice(actions))
            confirm_credited_order.func(document.receivable_id)

    def correct_purchase_order(self, document: Invoice, number: str) -> None:
        document.receivable.purchase_order = number
        document.receivable.save(update_fields=["purchase_order"])
        correct_invoice(invoice=document, reason="x")

    @register_step
    def money_goes_back(self, chances: random.Random) -> None:
        part = chances.randint(1, MAX_AMOUNT_CENTS)
        if payment := self.any_of(Payment.objects.all(), chances):
            amount = min(part, compute_refundable(payment))
            self.try_to(lambda: request_refund(payment=payment, amount=amount, reason="x"))

    @register_step
    def a_transfer_back_has_left(self, chances: random.Random) -> None:
        asked = Refund.objects.filter(state="requested", payment__method__in=["transfer", "cash"])
        if found := self.any_of(asked, chances):
            complete_refund(refund=found)

    @register_step
    def cash_comes(self, chances: random.Random) -> None:
        part = chances.choice([1, 1, 0.5])
        if found := self.any_of(Receivable.objects.all(), chances):
            amount = max(1, int(compute_balance(found).amount_due * part))
            mark = f"hand-{next(self.numbers)}"
            said = {"method": "cash", "external_id": mark, "received_on": timezone.localdate()}
            record_manual_payment(receivable=found, amount=amount, **said)
            confirm_manual_payment.func(found.pk)

    @register_step
    def something_is_owed_by_hand(self, chances: random.Random) -> None:
        lines = [chances.randint(1, MAX_AMOUNT_CENTS) for _line in range(chances.randint(1, 3))]
        owed = [ChargeItem(f"hand-{n}", f"Salle {n}", price, 2000) for n, price in enumerate(lines)]
        record_manual_charges(
            idempotency_key=f"k{next(self.numbers)}", buyer=Buyer(name="Mairie"), items=owed
        )

    @register_step
    def its_lines_are_changed(self, chances: random.Random) -> None:
        price = chances.randint(1, MAX_AMOUNT_CENTS)
        by_hand = Receivable.objects.filter(charges__key="hand-0").distinct()
        if found := self.any_of(by_hand, chances):
            lines = [ChargeItem("hand-0", "Salle", price, 2000)]
            self.try_to(lambda: replace_manual_charges(receivable=found, items=lines))

    @register_step
    def a_quotation_is_asked(self, _chances: random.Random) -> None:
        asked = {
            "event": self.event,
            "request": self.asked(self.stranger("guest")),
            "context": OrderContext(),
        }
        self.try_to(lambda: create_order_quotation(**asked))
