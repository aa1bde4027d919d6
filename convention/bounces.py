"""Addresses from which mail came back: which they are, and who has one."""

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import In

from .addresses import folded
from .models import BouncedAddress

MOST_ASKED = 500


def bounced_among(addresses: Iterable[str]) -> set[str]:
    """Those of these addresses, folded, from which mail came back."""
    asked = {folded(address) for address in addresses if address}
    if len(asked) <= MOST_ASKED:
        return set(BouncedAddress.objects.filter(email__in=asked).values_list("email", flat=True))
    return asked & set(BouncedAddress.objects.values_list("email", flat=True))


def has_bounced(field: str) -> Q:
    """A condition on rows: mail to the address in that field came back."""
    return Q(In(Lower(field), BouncedAddress.objects.values("email")))
