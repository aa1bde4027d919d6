"""Add people, change their names and employments, and search them."""

import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Prefetch, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email
from convention.text.normalize import normalize_whitespace
from convention.text.validators import find_name_error

from .claims import notify_address_owner
from .models import Company, Employment, Membership, Person, Seat
from .periods import spans_overlap
from .seats import give_seat

MAX_NAMESAKES: Final = 3


@transaction.atomic
def create_person(*, email: str, first_name: str, last_name: str, language: str) -> Person:
    """Add somebody to the directory by hand. Raise InvalidFields, also for an address that somebody has."""
    email, first_name, last_name = (
        normalize_email(normalize_whitespace(email)),
        normalize_whitespace(first_name),
        normalize_whitespace(last_name),
    )
    _validate_colleague(email, first_name, last_name)
    taken = {"email": [_("Someone in the directory already has this address.")]}
    if filter_by_email(Person.objects.all(), email):
        raise InvalidFields(_("Some fields need to be corrected."), taken)
    try:
        with transaction.atomic():
            person = Person.objects.create_user(
                email, first_name=first_name[:150], last_name=last_name[:150], language=language
            )
    except IntegrityError as error:
        # Another request created the person meanwhile.
        raise InvalidFields(_("Some fields need to be corrected."), taken) from error
    record_action("person.add", person, fields=["email", "first_name", "last_name", "language"])
    return person


def find_namesakes(*, first_name: str, last_name: str) -> list[Person]:
    """Return the first few people of that name, compared without accents and capitals."""
    namesake = Person(first_name=first_name, last_name=last_name)
    namesake.update_search_columns()
    if not namesake.sort_name:
        return []
    return list(search_people("").filter(sort_name=namesake.sort_name)[:MAX_NAMESAKES])


@transaction.atomic
def save_person(*, person: Person, changed_fields: list[str]) -> Person:
    """Save the changed fields; past registrations keep the old name."""
    if changed_fields:
        # Only these: another page may have changed other columns since the form was shown.
        person.save(update_fields=changed_fields)
        record_action("person.change", person, fields=changed_fields)
    return person


@transaction.atomic
def add_employment(
    *,
    person: Person,
    company: Company,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    title: str = "",
    level: str = "",
) -> Employment:
    """Add an employment, past or current; other employments stay, since people may work for two companies.

    Raise InvalidFields if the person works there on one of these days already.
    """
    # Two requests at once must find each other's employment.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    for existing in Employment.objects.filter(person=person, company=company):
        if spans_overlap((existing.starts_on, existing.ends_on), (starts_on, ends_on)):
            sentence = _("This person already works there from %(day)s.")
            message = sentence % {"day": formats.date_format(existing.starts_on)}
            raise InvalidFields(_("Some fields need to be corrected."), {"company": [message]})
    employment = Employment.objects.create(
        person=person, company=company, starts_on=starts_on, ends_on=ends_on, title=title, level=level
    )
    record_action("employment.add", employment, fields=["company", "starts_on", "ends_on", "title", "level"])
    return employment


@transaction.atomic
def update_employment_title(*, employment: Employment, title: str, level: str) -> Employment:
    """Change title and level; `change_employer` changes the days."""
    employment.title, employment.level = title, level
    employment.save(update_fields=["title", "level"])
    record_action("employment.change", employment, fields=["title", "level"])
    return employment


class EmailTaken(InvalidFields):
    """The address belongs to a person who does not work at the company."""


@transaction.atomic
def add_colleague(
    *,
    company: Company,
    email: str,
    first_name: str,
    last_name: str,
    title: str = "",
    starts_on: datetime.date | None = None,
) -> Person:
    """Return the new colleague, or the known one with that address who works there already.

    Raise InvalidFields for an invalid address or an empty name, and EmailTaken for the address of any
    other person, and of a colleague whose account is closed: the contact learns nothing about them.
    """
    email, first_name, last_name = (
        normalize_whitespace(email).lower(),
        normalize_whitespace(first_name),
        normalize_whitespace(last_name),
    )
    _validate_colleague(email, first_name, last_name)
    # Inactive people too: their address is taken.
    people = filter_by_email(Person.objects.all(), email)
    if people:
        return _require_colleague(people[0], company)
    try:
        with transaction.atomic():
            person = Person.objects.create_user(email, first_name=first_name[:150], last_name=last_name[:150])
    except IntegrityError:
        # Another request created the person meanwhile.
        return _require_colleague(Person.objects.get(email=email), company)
    _create_employment(person, company, starts_on, title)
    return person


@transaction.atomic
def add_colleague_with_seat(
    *, membership: Membership, email: str, first_name: str, last_name: str, title: str
) -> Person:
    """Add a colleague and give them a seat, or do neither, even if another person has the address.

    Raise InvalidFields for an invalid address or an empty name, and the errors of `give_seat`.
    """
    company, email = membership.company, normalize_whitespace(email).lower()
    try:
        with transaction.atomic():
            person = add_colleague(
                company=company, email=email, first_name=first_name, last_name=last_name, title=title
            )
    # Not refused: the refusal would tell a contact whom the club knows.
    except EmailTaken:
        person = _get_or_create_claimed(
            company, email, normalize_whitespace(first_name), normalize_whitespace(last_name), title
        )
    give_seat(membership=membership, person=person)
    # For every colleague: nothing tells the contact whether another person has the address.
    notify_address_owner.enqueue(person.pk, company.pk)
    return person


def _get_or_create_claimed(
    company: Company, email: str, first_name: str, last_name: str, title: str
) -> Person:
    """Return the company's colleague with that claimed address; create one if there is none."""
    # Compared in Python: addresses are the same by a rule that SQL does not have (`is_same_email`).
    employments = Employment.objects.open().filter(company=company).exclude(person__claimed_email="")
    for employment in employments.select_related("person"):
        if is_same_email(employment.person.claimed_email, email):
            return employment.person
    person = Person.objects.create_user(
        None, claimed_email=email, first_name=first_name[:150], last_name=last_name[:150]
    )
    _create_employment(person, company, None, title)
    return person


def _create_employment(person: Person, company: Company, starts_on: datetime.date | None, title: str) -> None:
    first = starts_on or timezone.localdate()
    Employment.objects.create(
        person=person, company=company, starts_on=first, title=normalize_whitespace(title)[:120]
    )
    record_action("person.join", person, fields=["email", "first_name", "last_name", "employments"])


def _validate_colleague(email: str, first_name: str, last_name: str) -> None:
    errors: dict[str, list[str]] = {}
    if not first_name:
        errors["first_name"] = [_("Enter the first name.")]
    if not last_name:
        errors["last_name"] = [_("Enter the last name.")]
    for name, text in (("first_name", first_name), ("last_name", last_name)):
        if sentence := find_name_error(text):
            # Names are printed and mailed: addresses and markup in them would reach other people.
            errors[name] = [sentence]
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = [_("Enter a valid e-mail address, for example name@example.org.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def _require_colleague(person: Person, company: Company) -> Person:
    employments = Employment.objects.open().filter(person=person, company=company)
    if person.is_active and employments.exists():
        return person
    sentence = _("This address cannot be added here; please write to the club.")
    raise EmailTaken(_("Some fields need to be corrected."), {"email": [sentence]})


SEAT_FILTERS: Final = ("held", "none")


def search_people(words: str, *, company: str = "", seat: str = "") -> QuerySet[Person]:
    """Return active people whose name or address contains every word, of a company, with or without seat."""
    people = Person.objects.filter(is_active=True).search_for(words)
    if company:
        employments = Employment.objects.open().filter(company__slug=company)
        people = people.filter(pk__in=employments.values("person"))
    if seat in SEAT_FILTERS:
        seat_holders = Seat.objects.granting_membership().values("person")
        people = people.filter(pk__in=seat_holders) if seat == "held" else people.exclude(pk__in=seat_holders)
    return people.order_by("sort_name", "pk")


def prefetch_current_positions(
    people: QuerySet[Person], *, at: datetime.date | None = None
) -> QuerySet[Person]:
    """Add `current_employments` and `current_seats` of that day to each person, with two more queries."""
    employments = Employment.objects.open(at=at).select_related("company").order_by("starts_on", "pk")
    seats = (
        Seat.objects.granting_membership(at=at)
        .select_related("membership__company")
        .order_by("starts_on", "pk")
    )
    today: tuple[Any, ...] = (
        Prefetch("employments", employments, to_attr="current_employments"),
        Prefetch("seats", seats, to_attr="current_seats"),
    )
    return people.prefetch_related(*today)


def load_person_page(person: Person) -> dict[str, Any]:
    """Return the context of a person's page, the latest rows first."""
    newest = ("-starts_on", "-pk")
    return {
        "person": person,
        "today": timezone.localdate(),
        "employments": person.employments.select_related("company").order_by(*newest),
        "seats": person.seats.select_related("membership__company").order_by(*newest),
        "company_contacts": person.company_contacts.select_related("company").order_by(*newest),
        "club_roles": person.club_roles.order_by(*newest),
        "mandates": person.mandates.select_related("group").order_by(*newest),
        "current_seat": Seat.objects.granting_membership()
        .filter(person=person)
        .select_related("membership__company")
        .first(),
    }
