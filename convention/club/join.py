"""Join: someone whom the club does not know yet works at a company.

A company's contact does not learn whom the club knows: with an address of somebody else of the club the
colleague is added all the same, under the name that was typed, and its owner is asked by mail (`claims.py`).
"""

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import having, same
from convention.audit.record import record
from convention.errors import InvalidFields
from convention.text import tidy
from convention.validators import about_name

from .claims import ask_owner
from .models import Company, Employment, Membership, Person
from .seats import give_seat


class AddressTaken(InvalidFields):
    """The address is that of somebody of the club who does not work there."""


@transaction.atomic
def join(
    *,
    company: Company,
    email: str,
    first_name: str,
    last_name: str,
    title: str = "",
    starts_on: datetime.date | None = None,
) -> Person:
    """Add a colleague, found again by their address if they work there already; their names stay then.

    Raises InvalidFields for what is not an address, for a name left empty, and for an address that belongs to
    somebody else of the club: what the club knows of them is not told.
    """
    email, first_name, last_name = tidy(email).lower(), tidy(first_name), tidy(last_name)
    _refuse(email, first_name, last_name)
    known = having(Person.objects.all(), email)
    if known:
        return _colleague(known[0], company)
    try:
        with transaction.atomic():
            person = Person.objects.create_user(email, first_name=first_name[:150], last_name=last_name[:150])
    except IntegrityError:
        return _colleague(Person.objects.get(email=email), company)
    _employ(person, company, starts_on, title)
    return person


@transaction.atomic
def join_with_seat(
    *, membership: Membership, email: str, first_name: str, last_name: str, title: str
) -> Person:
    """Add a colleague and give them a seat, or neither, whether or not the club knows the address.

    Raises InvalidFields for what is not an address and for a name left empty, and what `give_seat` does.
    """
    company, email = membership.company, tidy(email).lower()
    try:
        with transaction.atomic():
            person = join(
                company=company, email=email, first_name=first_name, last_name=last_name, title=title
            )
    except AddressTaken:
        person = _claimed(company, email, tidy(first_name), tidy(last_name), title)
    give_seat(membership=membership, person=person)
    ask_owner.enqueue(person.pk, company.pk)
    return person


def _claimed(company: Company, email: str, first_name: str, last_name: str, title: str) -> Person:
    """The colleague with that claimed address, added as `join` adds others where there is none yet."""
    jobs = Employment.objects.open().filter(company=company).exclude(person__claimed_email="")
    for job in jobs.select_related("person"):
        if same(job.person.claimed_email, email):
            return job.person
    person = Person.objects.create_user(
        None, claimed_email=email, first_name=first_name[:150], last_name=last_name[:150]
    )
    _employ(person, company, None, title)
    return person


def _employ(person: Person, company: Company, starts_on: datetime.date | None, title: str) -> None:
    first = starts_on or timezone.localdate()
    Employment.objects.create(person=person, company=company, starts_on=first, title=tidy(title)[:120])
    record("person.join", person, fields=["email", "first_name", "last_name", "employments"])


def _refuse(email: str, first_name: str, last_name: str) -> None:
    found: dict[str, list[str]] = {}
    if not first_name:
        found["first_name"] = [_("Write the first name.")]
    if not last_name:
        found["last_name"] = [_("Write the last name.")]
    for name, text in (("first_name", first_name), ("last_name", last_name)):
        if sentence := about_name(text):
            found[name] = [sentence]
    try:
        validate_email(email)
    except ValidationError:
        found["email"] = [_("This is not a valid e-mail address; it looks like name@example.org.")]
    if found:
        raise InvalidFields(_("Some fields need another look."), found)


def _colleague(person: Person, company: Company) -> Person:
    if Employment.objects.open().filter(person=person, company=company).exists():
        return person
    sentence = _("This address cannot be added here; please write to the club.")
    raise AddressTaken(_("Some fields need another look."), {"email": [sentence]})
