"""Payouts: the sums that Stripe sends to the bank, with what each is made of and what it cost."""

from django.db import transaction

from registrations.invoices.models import Payment, Payout, Refund
from registrations.invoices.pay import record_fee, record_payout

from . import gateway
from .models import BalanceLine, StripeRefund

ON_THE_WAY = {"paid", "in_transit"}


def import_payout(payout_id: str) -> None:
    """Keep a payout that is on its way to the bank; one that failed comes again under another id."""
    facts = gateway.payout_facts(payout_id)
    if facts.status in ON_THE_WAY:
        keep_payout(facts, gateway.payout_lines(payout_id))


@transaction.atomic
def keep_payout(facts: gateway.PayoutFacts, lines: list[gateway.LineFacts]) -> Payout:
    """Keep a payout and its lines, and note with each payment what it cost and how it reached the bank."""
    payments = _payments(lines)
    sources = [line.source for line in lines]
    given_back = StripeRefund.objects.filter(stripe_id__in=sources).values("refund")
    refunds = Refund.objects.filter(pk__in=given_back)
    charged = [line for line in lines if line.kind == "charge" and line.intent in payments]
    for line in charged:
        if payments[line.intent].fee != line.fee:
            record_fee(payment=payments[line.intent], fee=line.fee)
    payout = record_payout(
        external_id=facts.payout_id,
        amount=facts.amount,
        arrived_on=facts.arrives_on,
        payments=[payments[line.intent] for line in charged],
        refunds=list(refunds),
        currency=facts.currency,
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


def _payments(lines: list[gateway.LineFacts]) -> dict[str, Payment]:
    """Our payments by Stripe's name for them."""
    intents = {line.intent for line in lines if line.intent}
    return {payment.external_id or "": payment for payment in Payment.objects.filter(external_id__in=intents)}
