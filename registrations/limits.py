"""How often one address may order, and be written to because somebody typed it."""

from convention.api.throttles import spend
from convention.events.models import Event

from .models import Order
from .order_request import OrderRequest

HOUR = 3600
ORDERS_PER_HOUR = 300
MAILS_PER_HOUR = 20
CORRECTIONS_PER_HOUR = 60


def refuse_flood(event: Event, request: OrderRequest) -> None:
    """Count an order for whoever gets its mail, and for each address that gets a mail. Raises TooOften."""
    spend("orders", f"{event.pk}:{request.email.strip()}", most=ORDERS_PER_HOUR, seconds=HOUR)
    for address in {place.email.strip().casefold() for place in request.places if place.email}:
        if address != request.email.strip().casefold():
            spend("mail", address, most=MAILS_PER_HOUR, seconds=HOUR)


def refuse_many_corrections(order: Order) -> None:
    """Count a correction, since each sends the badge again to whoever ordered. Raises TooOften."""
    spend("corrections", order.reference, most=CORRECTIONS_PER_HOUR, seconds=HOUR)
