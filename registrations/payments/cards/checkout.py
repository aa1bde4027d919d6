"""Start card payments: attempts, and the Stripe sessions on which they are paid."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.billing.receivables import calculate_balance, is_order_active
from registrations.billing.unbilled import has_held_places
from registrations.booking.holds import extend_hold
from registrations.models import Order
from registrations.payments.models import CardPaymentAttempt

from . import gateway
from .settlement import settle_session


def accepts_cards() -> bool:
    """Return whether Stripe is configured."""
    return bool(settings.STRIPE_SECRET_KEY)


def uses_demo_payments() -> bool:
    """Return whether payments are simulated: without keys, and never in production."""
    return settings.CARD_PAYMENT and not accepts_cards() and not settings.PRODUCTION


# Stripe requires at least thirty minutes, counted from its receipt of the request.
SESSION_DURATION = datetime.timedelta(minutes=31)
# How long places are held after the session expires, for a payment whose confirmation is still to come.
HOLD_GRACE_PERIOD = datetime.timedelta(minutes=5)
# Each attempt holds the places anew: without a limit a buyer could hold them for ever.
MAX_ATTEMPTS = 20


class NothingToPay(ConventionError):
    """The order is paid, free or cancelled."""

    kind = "nothing-to-pay"
    status = 409


class PaymentUnavailable(ConventionError):
    """Stripe cannot be reached."""

    kind = "payment-unavailable"
    status = 503


def start_payment(*, order: Order, return_path: str) -> str:
    """Return the URL of the page on which the buyer pays.

    Raise NothingToPay, PaymentUnavailable, or SoldOut (or a subclass) if an expired place is not available.
    """
    try:
        try:
            return _open_payment_page(order, return_path)
        # The refused attempt was closed, so that the second call makes a new one.
        except gateway.StripeRefusal:
            return _open_payment_page(order, return_path)
    except (gateway.StripeUnavailable, gateway.StripeRefusal) as error:
        raise PaymentUnavailable(
            _("The payment page cannot be reached at the moment. Try again in a minute.")
        ) from error


@transaction.atomic
def get_or_create_attempt(*, order: Order) -> CardPaymentAttempt:
    """Return an open attempt for the amount due, creating one if needed; its places are held."""
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=order.pk)
    amount = compute_card_due(order)
    now = timezone.now()
    # The order's lock above keeps two tabs of the same buyer from opening two attempts.
    latest = CardPaymentAttempt.objects.unsettled().filter(order=order).first()
    if latest and latest.completed_at:
        raise NothingToPay(_("The bank is processing this payment; you do not need to do anything."))
    if latest and latest.amount == amount and latest.is_payable(at=now):
        _hold_for_attempt(order, latest)
        return latest
    attempt_count = CardPaymentAttempt.objects.filter(order=order).count()
    if attempt_count >= MAX_ATTEMPTS:
        raise NothingToPay(
            _("Too many payment attempts for this order. Contact the organizer or place a new order.")
        )
    attempt = CardPaymentAttempt.objects.create(
        order=order,
        number=attempt_count + 1,
        amount=amount,
        currency=order.currency,
        # Repeating the request after a crash returns the same session instead of a second one.
        idempotency_key=f"{order.reference}-{amount}-{attempt_count + 1}",
        opened_at=now,
        # Stripe stores seconds; the row must have the moment that a fetched session returns.
        expires_at=(now + SESSION_DURATION).replace(microsecond=0),
    )
    _hold_for_attempt(order, attempt)
    record_action("payment.start", order, event=order.event, fields=["attempt"])
    return attempt


def _hold_for_attempt(order: Order, attempt: CardPaymentAttempt) -> None:
    # The places of an order on invoice do not depend on its payment.
    if order.is_by_card:
        extend_hold(order=order, expires_at=attempt.expires_at + HOLD_GRACE_PERIOD)


def can_pay_by_card(order: Order) -> bool:
    """Return whether an active order may be paid by card: also one on invoice, once nobody must confirm it.

    Otherwise the buyer could pay a place on invoice for a member who never confirms it.
    """
    if order.payment == Order.Payment.FREE or order.awaits_verification:
        return False
    return is_order_active(order) and (order.is_by_card or not has_held_places(order))


def compute_card_due(order: Order) -> int:
    """Return the cents left to pay by card. Raise NothingToPay."""
    due = calculate_balance(order).amount
    # Money alone is not enough: an order whose places were all cancelled may still have a balance. Confirmed
    # places may owe for what was added since.
    if due <= 0 or not can_pay_by_card(order):
        raise NothingToPay(_("There is nothing left to pay for this order."))
    return due


def _end_other_attempts(attempt: CardPaymentAttempt) -> None:
    """Expire the order's other sessions, so that nobody pays twice."""
    if accepts_cards():
        for other in (
            CardPaymentAttempt.objects.unsettled().filter(order=attempt.order_id).exclude(pk=attempt.pk)
        ):
            end_attempt(other)


def end_attempt(attempt: CardPaymentAttempt) -> None:
    """Expire an attempt's session; if it was just paid, settle it instead. Raise StripeUnavailable."""
    if not attempt.session_id:
        # Without a session nobody can pay it.
        CardPaymentAttempt.objects.filter(pk=attempt.pk, session_id=None).update(closed_at=timezone.now())
        return
    try:
        # Stripe refuses to expire a session that was paid a moment ago.
        settle_session(facts=gateway.expire_session(attempt.session_id))
    # The session is no longer open: fetch what became of it.
    except gateway.StripeRefusal:
        settle_session(facts=gateway.fetch_session(attempt.session_id))


def _open_payment_page(order: Order, return_path: str) -> str:
    """Return the URL of an open session. Raise StripeUnavailable or StripeRefusal."""
    # Committed before Stripe is called: a network request must not hold the order's lock, and the key must
    # survive a crash.
    attempt = get_or_create_attempt(order=order)
    _end_other_attempts(attempt)
    # Ending the others may have settled one that was just paid.
    _require_unpaid(attempt)
    facts = _get_or_create_session(attempt, return_path)
    # Stores the session id, by which webhooks and the poller find the attempt.
    settle_session(facts=facts)
    return facts.url or return_path


def _require_unpaid(attempt: CardPaymentAttempt) -> None:
    """Close the new attempt and raise NothingToPay if another one turns out to be paid."""
    try:
        compute_card_due(attempt.order)
    except NothingToPay:
        CardPaymentAttempt.objects.filter(pk=attempt.pk, session_id=None).update(closed_at=timezone.now())
        raise


def _get_or_create_session(attempt: CardPaymentAttempt, return_path: str) -> gateway.SessionFacts:
    """Return the attempt's session; an attempt that Stripe refuses is closed."""
    if attempt.session_id:
        return gateway.fetch_session(attempt.session_id)
    try:
        return gateway.create_session(
            build_session_params(attempt, return_path), idempotency_key=attempt.idempotency_key
        )
    except gateway.StripeRefusal:
        CardPaymentAttempt.objects.filter(pk=attempt.pk).update(closed_at=timezone.now())
        raise


def build_session_params(attempt: CardPaymentAttempt, return_path: str) -> dict[str, Any]:
    """Return the parameters of the session; the buyer's e-mail is the only personal data.

    They must not vary between calls: Stripe refuses a used idempotency key with other parameters.
    """
    order = attempt.order
    with translation.override(order.language):
        # Stripe limits the length of product names.
        name = f"{order.event.title[:180]} · {order.reference}"
        address = f"{settings.SITE_URL}{return_path}"
    references = {"attempt": attempt.idempotency_key, "order": order.reference}
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": attempt.currency.lower(),
                    "unit_amount": attempt.amount,
                    "product_data": {"name": name},
                },
            }
        ],
        "success_url": f"{address}?returned=1",
        "cancel_url": address,
        "client_reference_id": order.reference,
        # From the row and not from the clock, so that a repeated call has the same parameters.
        "expires_at": int(attempt.expires_at.timestamp()),
        "locale": order.language,
        "metadata": references,
        "payment_intent_data": {"metadata": references, "description": order.reference},
    }
    return params | ({"customer_email": order.email} if order.email else {})
