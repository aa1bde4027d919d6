"""How orders end: their time runs out, or somebody cancels."""

import random

from django.utils import timezone

from registrations.changes.bulk_cancel import cancel_orders
from registrations.changes.cancel import cancel_registration, cancel_with_fee
from registrations.models import Order, Registration, Sponsorship
from registrations.periodic_jobs import release_expired_holds
from registrations.sponsors.sponsorships import cancel_sponsorship
from tests.registrations.histories.base import MAX_AMOUNT_CENTS, register_frequent_step, register_step
from tests.registrations.payments.factories import expire_holds


class Ends:
    """Mixed into the machine."""

    @register_step
    def time_runs_out(self, chances: random.Random) -> None:
        if order := self.any_order(chances):
            expire_holds(order)
            waiting = order.sponsorships.filter(confirmed_at=None, hold_expires_at__isnull=False)
            waiting.update(hold_expires_at=timezone.now())
            release_expired_holds()

    @register_frequent_step
    def someone_cancels(self, chances: random.Random) -> None:
        if found := self.any_of(Registration.objects.filter(cancelled_at=None), chances):
            self.try_to(lambda: cancel_registration(registration=found))

    @register_step
    def an_organizer_cancels_and_keeps_a_part(self, chances: random.Random) -> None:
        kept = chances.randint(0, MAX_AMOUNT_CENTS)
        if found := self.any_of(Registration.objects.filter(cancelled_at=None), chances):
            part = min(kept, found.full_price)
            self.try_to(lambda: cancel_with_fee(registration=found, fee_cents=part, reason="x"))

    @register_step
    def orders_are_cancelled_together(self, chances: random.Random) -> None:
        references = list(Order.objects.order_by("pk").values_list("reference", flat=True))
        chosen = chances.sample(references, min(len(references), chances.randint(1, 3)))
        self.try_to(lambda: cancel_orders(event=self.event, references=chosen, reason="x"))

    @register_step
    def a_sponsor_cancels(self, chances: random.Random) -> None:
        if found := self.any_of(Sponsorship.objects.active(), chances):
            self.try_to(lambda: cancel_sponsorship(sponsorship=found))
