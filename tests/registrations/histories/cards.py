"""What happens to payments by card: paid, declined, told late or never, given back, disputed, paid out."""

import random

from registrations.models import Order
from registrations.payments.cards import reconcile
from registrations.payments.models import CardPaymentAttempt
from tests.registrations.histories.base import MAX_AMOUNT_CENTS, register_frequent_step, register_step
from tests.registrations.payments.factories import begin_payment
from tests.task_runner import run_waiting_tasks


class Cards:
    """Acts of Stripe, of the worker, and of those who pay there; mixed into the machine."""

    @register_frequent_step
    def goes_to_pay(self, chances: random.Random) -> None:
        if order := self.any_of(Order.objects.filter(payment="card"), chances):
            self.try_to(lambda: begin_payment(order))

    @register_frequent_step
    def pays(self, chances: random.Random) -> None:
        method = chances.choice(["card", "card", "sepa_debit"])
        if found := self.open_sessions():
            self.standin.world.pay(chances.choice(found)["id"], method)

    @register_step
    def is_declined(self, chances: random.Random) -> None:
        if found := self.open_sessions():
            self.standin.world.decline(chances.choice(found)["id"])

    @register_step
    def the_bank_answers_a_debit(self, chances: random.Random) -> None:
        if found := self.debits():
            self.standin.world.settle_debit(chances.choice(found)["id"], chances.choice(["paid", "failed"]))

    @register_frequent_step
    def events_arrive(self, chances: random.Random) -> None:
        times = chances.randint(1, 2)
        self.standin.post.deliver(lambda events: chances.sample(events, len(events)), times=times)

    @register_step
    def events_are_lost(self, _chances: random.Random) -> None:
        self.standin.post.lose()

    @register_step
    def old_events_come_again(self, _chances: random.Random) -> None:
        self.standin.post.sent = 0

    @register_step
    def the_worker_works(self, _chances: random.Random) -> None:
        run_waiting_tasks()

    @register_step
    def stripe_is_asked(self, _chances: random.Random) -> None:
        CardPaymentAttempt.objects.unsettled().update(polled_at=None, opened_at="2026-01-01T00:00:00Z")
        reconcile.poll_open_attempts()

    @register_step
    def an_answer_was_never_stored(self, chances: random.Random) -> None:
        """As if the process had been killed between Stripe's answer and storing it."""
        if known := self.any_of(CardPaymentAttempt.objects.unsettled().exclude(session_id=None), chances):
            CardPaymentAttempt.objects.filter(pk=known.pk).update(session_id=None)

    @register_step
    def a_payment_is_disputed(self, chances: random.Random) -> None:
        if found := self.charges():
            self.standin.world.dispute(chances.choice(found)["id"])

    @register_step
    def a_dispute_is_decided(self, chances: random.Random) -> None:
        if found := self.quarrels():
            self.standin.world.close_dispute(chances.choice(found)["id"], chances.choice(["won", "lost"]))

    @register_step
    def a_refund_comes_back(self, chances: random.Random) -> None:
        if found := [one for one in self.standin.world.all("re") if one["status"] == "succeeded"]:
            self.standin.world.fail_refund(chances.choice(found)["id"])

    @register_step
    def the_dashboard_gives_back(self, chances: random.Random) -> None:
        part = chances.randint(1, MAX_AMOUNT_CENTS)
        if found := [one for one in self.standin.world.all("ch") if not one["disputed"]]:
            one = chances.choice(found)
            if left := one["amount"] - one["amount_refunded"]:
                self.standin.world.refund({"charge": one["id"], "amount": min(part, left)})

    @register_frequent_step
    def a_sum_is_sent_to_the_bank(self, _chances: random.Random) -> None:
        if any(line["_payout"] is None for line in self.standin.world.all("txn")):
            self.standin.world.pay_out()

    @register_step
    def a_sum_is_sent_back(self, chances: random.Random) -> None:
        if found := [one for one in self.standin.world.all("po") if one["status"] == "paid"]:
            self.standin.world.fail_payout(chances.choice(found)["id"])

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

    def charges(self) -> list:
        return [
            one for one in self.standin.world.all("ch") if not one["disputed"] and not one["amount_refunded"]
        ]

    def quarrels(self) -> list:
        return [one for one in self.standin.world.all("du") if one["status"] == "needs_response"]
