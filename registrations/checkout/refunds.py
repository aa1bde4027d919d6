"""Refunds by Stripe: the row first, then Stripe, then the answer; and what becomes of each."""

from django.db import transaction
from django.tasks import task
from django.utils.translation import gettext as _

from registrations.invoices.models import Payment, Refund
from registrations.invoices.receivables import RefundQuerySet
from registrations.invoices.refund import refund, refund_done, refund_failed, refundable

from . import gateway
from .models import StripeRefund
from .offered import takes_cards

OVER = {"failed", "canceled"}


@task()
def send_refund(refund_id: int) -> None:
    """Give a payment by card back; asked again it is the same refund, and tried until Stripe answers."""
    asked = Refund.objects.select_related("payment").get(pk=refund_id)
    if asked.state != Refund.State.REQUESTED or StripeRefund.objects.filter(refund=asked).exists():
        return
    if asked.payment.method == Payment.Method.TEST:
        refund_done(refund=asked, external_id=asked.external_id or "")
    elif takes_cards():
        _ask_stripe(asked)


def _ask_stripe(asked: Refund) -> None:
    try:
        facts = gateway.give_back(
            intent=asked.payment.external_id or "",
            amount=asked.amount,
            ours=str(asked.pk),
            key=f"refund-{asked.receivable_id}-{asked.pk}",
        )
    except gateway.Declined as error:
        refund_failed(refund=asked, reason=f"Stripe: {error.code}")
    else:
        keep_refund(facts)


def follow_refund(stripe_id: str) -> None:
    """Bring a refund to what Stripe says of it now."""
    facts = gateway.refund_facts(stripe_id)
    send_waiting(facts.intent)
    keep_refund(facts)


def send_waiting(intent: str) -> None:
    """Let Stripe answer first what we asked for of a payment: what it gave back besides may leave no room."""
    for asked in unanswered(intent):
        send_refund.func(asked.pk)


def unanswered(intent: str) -> RefundQuerySet:
    """Refunds of a payment that we asked for, and of which Stripe has said nothing yet."""
    asked = Refund.objects.filter(payment__external_id=intent, state=Refund.State.REQUESTED)
    return asked.exclude(pk__in=StripeRefund.objects.values("refund")).order_by("pk")


@transaction.atomic
def keep_refund(facts: gateway.RefundFacts) -> None:
    """Keep what became of a refund; one made in Stripe's dashboard is noted too."""
    found = _ours(facts) or _made_elsewhere(facts)
    if found is None:
        return
    StripeRefund.objects.get_or_create(refund=found, defaults={"stripe_id": facts.refund_id})
    if facts.status == "succeeded":
        refund_done(refund=found, external_id=found.external_id or "")
    elif facts.status in OVER:
        refund_failed(refund=found, reason=f"Stripe: {facts.failure or facts.status}")


def _ours(facts: gateway.RefundFacts) -> Refund | None:
    rows = Refund.objects.select_related("payment", "receivable").select_for_update(of=("self",))
    known = StripeRefund.objects.filter(stripe_id=facts.refund_id).values_list("refund", flat=True).first()
    if known:
        return rows.get(pk=known)
    mine = rows.filter(payment__external_id=facts.intent)
    return mine.filter(pk=facts.ours).first() if facts.ours.isdigit() else None


def _made_elsewhere(facts: gateway.RefundFacts) -> Refund | None:
    """Note a refund that we did not ask for; None where its payment is not one of ours."""
    payment = Payment.objects.filter(external_id=facts.intent).first() if facts.intent else None
    if payment is None or facts.status in OVER or facts.amount > refundable(payment):
        return None
    reason = _("Given back in Stripe’s dashboard")
    return refund(payment=payment, amount=facts.amount, reason=reason, external_id=facts.refund_id)
