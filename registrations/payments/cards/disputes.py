"""Disputes: the buyer's bank withholds a payment. A lost dispute is recorded as a refund."""

from django.db import transaction

from convention.audit.record import record_action
from registrations.invoices.ledger.refunds import complete_refund, compute_refundable, request_refund
from registrations.invoices.models import Payment, Refund
from registrations.payments.models import Dispute

from . import gateway
from .stripe_refunds import list_unanswered_refunds, send_pending_refunds

LOST_STATUS = "lost"


def sync_dispute(dispute_id: str) -> None:
    """Fetch a dispute from Stripe and save it."""
    # The current state, not that of the event: events may arrive late or in another order.
    facts = gateway.fetch_dispute(dispute_id)
    send_pending_refunds(facts.payment_intent_id)
    save_dispute(facts)


@transaction.atomic
def save_dispute(facts: gateway.DisputeFacts) -> Dispute | None:
    """Save a dispute of one of our payments; return None for any other."""
    payment = (
        Payment.objects.select_related("receivable__event")
        .filter(external_id=facts.payment_intent_id)
        .first()
    )
    if payment is None or not facts.payment_intent_id:
        return None
    values = {"status": facts.status[:40], "evidence_due_at": facts.evidence_due_at}
    first_values = {
        **values,
        "payment": payment,
        "amount": facts.amount_cents,
        "reason": facts.reason[:60],
        "opened_at": facts.opened_at,
    }
    # Locked, so that two events of a lost dispute record one refund.
    dispute, is_new = Dispute.objects.select_for_update(of=("self",)).update_or_create(
        external_id=facts.dispute_id, defaults=values, create_defaults=first_values
    )
    if is_new:
        record_action("dispute.open", payment, event=payment.receivable.event, fields=["dispute"])
    if facts.status == LOST_STATUS and dispute.refund_id is None:
        dispute.refund = _refund_lost_dispute(payment, facts)
        dispute.save(update_fields=["refund"])
        record_action("dispute.lose", payment, event=payment.receivable.event, fields=["dispute"])
    return dispute


def _refund_lost_dispute(payment: Payment, facts: gateway.DisputeFacts) -> Refund | None:
    """Record a lost dispute as a refund, so that the order owes the money again.

    Raise StripeUnavailable while a refund is unanswered: its amount may not be available any more.
    """
    if list_unanswered_refunds(facts.payment_intent_id).exists():
        raise gateway.StripeUnavailable("refund under way")
    # A part may have been refunded before the dispute.
    amount = min(facts.amount_cents, compute_refundable(payment))
    if not amount:
        return None
    refund = request_refund(
        payment=payment,
        amount=amount,
        reason="",
        occasion=Refund.Occasion.DISPUTE,
        external_id=facts.dispute_id,
    )
    # Done at once: the bank has withdrawn the money already.
    complete_refund(refund=refund, external_id=facts.dispute_id)
    return refund
