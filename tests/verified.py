"""Orders on invoice whose buyer's address is verified: by signing in before, or by the mailed link after."""

from typing import Any

from registrations.models import Order
from registrations.order_context import Means
from registrations.verification import verify_address
from tests.factories import make_account


def by_verified(**fields: Any) -> Means:
    """How an order arrives from somebody signed in whose address is verified: it is confirmed at once."""
    return Means(**{"person": make_account(), **fields})


def open_link(order: Order) -> Order:
    """Do what the button behind the link does that was mailed to the buyer."""
    return verify_address(order=order, address=order.email)
