"""Simulated card payments for the demo: no money moves, everything else is recorded as usual."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import NotFound
from registrations.invoices.models import Payment
from registrations.models import Order
from registrations.payments.models import CardPaymentAttempt

from .checkout import get_or_create_attempt, uses_demo_payments
from .settlement import record_order_payment


def require_demo_payments() -> None:
    """Raise NotFound where payments are real, and always in production."""
    if not uses_demo_payments():
        raise NotFound(_("This page does not exist."))


@transaction.atomic
def record_demo_payment(*, order: Order) -> CardPaymentAttempt:
    """Pay an order without money. Raise NotFound, NothingToPay, or SoldOut or a subclass."""
    require_demo_payments()
    attempt = get_or_create_attempt(order=order)
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=order.pk)
    attempt.payment = record_order_payment(
        order=order,
        amount=attempt.amount,
        method=Payment.Method.TEST,
        external_id=f"test-{attempt.idempotency_key}",
    )
    attempt.completed_at = timezone.now()
    attempt.save(update_fields=["payment", "completed_at"])
    return attempt
