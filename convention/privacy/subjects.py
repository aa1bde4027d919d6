"""Whom a request is about: a person with their proven addresses, or an address alone."""

from allauth.account.models import EmailAddress

from convention.addresses import folded, having
from convention.club.models import Person
from convention.personal import Subject


def subject_of(person: Person) -> Subject:
    """A person and the addresses that are theirs: the one they sign in with, and each that was proven."""
    proven = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    addresses = [address for address in (person.email, *proven) if address]
    return Subject(person, frozenset(folded(address) for address in addresses))


def subject_at(address: str) -> Subject:
    """Whoever has that address: the person whom the club knows by it, or nobody but the address."""
    address = address.strip()
    known = having(Person.objects.all(), address)
    if not known:
        proven = having(EmailAddress.objects.filter(verified=True).select_related("user"), address)
        known = [row.user for row in proven]
    if not known:
        return Subject(None, frozenset({folded(address)}))
    found = subject_of(known[0])
    return Subject(found.person, found.addresses | {folded(address)})
