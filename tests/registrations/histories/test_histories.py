"""Random histories: after any sequence of actions, counters, places, numbers and books are consistent."""

import random

import pytest

from registrations.invoices.models.documents import Payment, Refund
from registrations.payments.models import Dispute
from tests.registrations.histories import invariants
from tests.registrations.histories.base import Stage
from tests.registrations.histories.buyers import Buyers
from tests.registrations.histories.cards import Cards
from tests.registrations.histories.periodic_steps import Ends
from tests.registrations.histories.treasury import Treasury
from tests.task_runner import run_waiting_tasks


class Histories(Buyers, Ends, Cards, Treasury, Stage):
    """A history with all kinds of actions."""

    def live(self, chances: random.Random, steps: int, look_every: int = 1) -> list[str]:
        """Run random actions, check invariants after every `look_every` of them, and return their names."""
        lived, choices = [], self.list_steps()
        try:
            for step in range(steps):
                chosen = chances.choice(choices)
                lived.append(chosen.__name__)
                chosen(chances)
                if step % look_every == 0:
                    self.all_is_true()
            self.all_is_told()
        except Exception as error:
            error.add_note("\n".join(lived))
            raise
        return lived

    def all_is_true(self) -> None:
        invariants.require_true_counters()
        invariants.require_places_for_money()
        invariants.require_verified_buyers()
        invariants.require_equal_balances()
        invariants.require_numbers_without_gap()
        invariants.require_balanced_books()
        invariants.require_true_payouts()

    def all_is_told(self) -> None:
        """Check that each payment and refund at Stripe is booked once and that all money reached the bank."""
        run_waiting_tasks()
        self.standin.post.sent = 0
        self.standin.post.deliver(reversed)
        run_waiting_tasks()
        self.a_sum_is_sent_to_the_bank(random.Random(0))
        self.standin.post.deliver()
        run_waiting_tasks()
        invariants.require_nothing_left_at_stripe()
        world = self.standin.world
        charges = {one["payment_intent"]: one["amount"] for one in world.all("ch")}
        by_stripe = Payment.objects.filter(method__in=invariants.BY_STRIPE)
        assert dict(by_stripe.values_list("external_id", "amount")) == charges
        at_stripe = sum(made["amount"] for made in world.all("re") if made["status"] == "succeeded")
        lost = Dispute.objects.filter(refund__isnull=False).values("refund")
        done = Refund.objects.filter(state="done", payment__method__in=invariants.BY_STRIPE).exclude(
            pk__in=lost
        )
        assert sum(done.values_list("amount", flat=True)) == at_stripe
        self.all_is_true()


def live(project, seed: int, steps: int, look_every: int = 1) -> None:
    """Run one history; odd seeds have rate limits on, with a ceiling that a few unverified orders reach."""
    project.RATE_LIMITS, project.UNVERIFIED_PLACES_PER_HOUR = ("on" if seed % 2 else "off"), 4
    history = Histories(project)
    try:
        history.live(random.Random(seed), steps, look_every)
    finally:
        history.standin.__exit__()


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_random_histories_keep_invariants(settings, seed):
    live(settings, seed, steps=40)


@pytest.mark.soak
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3, 203))
def test_long_random_histories_keep_invariants(settings, seed):
    """Checks take four fifths of the time: short histories check after each action, these every tenth."""
    live(settings, seed, steps=200, look_every=10)
