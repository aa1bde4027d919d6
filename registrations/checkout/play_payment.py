"""Play a payment: what the demo does without Stripe. No money moves; everything else is as with money."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import NotFound
from registrations.invoices.models import Payment
from registrations.models import Order

from .models import Attempt
from .offered import plays_payments
from .settle import pay_order
from .start_payment import next_attempt


def refuse_unless_played() -> None:
    """Raises NotFound where payments are real, and in production always."""
    if not plays_payments():
        raise NotFound(_("There is no such page."))


@transaction.atomic
def play_payment(*, order: Order) -> Attempt:
    """Pay an order without money. Raises NotFound, NothingToPay, SoldOut and its kind."""
    refuse_unless_played()
    attempt = next_attempt(order=order)
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=order.pk)
    attempt.payment = pay_order(
        order=order, amount=attempt.amount, method=Payment.Method.TEST, external_id=f"test-{attempt.key}"
    )
    attempt.completed_at = timezone.now()
    attempt.save(update_fields=["payment", "completed_at"])
    return attempt
