"""Start paying an order by card: its places are held meanwhile, and the buyer is led to Stripe's page.

The attempt is stored first, then Stripe is asked with the attempt's key, then the answer is stored: whoever
is killed in between, the next click asks for the same session again and gets it.
"""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError
from registrations.bill import left_of, packages_of
from registrations.hold_places import hold_places
from registrations.models import Order, Registration

from . import gateway
from .models import Attempt
from .offered import takes_cards
from .settle import settle

LASTS = datetime.timedelta(minutes=31)
"""Stripe's sessions last at least thirty minutes from the moment Stripe gets the request."""
GRACE = datetime.timedelta(minutes=5)
"""Places are held for so long after the last moment to pay: the confirmation is on its way."""
MOST_ATTEMPTS = 20


class NothingToPay(ConventionError):
    """The order is paid, free, or cancelled."""

    kind = "nothing-to-pay"
    status = 409


class NotNow(ConventionError):
    """Stripe cannot be reached."""

    kind = "payment-unavailable"
    status = 503


def start_payment(*, order: Order, back: str) -> str:
    """Where the buyer pays; `back` is the address that they return to.

    Raises NothingToPay, SoldOut, CompanyFull or Closed where a lapsed place cannot be had, NotNow.
    """
    try:
        try:
            return _page_for(order, back)
        except gateway.Declined:  # an attempt that is no good any more was ended: once more with a new one
            return _page_for(order, back)
    except (gateway.NotReached, gateway.Declined) as error:
        raise NotNow(_("The payment page cannot be reached at the moment. Try again in a minute.")) from error


@transaction.atomic
def next_attempt(*, order: Order) -> Attempt:
    """The attempt that is open for what is due now, or a new one; the order's places are held for it."""
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=order.pk)
    amount = due_of(order)
    now = timezone.now()
    latest = Attempt.objects.unsettled().filter(order=order).first()
    if latest and latest.completed_at:
        raise NothingToPay(_("The bank is working on this payment; there is nothing to do."))
    if latest and latest.amount == amount and latest.lasts(at=now):
        hold_places(order=order, until=latest.expires_at + GRACE)
        return latest
    made = Attempt.objects.filter(order=order).count()
    if made >= MOST_ATTEMPTS:
        raise NothingToPay(_("This order was tried too often; write to the organizer, or order again."))
    attempt = Attempt.objects.create(
        order=order,
        number=made + 1,
        amount=amount,
        currency=order.currency,
        key=f"{order.reference}-{amount}-{made + 1}",
        opened_at=now,
        expires_at=(now + LASTS).replace(microsecond=0),
    )
    hold_places(order=order, until=attempt.expires_at + GRACE)
    record("payment.start", order, event=order.event, fields=["attempt"])
    return attempt


def due_of(order: Order) -> int:
    """What is left to pay by card, in cents. Raises NothingToPay."""
    due = left_of(order).amount
    waits = Registration.objects.filter(order=order, cancelled_at__isnull=True, confirmed_at__isnull=True)
    if due <= 0 or not order.is_by_card or not (waits.exists() or packages_of(order).exists()):
        raise NothingToPay(_("Nothing is left to pay for this order."))
    return due


def _end_others(attempt: Attempt) -> None:
    """Nobody pays twice: what was begun for another amount, or is about to lapse, is ended at Stripe."""
    if takes_cards():
        for other in Attempt.objects.unsettled().filter(order=attempt.order_id).exclude(pk=attempt.pk):
            end_attempt(other)


def end_attempt(attempt: Attempt) -> None:
    """End an attempt at Stripe; should it have been paid just now, that counts. Raises NotReached."""
    if not attempt.session_id:
        Attempt.objects.filter(pk=attempt.pk, session_id=None).update(closed_at=timezone.now())
        return
    try:
        settle(facts=gateway.expire_session(attempt.session_id))
    except gateway.Declined:  # it is not open any more
        settle(facts=gateway.session_facts(attempt.session_id))


def _page_for(order: Order, back: str) -> str:
    """The address of the page on which an order is paid now. Raises NotReached, Declined."""
    attempt = next_attempt(order=order)
    _end_others(attempt)
    _refuse_paid(attempt)
    facts = _session_of(attempt, back)
    settle(facts=facts)
    return facts.url or back


def _refuse_paid(attempt: Attempt) -> None:
    """Should another attempt turn out to be paid, this one is not needed. Raises NothingToPay."""
    try:
        due_of(attempt.order)
    except NothingToPay:
        Attempt.objects.filter(pk=attempt.pk, session_id=None).update(closed_at=timezone.now())
        raise


def _session_of(attempt: Attempt, back: str) -> gateway.SessionFacts:
    """The attempt's session, opened where it was not; an attempt that Stripe refuses is ended."""
    if attempt.session_id:
        return gateway.session_facts(attempt.session_id)
    try:
        return gateway.open_session(wishes_of(attempt, back), key=attempt.key)
    except gateway.Declined:
        Attempt.objects.filter(pk=attempt.pk).update(closed_at=timezone.now())
        raise


def wishes_of(attempt: Attempt, back: str) -> dict[str, Any]:
    """What is asked of Stripe, the same whenever it is asked; of people only the buyer's address."""
    order = attempt.order
    with translation.override(order.language):
        name = f"{order.event.title[:180]} · {order.reference}"
        address = f"{settings.SITE_URL}{back}"
    references = {"attempt": attempt.key, "order": order.reference}
    wishes: dict[str, Any] = {
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
        "expires_at": int(attempt.expires_at.timestamp()),
        "locale": order.language,
        "metadata": references,
        "payment_intent_data": {"metadata": references, "description": order.reference},
    }
    return wishes | ({"customer_email": order.email} if order.email else {})
