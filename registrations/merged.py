"""What was merged into a registration, with the money that stands with the orders it came from."""

from convention.money import Money

from .bill import kept_of
from .models import Registration


def merged_of(registration: Registration) -> list[tuple[Registration, Money]]:
    """Each registration that was merged into this one, with what its order was paid and not given back."""
    merged = list(registration.merged.select_related("order", "ticket").order_by("pk"))
    return [(one, paid_for(one)) for one in merged]


def paid_for(registration: Registration) -> Money:
    """What was paid for its order and not given back."""
    return Money(kept_of(registration.order), registration.order.currency)
