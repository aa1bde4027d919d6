"""Payouts: the sums that Stripe sends to the bank, with what each is made of and what it cost."""

from django.db import transaction

from registrations.invoices.models import Payment, Payout, Refund
from registrations.invoices.pay import payout_failed, record_fee, record_payout

from . import gateway
from .disputes import follow_dispute
from .models import BalanceLine, StripeRefund
from .refunds import follow_refund
from .settle import settle

LEFT = {"paid", "in_transit", "failed"}
OVER = {"failed", "canceled"}
CHARGE, FEE, SENT_BACK = "charge", "fee", "payout_reversal"
FOLLOWED = {
    "refund": follow_refund,
    "refund_failure": follow_refund,
    "dispute": follow_dispute,
    "dispute_reversal": follow_dispute,
}


def import_payout(payout_id: str) -> None:
    """Keep a payout that is on its way to the bank; one that failed since comes again under another id."""
    facts = gateway.payout_facts(payout_id)
    if facts.status in LEFT:
        lines = gateway.payout_lines(payout_id) if facts.is_automatic else []
        follow(lines)
        keep_payout(facts, lines)
    if facts.status in OVER:
        payout_failed(external_id=payout_id)


def follow(lines: list[gateway.LineFacts]) -> None:
    """Learn first of what a payout is made of, should it be told before that: payments, then what left."""
    known = _payments(lines)
    for intent in dict.fromkeys(line.intent for line in lines if _may_be_ours(line)):
        if intent not in known and (facts := gateway.session_of(intent)):
            settle(facts=facts)
    known = _payments(lines)
    for line in lines:
        if line.kind in FOLLOWED and line.intent in known:
            FOLLOWED[line.kind](line.source)


def _may_be_ours(line: gateway.LineFacts) -> bool:
    """Whether its payment may be of an order; of what left, the line itself says nothing of that."""
    return bool(line.attempt if line.kind == CHARGE else line.intent and line.kind in FOLLOWED)


@transaction.atomic
def keep_payout(facts: gateway.PayoutFacts, lines: list[gateway.LineFacts]) -> Payout:
    """Keep a payout and its lines, and note with each payment what it cost and how it reached the bank."""
    payments = _payments(lines)
    given_back = StripeRefund.objects.filter(stripe_id__in=[line.source for line in lines])
    charged = [line for line in lines if line.kind == CHARGE and line.intent in payments]
    for line in charged:
        if payments[line.intent].fee != line.fee:
            record_fee(payment=payments[line.intent], fee=line.fee)
    payout = record_payout(
        external_id=facts.payout_id,
        amount=facts.amount,
        arrived_on=facts.arrives_on,
        payments=[payments[line.intent] for line in charged],
        refunds=list(Refund.objects.filter(pk__in=given_back.values("refund"))),
        currency=facts.currency,
        settled=settled(lines, payments) if lines else None,
        fees=fees(lines, payments) if lines else None,
        sent_again=sum(line.gross - line.fee for line in lines if line.kind == SENT_BACK) if lines else None,
    )
    BalanceLine.objects.bulk_create(
        (
            BalanceLine(
                external_id=line.line_id,
                payout=payout,
                kind=line.kind[:40],
                gross=line.gross,
                fee=line.fee,
                source_id=line.source,
                payment=payments.get(line.intent),
            )
            for line in lines
        ),
        ignore_conflicts=True,
    )
    return payout


def settled(lines: list[gateway.LineFacts], payments: dict[str, Payment]) -> int:
    """What our payments come to, less their fees and what left of them again; a dispute withholds it."""
    ours = [line for line in lines if line.intent in payments]
    return sum(line.gross - line.fee if line.kind == CHARGE else line.gross for line in ours)


def fees(lines: list[gateway.LineFacts], payments: dict[str, Payment]) -> int:
    """What Stripe keeps besides: for disputes of our payments, and for its services."""
    besides = sum(line.fee for line in lines if line.intent in payments and line.kind != CHARGE)
    return besides + sum(line.fee - line.gross for line in lines if line.kind == FEE)


def _payments(lines: list[gateway.LineFacts]) -> dict[str, Payment]:
    """Our payments by Stripe's name for them."""
    intents = {line.intent for line in lines if line.intent}
    return {payment.external_id or "": payment for payment in Payment.objects.filter(external_id__in=intents)}
