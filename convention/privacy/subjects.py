"""Find the subject of a request: a person with their addresses, or an address alone."""

from dataclasses import replace
from typing import Final

from allauth.account.models import EmailAddress

from convention.club.addresses.other_addresses import list_other_addresses
from convention.club.addresses.own_addresses import find_owner
from convention.club.models import Person
from convention.club.people import (
    CLOSED_ACCOUNTS,
    find_address_holder,
    search_people,
)
from convention.personal_data import DataSubject
from convention.text.email_addresses import filter_by_email, normalize_email

from .models import PrivacyCase

MAX_PEOPLE_FOUND: Final = 20
# In the audit trail: the request is now about another person, or about its address alone.
LINK_VERB: Final = "privacy_request.link"


def get_subject(person: Person) -> DataSubject:
    """Return the person with the sign-in address and every verified one, normalized."""
    # Verified ones only: an unverified address may be somebody else's, whose data would be shown.
    verified_emails = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    addresses = [address for address in (person.email, *verified_emails) if address]
    return DataSubject(person, frozenset(normalize_email(address) for address in addresses))


def find_subject_by_address(address: str) -> DataSubject:
    """Return the person who has that address, or a subject with the address alone."""
    address = address.strip()
    if not address:
        # Otherwise every row without an address would be the subject's.
        return DataSubject()
    owner = find_owner(address, people=Person.objects.all())
    if owner is None:
        return DataSubject(None, frozenset({normalize_email(address)}))
    subject = get_subject(owner)
    return DataSubject(subject.person, subject.addresses | {normalize_email(address)})


def find_known_holder(address: str) -> Person | None:
    """Return the person to whom the address certainly belongs; one from a merged record counts, too."""
    # A verified one first: another record may have it unverified.
    return find_subject_by_address(address).person or find_address_holder(address)


def find_checked_subject(address: str, *, person: Person | None = None) -> DataSubject:
    """Return the subject of a request by this address whose sender the club has checked.

    That is `person`, or else the person who has the address, with the addresses of their merged records.
    """
    holder = find_known_holder(address)
    person = person or holder
    if person is None:
        return find_subject_by_address(address)
    subject, addresses = get_subject(person), list_other_addresses(person)
    # The address may have become somebody else's since the request was recorded.
    if address and holder in (person, None):
        addresses.append(address.strip())
    return replace(subject, addresses=subject.addresses | {*map(normalize_email, addresses)})


def get_case_subject(case: PrivacyCase) -> DataSubject:
    """Return the subject of a case; a person's own request covers only addresses they have verified."""
    if case.is_recorded:
        return find_checked_subject(case.email, person=case.person)
    return get_subject(case.person) if case.person else find_subject_by_address(case.email)


def search_people_to_link(words: str) -> list[Person]:
    """Return the first people with open, then with closed accounts, who match; nobody without words."""
    if not words:
        return []
    return [
        *search_people(words)[:MAX_PEOPLE_FOUND],
        *search_people(words, account=CLOSED_ACCOUNTS)[:MAX_PEOPLE_FOUND],
    ]


def find_people_with_unverified_address(address: str) -> list[Person]:
    """Return the people for whom this address is stored, too, without proof that it is theirs."""
    rows = EmailAddress.objects.filter(verified=False).select_related("user").order_by("pk")
    return [row.user for row in filter_by_email(rows, address.strip()) if address.strip()]
