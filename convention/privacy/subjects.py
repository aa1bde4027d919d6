"""Find the subject of a request: a person with their verified addresses, or an address alone."""

from allauth.account.models import EmailAddress

from convention.club.models import Person
from convention.personal_data import DataSubject
from convention.text.email_addresses import filter_by_email, normalize_email


def get_subject(person: Person) -> DataSubject:
    """Return the person with the sign-in address and every verified one, normalized."""
    # Verified ones only: an unverified address may be somebody else's, whose data would be shown.
    verified_emails = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    addresses = [address for address in (person.email, *verified_emails) if address]
    return DataSubject(person, frozenset(normalize_email(address) for address in addresses))


def find_subject_by_address(address: str) -> DataSubject:
    """Return the person who has that address, or a subject with the address alone."""
    address = address.strip()
    people = filter_by_email(Person.objects.all(), address)
    if not people:
        emails = filter_by_email(EmailAddress.objects.filter(verified=True).select_related("user"), address)
        # A second address of an account counts too.
        people = [row.user for row in emails]
    if not people:
        return DataSubject(None, frozenset({normalize_email(address)}))
    subject = get_subject(people[0])
    return DataSubject(subject.person, subject.addresses | {normalize_email(address)})
