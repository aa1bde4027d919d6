"""Payouts: sums that Stripe sends to the bank, with their lines and fees."""

from django.db import transaction

from registrations.invoices.ledger.payments import record_payout, record_payout_failure, record_processor_fee
from registrations.invoices.models import Payment, Payout, Refund
from registrations.payments.models import PayoutLine, StripeRefund

from . import gateway
from .disputes import sync_dispute
from .settlement import settle_session
from .stripe_refunds import sync_refund

# Failed ones were sent before, and their first entry in the accounts must exist to be reversed.
SENT_STATUSES = {"paid", "in_transit", "failed"}
FAILED_STATUSES = {"failed", "canceled"}
CHARGE_KIND, FEE_KIND, REVERSAL_KIND = "charge", "fee", "payout_reversal"
SYNC_BY_KIND = {
    "refund": sync_refund,
    "refund_failure": sync_refund,
    "dispute": sync_dispute,
    "dispute_reversal": sync_dispute,
}


def import_payout(payout_id: str) -> None:
    """Save a payout that was sent. A failed one is marked; Stripe sends its sum again in another one."""
    facts = gateway.fetch_payout(payout_id)
    if facts.status in SENT_STATUSES:
        # Stripe does not list the content of payouts started by hand.
        lines = gateway.fetch_payout_lines(payout_id) if facts.is_automatic else []
        sync_payout_lines(lines)
        save_payout(facts, lines)
    if facts.status in FAILED_STATUSES:
        record_payout_failure(external_id=payout_id)


def sync_payout_lines(lines: list[gateway.PayoutLineFacts]) -> None:
    """Settle payments, refunds and disputes in a payout that no webhook has announced yet."""
    # Events arrive in any order: the payout may be announced before its payments.
    known = _find_payments(lines)
    for intent in dict.fromkeys(line.payment_intent_id for line in lines if _may_be_own_payment(line)):
        if intent not in known and (facts := gateway.find_session_by_intent(intent)):
            settle_session(facts=facts)
    known = _find_payments(lines)
    for line in lines:
        if line.kind in SYNC_BY_KIND and line.payment_intent_id in known:
            SYNC_BY_KIND[line.kind](line.source_id)


def _may_be_own_payment(line: gateway.PayoutLineFacts) -> bool:
    """Return whether a line may belong to an order.

    Only charges carry our metadata; for refunds and disputes Stripe has to be asked.
    """
    return bool(
        line.attempt_key if line.kind == CHARGE_KIND else line.payment_intent_id and line.kind in SYNC_BY_KIND
    )


@transaction.atomic
def save_payout(facts: gateway.PayoutFacts, lines: list[gateway.PayoutLineFacts]) -> Payout:
    """Save a payout with its lines, and link payments and fees to it."""
    payments = _find_payments(lines)
    refund_links = StripeRefund.objects.filter(stripe_id__in=[line.source_id for line in lines])
    charged = [line for line in lines if line.kind == CHARGE_KIND and line.payment_intent_id in payments]
    for line in charged:
        # The payout has the final fee; at the payment it may not have been known yet.
        if payments[line.payment_intent_id].fee != line.fee_cents:
            record_processor_fee(payment=payments[line.payment_intent_id], fee=line.fee_cents)
    payout = record_payout(
        external_id=facts.payout_id,
        amount=facts.amount_cents,
        arrived_on=facts.arrives_on,
        payments=[payments[line.payment_intent_id] for line in charged],
        refunds=list(Refund.objects.filter(pk__in=refund_links.values("refund"))),
        currency=facts.currency,
        settled_amount=sum_settled(lines, payments) if lines else None,
        other_fees=sum_other_fees(lines, payments) if lines else None,
        resent_amount=sum(line.gross_cents - line.fee_cents for line in lines if line.kind == REVERSAL_KIND)
        if lines
        else None,
    )
    PayoutLine.objects.bulk_create(
        (
            PayoutLine(
                external_id=line.line_id,
                payout=payout,
                kind=line.kind[:40],
                gross=line.gross_cents,
                fee=line.fee_cents,
                source_id=line.source_id,
                payment=payments.get(line.payment_intent_id),
            )
            for line in lines
        ),
        # The same payout may be announced several times.
        ignore_conflicts=True,
    )
    return payout


def sum_settled(lines: list[gateway.PayoutLineFacts], payments: dict[str, Payment]) -> int:
    """Return the cents of our payments, less their booked fees and what left again (refunds, disputes)."""
    ours = [line for line in lines if line.payment_intent_id in payments]
    return sum(
        line.gross_cents - (payments[line.payment_intent_id].fee if line.kind == CHARGE_KIND else 0)
        for line in ours
    )


def sum_other_fees(lines: list[gateway.PayoutLineFacts], payments: dict[str, Payment]) -> int:
    """Return the cents of fees that no payment's entry holds.

    Those are the fees of disputes and of Stripe's services, and the difference between final and booked fee
    of payments in a closed period.
    """
    dispute_fees = sum(
        line.fee_cents for line in lines if line.payment_intent_id in payments and line.kind != CHARGE_KIND
    )
    late_fees = sum(
        line.fee_cents - payments[line.payment_intent_id].fee
        for line in lines
        if line.kind == CHARGE_KIND and line.payment_intent_id in payments
    )
    service_fees = sum(line.fee_cents - line.gross_cents for line in lines if line.kind == FEE_KIND)
    return dispute_fees + late_fees + service_fees


def _find_payments(lines: list[gateway.PayoutLineFacts]) -> dict[str, Payment]:
    """Return our payments by their PaymentIntent id."""
    intents = {line.payment_intent_id for line in lines if line.payment_intent_id}
    return {payment.external_id or "": payment for payment in Payment.objects.filter(external_id__in=intents)}
