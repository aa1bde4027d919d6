"""Random histories: orders, payments, refunds, failures, events in any order; the books stay true."""

import random

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from convention.errors import ConventionError
from registrations.cancel import cancel
from registrations.checkout import reconcile
from registrations.checkout.models import Attempt
from registrations.forget import lapsed_holds
from registrations.invoices.balance import balance_of
from registrations.invoices.models import Payment, Receivable, Refund
from registrations.invoices.refund import refund, refundable
from registrations.models import Order, Registration, Sponsorship, Ticket
from registrations.sponsors.cancel_sponsorship import cancel_sponsorship
from registrations.sponsors.take_package import take_package
from tests.factories import make_event, make_ticket
from tests.registrations.checkout.conftest import by_client
from tests.registrations.checkout.makers import begin, lapse, order_by_card
from tests.registrations.sponsors.makers import make_package, sponsor_of
from tests.stripe_standin import StandIn
from tests.work import run_waiting_tasks

PLACES, PACKAGES = 3, 2
chance = st.randoms(use_true_random=False)


class Histories(RuleBasedStateMachine):
    """Buyers, Stripe and time do as they like."""

    project = None

    @initialize()
    def opens(self) -> None:
        self.standin = StandIn()
        self.standin.__enter__()
        self.standin.post.carry = by_client
        self.project.STRIPE_SECRET_KEY = self.standin.key
        self.project.STRIPE_WEBHOOK_SECRET = self.standin.post.secret
        self.project.STRIPE_API_BASE = self.standin.url
        self.event = make_event()
        ticket = make_ticket(self.event, price=12_000, capacity=PLACES)
        self.package = make_package(self.event, ticket, passes=1, capacity=PACKAGES)
        self.orders: list[Order] = []

    def teardown(self) -> None:
        if hasattr(self, "standin"):
            self.settle_all()
            self.standin.__exit__()

    def any_order(self, chances: random.Random) -> Order:
        return chances.choice(self.orders)

    def try_to(self, act) -> None:
        """Do it, or be told by a sentence why not."""
        try:
            act()
        except ConventionError:
            return

    @rule(people=st.integers(1, 2))
    def someone_orders(self, people: int) -> None:
        self.try_to(lambda: self.orders.append(order_by_card(self.event, people=people)))

    @rule()
    def a_sponsor_takes_a_package(self) -> None:
        self.package.refresh_from_db()
        key, sponsor = f"k{len(self.orders)}", sponsor_of(payment="card")
        self.try_to(
            lambda: self.orders.append(take_package(package=self.package, sponsor=sponsor, key=key).order)
        )

    @precondition(lambda self: self.orders)
    @rule(chances=chance)
    def goes_to_pay(self, chances: random.Random) -> None:
        self.try_to(lambda: begin(self.any_order(chances)))

    @precondition(lambda self: self.open_sessions())
    @rule(chances=chance, method=st.sampled_from(["card", "card", "sepa_debit"]))
    def pays(self, chances: random.Random, method: str) -> None:
        self.standin.world.pay(chances.choice(self.open_sessions())["id"], method)

    @precondition(lambda self: self.open_sessions())
    @rule(chances=chance)
    def is_declined(self, chances: random.Random) -> None:
        self.standin.world.decline(chances.choice(self.open_sessions())["id"])

    @precondition(lambda self: self.debits())
    @rule(chances=chance, outcome=st.sampled_from(["paid", "failed"]))
    def the_bank_answers(self, chances: random.Random, outcome: str) -> None:
        self.standin.world.settle_debit(chances.choice(self.debits())["id"], outcome)

    @precondition(lambda self: self.orders)
    @rule(chances=chance)
    def time_runs_out(self, chances: random.Random) -> None:
        order = self.any_order(chances)
        lapse(order)
        waiting = order.sponsorships.filter(confirmed_at=None, held_until__isnull=False)
        waiting.update(held_until=timezone.now())
        lapsed_holds()

    @precondition(lambda self: self.orders)
    @rule(chances=chance)
    def someone_cancels(self, chances: random.Random) -> None:
        standing = list(Registration.objects.filter(cancelled_at=None))
        if standing:
            cancel(registration=chances.choice(standing))

    @precondition(lambda self: Sponsorship.objects.standing().exists())
    @rule(chances=chance)
    def a_sponsor_cancels(self, chances: random.Random) -> None:
        cancel_sponsorship(sponsorship=chances.choice(list(Sponsorship.objects.standing())))

    @rule(chances=chance, times=st.integers(1, 2))
    def events_arrive(self, chances: random.Random, times: int) -> None:
        self.standin.post.deliver(lambda events: chances.sample(events, len(events)), times=times)

    @rule()
    def events_are_lost(self) -> None:
        self.standin.post.lose()

    @rule()
    def old_events_come_again(self) -> None:
        self.standin.post.sent = 0

    @rule()
    def the_worker_works(self) -> None:
        run_waiting_tasks()

    @rule()
    def stripe_is_asked(self) -> None:
        Attempt.objects.unsettled().update(asked_at=None, opened_at="2026-01-01T00:00:00Z")
        reconcile.open_attempts()

    @rule(chances=chance)
    def an_answer_was_never_stored(self, chances: random.Random) -> None:
        """As if the process had been killed between Stripe's answer and storing it."""
        known = list(Attempt.objects.unsettled().exclude(session_id=None))
        if known:
            Attempt.objects.filter(pk=chances.choice(known).pk).update(session_id=None)

    @precondition(lambda self: Payment.objects.exists())
    @rule(chances=chance, part=st.integers(1, 12_000))
    def money_goes_back(self, chances: random.Random, part: int) -> None:
        payment = chances.choice(list(Payment.objects.all()))
        self.try_to(lambda: refund(payment=payment, amount=min(part, refundable(payment)), reason="x"))

    def open_sessions(self) -> list:
        self.standin.world.lapse()
        return [session for session in self.standin.world.all("cs") if session["status"] == "open"]

    def debits(self) -> list:
        world = self.standin.world
        return [
            session
            for session in world.all("cs")
            if session["status"] == "complete"
            and session["payment_status"] == "unpaid"
            and world.objects[session["payment_intent"]]["status"] == "processing"
        ]

    @invariant()
    def places_are_as_many_as_hold_one(self) -> None:
        if not hasattr(self, "event"):
            return
        ticket = Ticket.objects.get(event=self.event)
        counted = sum(registration.counts for registration in Registration.objects.all())
        assert ticket.taken == counted <= PLACES
        self.package.refresh_from_db()
        assert self.package.taken == sum(one.counts for one in Sponsorship.objects.all()) <= PACKAGES

    @invariant()
    def nobody_comes_unpaid(self) -> None:
        for receivable in Receivable.objects.all():
            balance = balance_of(receivable)
            assert balance.given_back <= balance.paid
        paid = set(Receivable.objects.filter(payments__isnull=False).values_list("reference", flat=True))
        for order in Order.objects.all():
            confirmed = order.registrations.filter(confirmed_at__isnull=False)
            if confirmed.exists() or order.sponsorships.filter(confirmed_at__isnull=False).exists():
                assert order.reference in paid

    def settle_all(self) -> None:
        """In the end all is told: each payment at Stripe stands once in the books; who paid has a place."""
        run_waiting_tasks()
        self.standin.post.sent = 0
        self.standin.post.deliver(reversed)
        run_waiting_tasks()
        world = self.standin.world
        charges = {c["payment_intent"]: c["amount"] for c in world.all("ch")}
        assert dict(Payment.objects.values_list("external_id", "amount")) == charges
        at_stripe = sum(made["amount"] for made in world.all("re") if made["status"] == "succeeded")
        assert sum(Refund.objects.filter(state="done").values_list("amount", flat=True)) == at_stripe
        for receivable in Receivable.objects.all():
            order = Order.objects.get(reference=receivable.reference)
            standing = [*order.sponsorships.standing(), *order.registrations.filter(cancelled_at=None)]
            balance = balance_of(receivable)
            placed = sum(r.price for r in standing if r.counts)
            assert balance.owed in {placed, sum(r.price for r in standing)}
            if (
                balance.owed
                and balance.due <= 0
                and not Refund.objects.filter(receivable=receivable).exists()
            ):
                assert [r.state for r in standing] == ["confirmed"] * len(standing)


@pytest.mark.long
@pytest.mark.django_db
def test_histories(settings):
    """Each history in a transaction of its own, taken back at its end."""
    Histories.project = settings

    class InTransaction(Histories):
        def __init__(self) -> None:
            self.within = transaction.atomic()
            self.within.__enter__()
            super().__init__()

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                transaction.set_rollback(True)
                self.within.__exit__(None, None, None)

    run_state_machine_as_test(InTransaction, settings=QUICK)


QUICK = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
