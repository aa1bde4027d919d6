"""Give a paid order what had lapsed before the money came: its places, or its package."""

from django.db import transaction

from registrations.confirm_paid import confirm_paid
from registrations.models import Order, Registration, Sponsorship


@transaction.atomic
def place_paid(*, order: Order) -> list[Sponsorship | Registration]:
    """Confirm its places, or its package, and owe for them again. Raises SoldOut, CompanyFull or Closed."""
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=order.pk)
    return confirm_paid(order=order)
