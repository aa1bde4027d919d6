"""Orders, and what their buyers do."""

import itertools

from django.utils import timezone

from convention.events.models import Event
from registrations.checkout.models import Attempt
from registrations.checkout.start_payment import start_payment
from registrations.invoices.balance import balance_of
from registrations.invoices.models import Receivable
from registrations.models import Order, Registration
from registrations.order_request import Billing, OrderRequest, Place
from registrations.register import register
from tests.verified import by_verified

numbers = itertools.count(1)


def order_by_card(event: Event, *, people: int = 1, ticket: str = "guest", payment: str = "card") -> Order:
    """What the register page books for somebody signed in."""
    number = next(numbers)
    places = tuple(
        Place(ticket=ticket, first_name="Zoé", last_name=f"Müller {n}", email=f"zoe{number}.{n}@example.org")
        for n in range(people)
    )
    return register(
        event=event,
        request=OrderRequest(
            email=f"buyer{number}@example.org",
            places=places,
            payment=payment,
            billing=Billing(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR"),
        ),
        means=by_verified(),
    )


def begin(order: Order) -> str:
    """Go to Stripe's page; the session's id."""
    start_payment(order=order, back=f"/orders/{order.reference}/{order.manage_secret}/pay/")
    return latest(order).session_id


def latest(order: Order) -> Attempt:
    return Attempt.objects.filter(order=order).first()


def lapse(order: Order) -> None:
    """The time to pay is over, and the places are given back."""
    order.registrations.filter(confirmed_at=None, held_until__isnull=False).update(held_until=timezone.now())


def states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


def money(order: Order) -> tuple[int, int, int]:
    """Owed, paid and given back; nothing at all where no receivable was made."""
    found = Receivable.objects.filter(reference=order.reference).first()
    balance = balance_of(found) if found else None
    return (balance.owed, balance.paid, balance.given_back) if balance else (0, 0, 0)


def taken(event: Event) -> int:
    """Places taken; it must be as many as registrations hold one."""
    counted = sum(r.counts for r in Registration.objects.filter(event=event))
    [ticket] = event.tickets.all()
    assert ticket.taken == counted
    return counted
