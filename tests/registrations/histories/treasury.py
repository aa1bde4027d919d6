"""What the treasurer does: statements of the bank, invoices and credit notes, money by hand and back."""

import random

from django.utils import timezone

from registrations.bill import receivable_named
from registrations.checkout.assign import assign, ignore, left_of, take_up, undo
from registrations.checkout.bank_files import read_statement
from registrations.checkout.import_statement import import_statement
from registrations.checkout.models import Assignment, BankLine
from registrations.checkout.place_paid import place_paid
from registrations.checkout.settle import confirm_noted
from registrations.checkout.troubles import unplaced_orders
from registrations.invoices.balance import balance_of
from registrations.invoices.credit import correct, credit, credit_amount, credit_withdrawn
from registrations.invoices.issue import issue, issue_deposit
from registrations.invoices.models import Invoice, Payment, Receivable, Refund
from registrations.invoices.owe import Buyer, Owed
from registrations.invoices.owe_by_hand import change_lines, owe_by_hand
from registrations.invoices.pay import record_by_hand
from registrations.invoices.refund import refund, refund_done, refundable
from registrations.models import Order
from registrations.quotation import ask_quotation
from registrations.register import Means
from tests.registrations.checkout.statements import camt
from tests.registrations.histories.stage import MOST, act, often


class Treasury:
    """Mixed into the machine."""

    @often
    def a_transfer_comes(self, chances: random.Random) -> None:
        """The right sum, too little or too much; once or twice; in time or late."""
        part, times = chances.choice([1, 1, 1, 0.5, 1.5]), chances.randint(1, 2)
        if order := self.any_of(Order.objects.filter(total__gt=0), chances):
            amount = max(1, int(order.total * part))
            text = f"Virement {next(self.numbers)}"
            line = (amount, "Acme", text, order.creditor_reference)
            self.try_to(lambda: import_statement(file=read_statement("x.xml", camt(*[line] * times))))

    @often
    def a_lump_sum_arrives(self, chances: random.Random) -> None:
        """What Stripe sent, or took where more was given back than came in; sometimes before it told."""
        if found := [one for one in self.standin.world.all("po") if one["amount"]]:
            line = (chances.choice(found)["amount"], "STRIPE PAYMENTS EUROPE", "STRIPE PAYOUT", "")
            self.try_to(lambda: import_statement(file=read_statement("s.xml", camt(line))))

    @often
    def a_line_is_assigned(self, chances: random.Random) -> None:
        part = chances.randint(1, MOST)
        line, order = self.any_of(BankLine.objects.open(), chances), self.any_order(chances)
        if line and order:
            amount = min(part, left_of(line)) if part % 2 else left_of(line)
            self.try_to(lambda: assign(line=line, reference=order.reference, amount=amount))

    @act
    def an_assignment_is_undone(self, chances: random.Random) -> None:
        if found := self.any_of(Assignment.objects.filter(undone_by=None), chances):
            self.try_to(lambda: undo(assignment=found, reason="x"))

    @act
    def a_line_is_set_aside_or_taken_up(self, chances: random.Random) -> None:
        if line := self.any_of(BankLine.objects.filter(payout=None), chances):
            self.try_to(lambda: take_up(line=line) if line.ignored_at else ignore(line=line, reason="x"))

    @act
    def a_lapsed_place_is_had_again(self, chances: random.Random) -> None:
        if order := self.any_of(unplaced_orders(), chances):
            self.try_to(lambda: place_paid(order=order))

    @often
    def an_invoice_is_issued(self, chances: random.Random) -> None:
        order = self.any_of(Order.objects.filter(total__gt=0).select_related("event"), chances)
        if order and (found := receivable_named(order.reference)):
            deposit = chances.randint(1, MOST)
            issues = [
                lambda: issue(receivable=found),
                lambda: issue(receivable=found),
                lambda: issue_deposit(receivable=found, amount=deposit),
            ]
            self.try_to(chances.choice(issues))

    @often
    def an_invoice_is_credited(self, chances: random.Random) -> None:
        amount = chances.randint(1, MOST)
        asking = Invoice.objects.exclude(kind="credit_note").select_related("receivable")
        if document := self.any_of(asking, chances):
            acts = [
                lambda: credit(invoice=document, reason="x"),
                lambda: credit(invoice=document, reason="x", lines=[document.lines.first().pk]),
                lambda: credit_amount(invoice=document, amount=amount, reason="x"),
                lambda: correct(invoice=document, reason="x"),
                lambda: credit_withdrawn(receivable=document.receivable, reason="x"),
            ]
            self.try_to(chances.choice(acts))

    @act
    def money_goes_back(self, chances: random.Random) -> None:
        part = chances.randint(1, MOST)
        if payment := self.any_of(Payment.objects.all(), chances):
            amount = min(part, refundable(payment))
            self.try_to(lambda: refund(payment=payment, amount=amount, reason="x"))

    @act
    def a_transfer_back_has_left(self, chances: random.Random) -> None:
        asked = Refund.objects.filter(state="requested", payment__method__in=["transfer", "cash"])
        if found := self.any_of(asked, chances):
            refund_done(refund=found)

    @act
    def cash_comes(self, chances: random.Random) -> None:
        part = chances.choice([1, 1, 0.5])
        if found := self.any_of(Receivable.objects.all(), chances):
            amount = max(1, int(balance_of(found).due * part))
            mark = f"hand-{next(self.numbers)}"
            said = {"method": "cash", "external_id": mark, "received_on": timezone.localdate()}
            record_by_hand(receivable=found, amount=amount, **said)
            confirm_noted.func(found.pk)

    @act
    def something_is_owed_by_hand(self, chances: random.Random) -> None:
        lines = [chances.randint(1, MOST) for _line in range(chances.randint(1, 3))]
        owed = [Owed(f"hand-{n}", f"Salle {n}", price, 2000) for n, price in enumerate(lines)]
        owe_by_hand(key=f"k{next(self.numbers)}", buyer=Buyer(name="Mairie"), lines=owed)

    @act
    def its_lines_are_changed(self, chances: random.Random) -> None:
        price = chances.randint(1, MOST)
        by_hand = Receivable.objects.filter(charges__key="hand-0").distinct()
        if found := self.any_of(by_hand, chances):
            lines = [Owed("hand-0", "Salle", price, 2000)]
            self.try_to(lambda: change_lines(receivable=found, lines=lines))

    @act
    def a_quotation_is_asked(self, _chances: random.Random) -> None:
        asked = {"event": self.event, "request": self.asked(self.stranger("guest")), "means": Means()}
        self.try_to(lambda: ask_quotation(**asked))
