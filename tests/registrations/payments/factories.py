"""Orders by card, and actions of their buyers."""

import itertools

from django.utils import timezone

from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Receivable
from registrations.models import Order, Registration
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.cards.checkout import start_payment
from registrations.payments.models import CardPaymentAttempt
from tests.buyer_verification import make_verified_context

numbers = itertools.count(1)


def order_by_card(event: Event, *, people: int = 1, ticket: str = "guest", payment: str = "card") -> Order:
    """Place an order as the register page does for a signed-in buyer."""
    number = next(numbers)
    places = tuple(
        RequestedPlace(
            ticket=ticket, first_name="Zoé", last_name=f"Müller {n}", email=f"zoe{number}.{n}@example.org"
        )
        for n in range(people)
    )
    return place_order(
        event=event,
        request=OrderRequest(
            email=f"buyer{number}@example.org",
            places=places,
            payment=payment,
            billing=BillingDetails(
                name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR"
            ),
        ),
        context=make_verified_context(),
    )


def begin_payment(order: Order) -> str:
    """Start the payment; return the id of the Stripe session."""
    start_payment(order=order, return_path=f"/orders/{order.reference}/{order.manage_secret}/pay/")
    return get_latest_attempt(order).session_id


def get_latest_attempt(order: Order) -> CardPaymentAttempt:
    return CardPaymentAttempt.objects.filter(order=order).first()


def expire_holds(order: Order) -> None:
    """Expire the holds of an order."""
    order.registrations.filter(confirmed_at=None, hold_expires_at__isnull=False).update(
        hold_expires_at=timezone.now()
    )


def list_states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


def get_balance_cents(order: Order) -> tuple[int, int, int]:
    """Return (owed, paid, refunded) in cents; zeros without a receivable."""
    found = Receivable.objects.filter(reference=order.reference).first()
    balance = compute_balance(found) if found else None
    return (balance.amount_owed, balance.amount_paid, balance.amount_refunded) if balance else (0, 0, 0)


def count_reserved_places(event: Event) -> int:
    """Return the reserved places, after checking them against the registrations."""
    counted = sum(r.occupies_place for r in Registration.objects.filter(event=event))
    [ticket] = event.tickets.all()
    assert ticket.reserved == counted
    return counted
