"""Whose account an address opens, by a mailed code or link."""

from allauth.account.models import EmailAddress

from convention.addresses import having
from convention.club.models import Person


def accounts_of(address: str) -> list[Person]:
    """Whoever has proven this address, else whom the club knows by it; nobody else, and one at most.

    An address that somebody only typed, as the new one of their account, is not theirs yet: its owner would
    be signed in to that account, and would prove the address for it, without having been asked.
    """
    proven = having(EmailAddress.objects.filter(verified=True).select_related("user"), address)
    found = [row.user for row in proven] or having(Person.objects.order_by("pk"), address)
    return [person for person in found if person.is_active][:1]
