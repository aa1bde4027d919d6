"""Recognize people by their own addresses: the main one, and the others that they have verified.

Unverified ones count for nobody: anyone can enter the address of somebody else at their own account.
"""

from collections.abc import Collection

from allauth.account.models import EmailAddress
from django.db.models import QuerySet

from convention.club.models import Person
from convention.club.permission_cache import get_cached_permission
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email


def select_verified_addresses() -> QuerySet[EmailAddress]:
    """Return the verified addresses of active people."""
    return EmailAddress.objects.filter(verified=True, user__is_active=True)


def has_address(person: Person, address: str | None) -> bool:
    """Return whether the address is the person's own."""
    if not address:
        return False
    # The main one first: it takes no query.
    return is_same_email(person.email, address) or normalize_email(address) in _load_verified(person)


def find_owner(email: str, *, people: QuerySet[Person]) -> Person | None:
    """Return the one of these people whose own address it is, or None; the main addresses decide."""
    if found := filter_by_email(people.order_by("pk"), email):
        return found[0]
    verified = EmailAddress.objects.filter(verified=True, user__in=people)
    rows = filter_by_email(verified.select_related("user").order_by("pk"), email)
    return rows[0].user if rows else None


def find_active_owner(email: str) -> Person | None:
    """Return the person with an open account whose own address it is, or None.

    Use it for whom a sign-in with the address reaches, and for whose membership the address counts.
    """
    return find_owner(email, people=Person.objects.filter(is_active=True))


def find_verified_owners(addresses: Collection[str]) -> set[int]:
    """Return the ids of the people who have verified one of these normalized addresses, in one query."""
    # All rows, compared in Python: a nightly job asks about thousands of addresses.
    rows = EmailAddress.objects.filter(verified=True).values_list("email", "user")
    return {owner for email, owner in rows.iterator() if normalize_email(email) in addresses}


def load_own_addresses(person: Person) -> frozenset[str]:
    """Return the person's own addresses, normalized."""
    return _load_verified(person) | ({normalize_email(person.email)} if person.email else frozenset())


def _load_verified(person: Person) -> frozenset[str]:
    def load() -> frozenset[str]:
        rows = EmailAddress.objects.filter(user=person, verified=True)
        return frozenset(map(normalize_email, rows.values_list("email", flat=True)))

    return get_cached_permission(person, "verified addresses", load)
