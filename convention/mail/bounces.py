"""Find addresses from which mail bounced."""

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import In

from convention.models import BouncedAddress
from convention.text.email_addresses import normalize_email

MAX_ADDRESSES_PER_QUERY = 500


def find_bounced_addresses(addresses: Iterable[str]) -> set[str]:
    """Return which of these addresses bounced, in normalized form."""
    normalized = {normalize_email(address) for address in addresses if address}
    if len(normalized) <= MAX_ADDRESSES_PER_QUERY:
        return set(BouncedAddress.objects.filter(email__in=normalized).values_list("email", flat=True))
    return normalized & set(BouncedAddress.objects.values_list("email", flat=True))


def has_bounced_address(field: str) -> Q:
    """Return a condition on rows whose address in `field` bounced."""
    # A lookup object, since `field` may hold capitals: `field__in` would compare without `Lower`.
    return Q(In(Lower(field), BouncedAddress.objects.values("email")))
