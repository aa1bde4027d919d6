"""Disputes: a buyer's bank takes a payment back until it is decided; a lost one is money given back."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from registrations.invoices.models import Payment, Refund
from registrations.invoices.refund import refund, refund_done, refundable

from . import gateway
from .models import Dispute
from .refunds import send_waiting, unanswered

LOST = "lost"


def follow_dispute(dispute_id: str) -> None:
    """Bring a dispute to what Stripe says of it now."""
    facts = gateway.dispute_facts(dispute_id)
    send_waiting(facts.intent)
    keep_dispute(facts)


@transaction.atomic
def keep_dispute(facts: gateway.DisputeFacts) -> Dispute | None:
    """Keep a dispute of one of our payments; None for any other."""
    payment = Payment.objects.select_related("receivable__event").filter(external_id=facts.intent).first()
    if payment is None or not facts.intent:
        return None
    said = {"status": facts.status[:40], "answer_by": facts.answer_by}
    first = {
        **said,
        "payment": payment,
        "amount": facts.amount,
        "reason": facts.reason[:60],
        "opened_at": facts.opened_at,
    }
    dispute, is_new = Dispute.objects.select_for_update(of=("self",)).update_or_create(
        external_id=facts.dispute_id, defaults=said, create_defaults=first
    )
    if is_new:
        record("dispute.open", payment, event=payment.receivable.event, fields=["dispute"])
    if facts.status == LOST and dispute.refund_id is None:
        dispute.refund = _lost(payment, facts)
        dispute.save(update_fields=["refund"])
        record("dispute.lose", payment, event=payment.receivable.event, fields=["dispute"])
    return dispute


def _lost(payment: Payment, facts: gateway.DisputeFacts) -> Refund | None:
    """The money is gone for good: the order owes it again. Raises NotReached before refunds are answered."""
    if unanswered(facts.intent).exists():
        raise gateway.NotReached("refund under way")
    amount = min(facts.amount, refundable(payment))
    if not amount:
        return None
    gone = refund(payment=payment, amount=amount, reason=_("Dispute lost"), external_id=facts.dispute_id)
    refund_done(refund=gone, external_id=facts.dispute_id)
    return gone
