"""Refunds through Stripe: the row is stored first, then Stripe is called, then its answer is saved."""

from django.db import transaction
from django.tasks import task
from django.utils.translation import gettext as _

from registrations.invoices.ledger.refunds import (
    complete_refund,
    compute_refundable,
    fail_refund,
    request_refund,
)
from registrations.invoices.models import Payment, Refund, RefundQuerySet
from registrations.invoices.models.receivables import PROCESSOR_METHODS
from registrations.payments.models import StripeRefund

from . import gateway
from .checkout import accepts_cards

FAILED_STATUSES = {"failed", "canceled"}


@task()
def send_refund(refund_id: int) -> None:
    """Refund a card payment at Stripe. The task is retried until Stripe answers; it is idempotent."""
    requested_refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if (
        requested_refund.state != Refund.State.REQUESTED
        or StripeRefund.objects.filter(refund=requested_refund).exists()
    ):
        return
    if requested_refund.payment.method == Payment.Method.TEST:
        complete_refund(refund=requested_refund, external_id=requested_refund.external_id or "")
    elif accepts_cards():
        _create_stripe_refund(requested_refund)


def _create_stripe_refund(requested_refund: Refund) -> None:
    try:
        facts = gateway.create_refund(
            payment_intent_id=requested_refund.payment.external_id or "",
            amount=requested_refund.amount,
            own_refund_id=str(requested_refund.pk),
            # Stripe answers a repeated request with the first refund.
            idempotency_key=f"refund-{requested_refund.receivable_id}-{requested_refund.pk}",
        )
    except gateway.StripeRefusal as error:
        # Final: its money is available again, and the treasurer sees the failed refund.
        fail_refund(refund=requested_refund, reason=f"Stripe: {error.code}")
    else:
        save_refund(facts)


def sync_refund(stripe_id: str) -> None:
    """Fetch a refund from Stripe and save it."""
    facts = gateway.fetch_refund(stripe_id)
    send_pending_refunds(facts.payment_intent_id)
    save_refund(facts)


def send_pending_refunds(payment_intent_id: str) -> None:
    """Send our own requests for this payment first.

    A refund made in Stripe's dashboard could otherwise use up the amount they need.
    """
    for refund in list_unanswered_refunds(payment_intent_id):
        send_refund.func(refund.pk)


def list_unanswered_refunds(payment_intent_id: str) -> RefundQuerySet:
    """Return the requested refunds of a payment that Stripe has not answered yet."""
    requested = Refund.objects.filter(
        payment__external_id=payment_intent_id,
        state=Refund.State.REQUESTED,
        # Those by transfer are the treasurer's.
        method__in=PROCESSOR_METHODS,
    )
    return requested.exclude(pk__in=StripeRefund.objects.values("refund")).order_by("pk")


@transaction.atomic
def save_refund(facts: gateway.RefundFacts) -> None:
    """Save the outcome of a refund; one made in Stripe's dashboard is recorded as well."""
    refund = _find_refund(facts) or _record_dashboard_refund(facts)
    if refund is None:
        return
    # Because this row exists, `send_refund` does not call Stripe again.
    StripeRefund.objects.get_or_create(refund=refund, defaults={"stripe_id": facts.refund_id})
    if facts.status == "succeeded":
        complete_refund(refund=refund, external_id=refund.external_id or "")
    elif facts.status in FAILED_STATUSES:
        fail_refund(refund=refund, reason=f"Stripe: {facts.failure_reason or facts.status}")


def _find_refund(facts: gateway.RefundFacts) -> Refund | None:
    rows = Refund.objects.select_related("payment", "receivable").select_for_update(of=("self",))
    # By Stripe's id, or by ours if the process died before Stripe's was stored.
    known = StripeRefund.objects.filter(stripe_id=facts.refund_id).values_list("refund", flat=True).first()
    if known:
        return rows.get(pk=known)
    payment_refunds = rows.filter(payment__external_id=facts.payment_intent_id)
    return payment_refunds.filter(pk=facts.own_refund_id).first() if facts.own_refund_id.isdigit() else None


def _record_dashboard_refund(facts: gateway.RefundFacts) -> Refund | None:
    """Record a refund made in Stripe's dashboard; None if its payment is not ours."""
    payment = (
        Payment.objects.filter(external_id=facts.payment_intent_id).first()
        if facts.payment_intent_id
        else None
    )
    if payment is None or facts.status in FAILED_STATUSES or facts.amount_cents > compute_refundable(payment):
        return None
    reason = _("Refunded in the Stripe dashboard")
    return request_refund(
        payment=payment, amount=facts.amount_cents, reason=reason, external_id=facts.refund_id
    )
