"""Add people, change their names and employments, and search them."""

import datetime
from collections.abc import Collection
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import Forbidden, InvalidFields
from convention.text.dates import format_date
from convention.text.email_addresses import (
    filter_by_email,
    get_employer_domain,
    is_same_email,
    normalize_email,
)
from convention.text.normalize import normalize_whitespace
from convention.text.phone_numbers import join_searched_digits
from convention.text.validators import find_name_error

from .addresses.other_addresses import find_people_by_other_address, select_other_addresses
from .addresses.own_addresses import find_owner, has_address
from .claims import notify_address_owner
from .contact_details.notes import record_change
from .models import Company, CompanyContact, Employment, Membership, Person, Seat
from .periods import spans_overlap
from .permissions import CLUB_ROLES_LOCK, can_change_address, is_last_administrator
from .seats import give_seat_and_notify, notify_seats_at_new_address

MAX_NAMESAKES: Final = 3


@transaction.atomic
def create_person(
    *, email: str, first_name: str, last_name: str, language: str, phone: str = "", note: str = ""
) -> Person:
    """Add somebody to the directory by hand, with a first name, a last name or both.

    Raise InvalidFields, also for an address that somebody has.
    """
    email, first_name, last_name = (
        normalize_email(normalize_whitespace(email)),
        normalize_whitespace(first_name),
        normalize_whitespace(last_name),
    )
    # As when an administrator edits a person: some people have one name.
    if first_name or last_name:
        _raise_field_errors(_find_name_errors(first_name, last_name) | find_address_errors(email))
    else:
        _validate_colleague(email, first_name, last_name)
    if find_address_holder(email):
        raise make_taken_error()
    try:
        with transaction.atomic():
            names = {"first_name": first_name[:150], "last_name": last_name[:150]}
            details = {"language": language, "phone": phone, "note": note}
            person = Person.objects.create_user(email, **names, **details)
    except IntegrityError as error:
        # Another request created the person meanwhile.
        raise make_taken_error() from error
    given_details = [name for name, value in details.items() if value]
    record_change("person.add", person, fields=["email", *names, *given_details])
    return person


def make_taken_error() -> InvalidFields:
    sentence = _("Someone in the directory already has this address.")
    return InvalidFields(_("Some fields need to be corrected."), {"email": [sentence]})


@transaction.atomic
def get_or_create_person(*, email: str, first_name: str, last_name: str, language: str) -> Person:
    """Return the person with that address, else add one of that name.

    Raise InvalidFields for an unknown address without a name, and for the address of a closed account.
    """
    person = find_open_account(email)
    return person or create_person(email=email, first_name=first_name, last_name=last_name, language=language)


@transaction.atomic
def get_or_create_by_address(*, email: str, first_name: str = "", last_name: str = "") -> Person:
    """Return the person with that address, else add one, also without a name.

    Raise InvalidFields for an invalid name, and for the address of a closed account.
    """
    if person := find_open_account(email):
        return person
    email, first_name, last_name = (
        normalize_whitespace(email).lower(),
        normalize_whitespace(first_name),
        normalize_whitespace(last_name),
    )
    _raise_field_errors(_find_name_errors(first_name, last_name))
    try:
        # A savepoint: on PostgreSQL the error would otherwise end the caller's transaction.
        with transaction.atomic():
            person = Person.objects.create_user(email, first_name=first_name[:150], last_name=last_name[:150])
    except IntegrityError:
        # Another request created the person meanwhile.
        return Person.objects.get(email=email)
    record_action("person.add", person, fields=["email", "first_name", "last_name"])
    return person


def find_address_holder(email: str) -> Person | None:
    """Return the person with that address, also if their account is closed, or None.

    One from another record of the person that was merged counts too.
    """
    email = normalize_whitespace(email)
    if people := filter_by_email(Person.objects.order_by("pk"), email):
        return people[0]
    others = filter_by_email(select_other_addresses().select_related("user"), email)
    return others[0].user if others else None


def find_open_account(email: str) -> Person | None:
    """Return the person with that address, or None. Raise InvalidFields if their account is closed."""
    person = find_address_holder(email)
    if person and not person.is_active:
        # The address, not the name: organizers of one event see this too, and must not learn whose it is.
        sentence = _("The account of %(email)s is closed. An administrator must reopen it first.")
        values = {"email": person.email}
        raise InvalidFields(_("Some fields need to be corrected."), {"email": [sentence % values]})
    return person


def find_namesakes(*, first_name: str, last_name: str) -> list[Person]:
    """Return the first few people of that name, without accents and capitals; also closed accounts."""
    namesake = Person(first_name=first_name, last_name=last_name)
    namesake.update_search_columns()
    if not namesake.sort_name:
        return []
    return list(Person.objects.filter(sort_name=namesake.sort_name).order_by("pk")[:MAX_NAMESAKES])


@transaction.atomic
def save_person(*, person: Person, changed_fields: list[str]) -> Person:
    """Save the changed fields; past registrations keep the old name."""
    if changed_fields:
        # Only these: another page may have changed other columns since the form was shown.
        person.save(update_fields=changed_fields)
        record_change("person.change", person, fields=changed_fields)
    return person


@transaction.atomic
def update_person(*, person: Person, actor: Person, changed_fields: list[str]) -> Person:
    """Save the changed fields, of which one may be the address.

    A new address ends sessions and API tokens, and the former address gets an e-mail. The new address of a
    person who never signed in gets the e-mail about their seat. Raise Forbidden for an erased person. Raise
    InvalidFields if the new address is taken or empty, if the person is the actor, or a superuser while
    `actor` is none, or if `actor` may not change it.
    """
    stored = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    refuse_erased_person(stored)
    if is_same_email(stored.email, person.email):
        # Only the case differs, so sessions need not end.
        person.email = stored.email
        changed_fields = [name for name in changed_fields if name != "email"]
    if "email" not in changed_fields:
        return save_person(person=person, changed_fields=changed_fields)
    _check_new_address(stored, person.email, actor)
    try:
        with transaction.atomic():
            # Nothing is left to confirm: the address that a company's contact gave is replaced.
            person.claimed_email = ""
            person.save(update_fields=[*changed_fields, "claimed_email"])
    except IntegrityError as error:
        raise make_taken_error() from error
    record_new_address(person=person, former_email=stored.email, changed_fields=changed_fields)
    # The e-mail about the seat went to the wrong address, or nowhere.
    if stored.last_login is None:
        notify_seats_at_new_address(person)
    return person


def record_new_address(
    *, person: Person, former_email: str | None, changed_fields: list[str] | None = None
) -> None:
    """Record that an address was entered or taken back; end what the former one, if any, gave access to."""
    record_change("person.change", person, fields=changed_fields or ["email"])
    hooks.replace_address.provider()(person=person, former_email=former_email or "")


def refuse_erased_person(person: Person) -> None:
    """Raise Forbidden for a person whose data was erased: the row remains only to be counted."""
    if person.is_erased:
        raise Forbidden(_("This person’s data has been erased, so the record cannot be changed or reopened."))


def _check_new_address(stored: Person, email: str | None, actor: Person) -> None:
    sentence = ""
    holder = find_address_holder(email or "")
    if holder and holder.pk != stored.pk:
        raise make_taken_error()
    if stored.email and not email:
        sentence = _("Enter an address. If this person should no longer sign in, close the account instead.")
    elif objection := find_address_objection(stored, actor):
        sentence = objection
    if sentence:
        raise InvalidFields(_("Some fields need to be corrected."), {"email": [sentence]})


def find_address_objection(
    person: Person, actor: Person, *, people_with_roles: Collection[int] | None = None
) -> str:
    """Return why the actor may not give this person another address, or ""; `can_change_address` in words."""
    if person.pk == actor.pk:
        # The new address is not verified: a typo in it would lock them out.
        return _("Change your own address under “Account and security”.")
    if not can_change_address(actor, person, people_with_roles=people_with_roles):
        return _("Only administrators can change this address: the person has signed in or has had a role.")
    if person.is_superuser and not actor.is_superuser:
        # A superuser's address gives access to everything, also to what this administrator may not do.
        return _("This person is a superuser. Only a superuser can change this address here.")
    return ""


@transaction.atomic
def close_account(*, person: Person, actor: Person) -> None:
    """Make the account inactive, and end its sessions and API tokens; registrations, seats and roles stay.

    Raise Forbidden for the actor's own account, the last administrator's, and that of a superuser unless
    `actor` is one.
    """
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    if person.pk == actor.pk:
        raise Forbidden(_("You cannot close your own account. Ask another administrator to do it."))
    if person.is_superuser and not actor.is_superuser:
        raise Forbidden(_("This person is a superuser. Only another superuser can close the account."))
    if is_last_administrator(person.pk):
        raise Forbidden(_("This is the club’s last administrator: appoint another one first."))
    if Person.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
        record_action("person.close_account", person, fields=["is_active"])
        hooks.end_access.provider()(person=person)
        hooks.revoke_devices_without_role.provider()([person.pk])


@transaction.atomic
def reopen_account(*, person: Person) -> None:
    """Let the person sign in again; roles and seats that are still open count again.

    Raise Forbidden for an erased person.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    refuse_erased_person(person)
    if Person.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        record_action("person.reopen_account", person, fields=["is_active"])


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

    Raise InvalidFields if the person works there on one of these days already, and Forbidden for an erased
    person.
    """
    # Two requests at once must find each other's employment.
    refuse_erased_person(Person.objects.select_for_update(no_key=True).get(pk=person.pk))
    for existing in Employment.objects.filter(person=person, company=company):
        if spans_overlap((existing.starts_on, existing.ends_on), (starts_on, ends_on)):
            sentence = _("This person already works there from %(day)s.")
            message = sentence % {"day": format_date(existing.starts_on)}
            raise InvalidFields(_("Some fields need to be corrected."), {"company": [message]})
    employment = Employment.objects.create(
        person=person, company=company, starts_on=starts_on, ends_on=ends_on, title=title, level=level
    )
    record_action("employment.add", employment, fields=["company", "starts_on", "ends_on", "title", "level"])
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
    if owner := find_owner(email, people=Person.objects.all()):
        return _require_colleague(owner, company)
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
    *,
    membership: Membership,
    email: str,
    first_name: str,
    last_name: str,
    title: str,
    contact: Person | None = None,
) -> Person:
    """Add a colleague and give them a seat, or do neither, even if another person has the address.

    `contact` is the person who adds the colleague: their own address needs no confirmation. Raise
    InvalidFields for an invalid address or an empty name, and the errors of `give_seat`.
    """
    company, email = membership.company, normalize_whitespace(email).lower()
    try:
        with transaction.atomic():
            person = add_colleague(
                company=company, email=email, first_name=first_name, last_name=last_name, title=title
            )
    # Not refused: an error would reveal to the contact that the person is in the directory.
    except EmailTaken:
        if contact and has_address(contact, email):
            # Signed in as the owner of the address: this is the confirmation that the e-mail would ask for.
            person = contact
            _create_employment(person, company, None, title)
        else:
            person = _get_or_create_claimed(
                company, email, normalize_whitespace(first_name), normalize_whitespace(last_name), title
            )
    give_seat_and_notify(membership=membership, person=person)
    # For every colleague, so that the contact cannot notice whether another person has the address.
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
    """Raise InvalidFields for an invalid name or address, and unless both names are given."""
    errors = _find_name_errors(first_name, last_name)
    if not first_name:
        errors["first_name"] = [_("Enter the first name.")]
    if not last_name:
        errors["last_name"] = [_("Enter the last name.")]
    _raise_field_errors(errors | find_address_errors(email))


def find_address_errors(email: str) -> dict[str, list[str]]:
    try:
        validate_email(email)
    except ValidationError:
        return {"email": [_("Enter a valid e-mail address, for example name@example.org.")]}
    return {}


def _raise_field_errors(errors: dict[str, list[str]]) -> None:
    """Raise InvalidFields if there are errors."""
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def _find_name_errors(first_name: str, last_name: str) -> dict[str, list[str]]:
    # Names are printed and mailed: addresses and markup in them would reach other people.
    found = {"first_name": find_name_error(first_name), "last_name": find_name_error(last_name)}
    return {name: [sentence] for name, sentence in found.items() if sentence}


def _require_colleague(person: Person, company: Company) -> Person:
    employments = Employment.objects.open().filter(person=person, company=company)
    if person.is_active and employments.exists():
        return person
    sentence = _("This address cannot be added here; please write to the club.")
    raise EmailTaken(_("Some fields need to be corrected."), {"email": [sentence]})


def find_company_by_mail_domain(person: Person) -> Company | None:
    """Return the only company whose people have addresses at the mail domain of this person, or None."""
    domain = get_employer_domain(person.email or "")
    if not domain:
        return None
    employments = Employment.objects.open().filter(person__email__iendswith=f"@{domain}")
    # Databases fold more than ASCII, so Python decides.
    company_ids = {
        employment.company_id
        for employment in employments.exclude(person=person).select_related("person")
        if get_employer_domain(employment.person.email or "") == domain
    }
    return Company.objects.get(pk=company_ids.pop()) if len(company_ids) == 1 else None


SEAT_FILTERS: Final = ("held", "none")
CLOSED_ACCOUNTS: Final = "closed"


def search_people(words: str, *, company: str = "", seat: str = "", account: str = "") -> QuerySet[Person]:
    """Return people whose name, phone number or one of their addresses contains every word.

    `company` and `seat` narrow them down; a phone number may be typed with or without spaces.
    Only active people are returned; with `account` CLOSED_ACCOUNTS only closed accounts, without those of
    erased people.
    """
    is_found = Person.objects.make_search_condition(join_searched_digits(words))
    # Ids, not a subquery, which would slow down every search: few people have several addresses.
    if words and (found_ids := find_people_by_other_address(words)):
        is_found |= Q(pk__in=found_ids)
    people = Person.objects.filter(is_found, is_active=account != CLOSED_ACCOUNTS)
    if account == CLOSED_ACCOUNTS:
        # An erased person is inactive too, and has neither name nor address.
        people = people.exclude(email=None, first_name="", last_name="")
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
    prefetches: tuple[Any, ...] = (
        Prefetch("employments", employments, to_attr="current_employments"),
        Prefetch("seats", seats, to_attr="current_seats"),
    )
    return people.prefetch_related(*prefetches)


def find_contact_people(company: Company) -> QuerySet[Person]:
    """Return the people who are contacts of the company today, by name."""
    contacts = CompanyContact.objects.open().filter(company=company)
    return Person.objects.filter(is_active=True, pk__in=contacts.values("person")).order_by("sort_name", "pk")
