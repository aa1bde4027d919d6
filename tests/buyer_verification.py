"""Orders on invoice by a buyer with a verified address: signed in before, or by the mailed link after."""

from typing import Any

from registrations.booking.verification import verify_address
from registrations.models import Order
from registrations.order_context import OrderContext
from tests.factories import make_account


def make_verified_context(**fields: Any) -> OrderContext:
    """Return the context of an order by a signed-in, verified buyer: it is confirmed at once."""
    return OrderContext(**{"person": make_account(), **fields})


def open_link(order: Order) -> Order:
    """Confirm an order like the button behind the link that was mailed to the buyer."""
    return verify_address(order=order, address=order.email)
