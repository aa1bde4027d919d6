"""Recurring work of mailings: addresses that nobody has any more are not kept."""

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from convention.models import BouncedAddress
from registrations.models import Order, Registration


def corrected_addresses() -> None:
    """Forget bounced addresses that were corrected everywhere."""
    people = Registration.objects.alias(folded=Lower("email")).filter(folded=OuterRef("email"))
    orders = Order.objects.alias(folded=Lower("email")).filter(folded=OuterRef("email"))
    BouncedAddress.objects.filter(~Exists(people), ~Exists(orders)).delete()
