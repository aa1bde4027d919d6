"""Decide who may do what in the whole club."""

import datetime
from collections.abc import Collection
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.db.compiled_query import PLACEHOLDER_DATE, PLACEHOLDER_ID, CompiledQuery
from convention.errors import Forbidden, InvalidFields, NotFound, SignInRequired
from convention.text.email_addresses import normalize_email

from .addresses.own_addresses import find_active_owner, select_verified_addresses
from .models import (
    ClubRole,
    Company,
    CompanyContact,
    CompanyRole,
    Employment,
    Mandate,
    Person,
    Seat,
    WorkingGroup,
)
from .permission_cache import get_cached_permission

type RequestUser = Person | AnonymousUser

# Advisory lock of changes that could leave the club without an administrator.
CLUB_ROLES_LOCK: Final = "club:roles"

DIRECTORY_READER_ROLES: Final = (ClubRole.Role.ADMINISTRATOR, ClubRole.Role.SECRETARY)
DIRECTORY_MANAGER_ROLES: Final = DIRECTORY_READER_ROLES
TREASURER_ROLES: Final = (ClubRole.Role.TREASURER, ClubRole.Role.ADMINISTRATOR)
# Roles of companies that directory readers give, import and end; the others are the administrators'.
READER_COMPANY_ROLES: Final = (CompanyRole.Role.VENDOR,)
SEASON_PLANNER_ROLES: Final = (ClubRole.Role.SECRETARY, ClubRole.Role.ORGANIZER, ClubRole.Role.ADMINISTRATOR)


def require_signed_in(user: "RequestUser") -> Person:
    """Return the person. Raise Forbidden for an anonymous user."""
    if not isinstance(user, Person):
        raise Forbidden(_("Please sign in first."))
    return user


def has_club_role(person: "RequestUser", *roles: str, at: datetime.date | None = None) -> bool:
    """Return whether the person has one of these club roles on that day; superusers have all."""
    return not get_club_roles(person, at=at).isdisjoint(roles)


def get_club_roles(person: "RequestUser", *, at: datetime.date | None = None) -> frozenset[str]:
    """Return the person's club roles on that day; superusers have all."""
    if not isinstance(person, Person) or not person.is_active:
        return frozenset()
    # Before the cache: no query is needed.
    if person.is_superuser:
        return frozenset(ClubRole.Role.values)
    day = at or timezone.localdate()
    return get_cached_permission(
        person,
        # The day is part of the key, so that a role ends at midnight even for an object that lives longer.
        ("club roles", day),
        lambda: frozenset(club_role.role for club_role in CLUB_ROLES_QUERY.all(person.pk, day)),
    )


def _query_club_roles(person: int, day: datetime.date) -> QuerySet[ClubRole]:
    return ClubRole.objects.open(at=day).filter(person=person)


CLUB_ROLES_QUERY = CompiledQuery(_query_club_roles, PLACEHOLDER_ID, PLACEHOLDER_DATE)


def get_leading_mandates(*, at: datetime.date | None = None) -> QuerySet[Mandate]:
    """Return the mandates of active people who lead a working group on that day, as lead or deputy."""
    mandates: QuerySet[Mandate] = Mandate.objects.open(at=at)
    return mandates.filter(role__in=Mandate.LEADING_ROLES, person__is_active=True)


def get_led_groups(person: "RequestUser") -> frozenset[int]:
    """Return the ids of the working groups that this person leads today."""
    if not isinstance(person, Person) or not person.is_active:
        return frozenset()
    day = timezone.localdate()
    return get_cached_permission(
        person,
        # As for the club roles, the day is part of the key.
        ("led groups", day),
        lambda: frozenset(mandate.group_id for mandate in LED_GROUPS_QUERY.all(person.pk, day)),
    )


# The menu asks it on every page of a signed-in person.
LED_GROUPS_QUERY = CompiledQuery(
    lambda person, day: get_leading_mandates(at=day).filter(person=person), PLACEHOLDER_ID, PLACEHOLDER_DATE
)


def get_member_company(person: Person, *, at: datetime.date | None = None) -> Company | None:
    """Return the company whose seat makes this person a member on that day, or None."""
    seat = get_open_seat(person, at=at)
    return seat.membership.company if seat else None


def get_open_seat(person: Person, *, at: datetime.date | None = None) -> Seat | None:
    """Return the seat that makes this person a member on that day, the latest of several, or None."""
    return OPEN_SEATS_QUERY.first(person.pk, at or timezone.localdate())


def is_member(person: Person) -> bool:
    """Return whether a seat makes this person a member today."""
    return OPEN_SEATS_QUERY.exists(person.pk, timezone.localdate())


def find_member_ids(person_ids: Collection[int]) -> set[int]:
    """Return the ids of those who are members today, with one query (`is_member` for many people)."""
    seats = Seat.objects.granting_membership().filter(person__in=person_ids, person__is_active=True)
    return set(seats.values_list("person", flat=True))


def load_member_companies(person_ids: "Collection[int] | QuerySet[Any, Any]") -> dict[int, Company]:
    """Return the companies of the members among them, today, by person id (`get_member_company` for many)."""
    seats = Seat.objects.granting_membership().filter(person__in=person_ids)
    # Somebody who works for two companies may have two seats: the latest comes last, and stays.
    rows = seats.select_related("membership__company").order_by("starts_on", "pk")
    return {seat.person_id: seat.membership.company for seat in rows}


def _query_open_seats(person: int, day: datetime.date) -> QuerySet[Seat]:
    seats: QuerySet[Seat] = Seat.objects.granting_membership(at=day).filter(person=person)
    # Somebody who works for two companies may have two seats.
    return seats.select_related("membership__company").order_by("-starts_on", "-pk")


OPEN_SEATS_QUERY = CompiledQuery(_query_open_seats, PLACEHOLDER_ID, PLACEHOLDER_DATE)


def find_seats_by_address(company: Company, addresses: Collection[str]) -> dict[str, Seat]:
    """Return the company's seats that make a member today, by these normalized addresses.

    An address may be another one that the seat's holder has verified.
    """
    seats = Seat.objects.granting_membership().filter(membership__company=company, person__is_active=True)
    reachable = seats.exclude(person__email=None, person__claimed_email="")
    rows = reachable.select_related("person", "membership__company")
    # In Python, since SQL cannot apply the rule for equal addresses.
    by_address = {normalize_email(seat.person.known_email): seat for seat in rows}
    if not by_address.keys() >= set(addresses):
        by_holder = {seat.person_id: seat for seat in by_address.values()}
        verified = select_verified_addresses().filter(user__in=by_holder).values_list("email", "user")
        others = {normalize_email(email): by_holder[holder] for email, holder in verified}
        # The main addresses decide, as in `find_owner`.
        by_address = others | by_address
    return {address: by_address[address] for address in addresses if address in by_address}


def get_vendors(*, at: datetime.date | None = None) -> QuerySet[Company]:
    """Return the companies that are vendors on that day, today by default."""
    vendor_roles = CompanyRole.objects.open(at=at).filter(role=CompanyRole.Role.VENDOR)
    return Company.objects.filter(pk__in=vendor_roles.values("company"))


def get_employing_vendors(person: Person, *, at: datetime.date | None = None) -> QuerySet[Company]:
    """Return the vendors that employ this person on that day, ordered by name."""
    employments = Employment.objects.open(at=at).filter(person=person, person__is_active=True)
    return get_vendors(at=at).filter(pk__in=employments.values("company")).order_by("sort_name", "pk")


def get_employer(person: Person) -> Company | None:
    """Return the company of the person's seat today, else their only employer, or None."""
    if company := get_member_company(person):
        return company
    employers = Company.objects.filter(
        pk__in=Employment.objects.open().filter(person=person).values("company")
    )
    # With several employers a guess would often be wrong. Two rows are enough to see whether there is one.
    found = list(employers[:2])
    return found[0] if len(found) == 1 else None


def get_companies_of_contact(person: "RequestUser", *, at: datetime.date | None = None) -> QuerySet[Company]:
    """Return the companies whose contact this person is on that day; none for an anonymous user."""
    if not isinstance(person, Person) or not person.is_active:
        return Company.objects.none()
    return Company.objects.filter(
        pk__in=CompanyContact.objects.open(at=at).filter(person=person).values("company")
    )


def get_company_of_contact(slug: str, person: "RequestUser") -> Company:
    """Return the company of its contact's page. Raise SignInRequired, or NotFound for other people."""
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    company = get_companies_of_contact(person).filter(slug=slug).first()
    if company is None:
        # 404 for both, so that slugs of companies cannot be tried out.
        raise NotFound(_("We could not find this company, or you are not one of its contacts."))
    return company


def is_club_administrator(person: "RequestUser") -> bool:
    return has_club_role(person, ClubRole.Role.ADMINISTRATOR)


def is_last_administrator(person_id: int) -> bool:
    """Return whether this person alone is an administrator today; superusers need the role to count."""
    rows = ClubRole.objects.open().filter(role=ClubRole.Role.ADMINISTRATOR, person__is_active=True)
    return set(rows.values_list("person", flat=True)) == {person_id}


def list_administrators() -> list[Person]:
    """Return the people who are administrators today, by name; superusers need the role to count."""
    rows = ClubRole.objects.open().filter(role=ClubRole.Role.ADMINISTRATOR)
    people = Person.objects.filter(is_active=True, pk__in=rows.values("person"))
    return list(people.order_by("sort_name", "pk"))


def can_correct_names(person: "RequestUser") -> bool:
    """Return whether this person may correct how names are written."""
    return has_club_role(person, *DIRECTORY_READER_ROLES)


def can_read_directory(person: "RequestUser") -> bool:
    """Return whether this person may read, add and edit companies, people and groups with their mandates.

    They manage the directory, too (`can_manage_directory`).
    """
    return has_club_role(person, *DIRECTORY_READER_ROLES)


def require_directory_reader(person: "RequestUser") -> Person:
    """Return the secretary or administrator. Raise SignInRequired or Forbidden."""
    sentence = _("This page is for the club’s secretary and administrators.")
    return require_club_role(person, *DIRECTORY_READER_ROLES, error_message=sentence)


def can_manage_directory(person: "RequestUser") -> bool:
    """Return whether this person manages what the club agrees with companies and people.

    These are memberships, seats, companies' contacts, changes of employer, imports, downloads, and the
    merging of people's records and of companies. Roles, plans and the closing of accounts are for
    administrators.
    """
    return has_club_role(person, *DIRECTORY_MANAGER_ROLES)


def require_directory_manager(person: "RequestUser") -> Person:
    """Return the secretary or administrator. Raise SignInRequired or Forbidden."""
    sentence = _("This page is for the club’s secretary and administrators.")
    return require_club_role(person, *DIRECTORY_MANAGER_ROLES, error_message=sentence)


def list_assignable_company_roles(person: "RequestUser") -> list[str]:
    """Return the roles of companies that this person may give and end."""
    if is_club_administrator(person):
        return list(CompanyRole.Role.values)
    return [str(role) for role in READER_COMPANY_ROLES] if can_read_directory(person) else []


def can_change_address(
    actor: "RequestUser", person: Person, *, people_with_roles: Collection[int] | None = None
) -> bool:
    """Return whether the actor may enter another address for this person.

    An address signs in: an editor of the directory could take over an account or the roles of a person.
    Others than administrators enter or correct one only for people who never signed in and never had a
    role. `people_with_roles` are their ids, if a caller who asks for many people has them.
    """
    if is_club_administrator(actor):
        return True
    if not can_manage_directory(actor) or person.last_login or person.is_staff or person.is_superuser:
        return False
    if people_with_roles is not None:
        return person.pk not in people_with_roles
    return not select_people_with_roles().filter(pk=person.pk).exists()


def select_people_with_roles() -> QuerySet[Person]:
    """Return the people who have or had a role of the club, a company, a working group or an event."""
    holders = [rows.values("person") for rows in (ClubRole.objects, CompanyContact.objects, Mandate.objects)]
    holders += [provider() for provider in hooks.person_roles.providers()]
    condition = Q()
    for ids in holders:
        condition |= Q(pk__in=ids)
    return Person.objects.filter(condition)


def can_read_group(person: "RequestUser", group: WorkingGroup) -> bool:
    """Return whether this person reads the directory, or leads the group."""
    return group.pk in get_led_groups(person) or can_read_directory(person)


def require_group_reader(person: "RequestUser", group: WorkingGroup) -> Person:
    """Return the reader of the directory, or the group's lead. Raise SignInRequired or Forbidden."""
    return require_signed_in(person) if can_read_group(person, group) else require_directory_reader(person)


def check_mandate_recipient(actor: "RequestUser", recipient: Person, *, field: str) -> None:
    """Raise InvalidFields at `field` if the actor gives a mandate to themselves, unless an administrator.

    A mandate can open the registrations of the group's meetings.
    """
    if actor.pk == recipient.pk and not is_club_administrator(actor):
        sentence = _("You cannot give a mandate to yourself. Ask an administrator to do it.")
        raise InvalidFields(_("Some fields need to be corrected."), {field: [sentence]})


def require_administrator(person: "RequestUser") -> Person:
    """Return the administrator. Raise SignInRequired or Forbidden."""
    sentence = _("This page is for the club’s administrators.")
    return require_club_role(person, ClubRole.Role.ADMINISTRATOR, error_message=sentence)


def require_club_role(person: "RequestUser", *roles: str, error_message: str) -> Person:
    """Return the person if they have one of these roles.

    Raise SignInRequired, or Forbidden with `error_message`.
    """
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    if not has_club_role(person, *roles):
        raise Forbidden(error_message)
    return require_signed_in(person)


def find_member_by_email(email: str) -> tuple[Person, Company] | None:
    """Return the member with that address and their company, today, or None.

    The address may be another one that the member has verified.
    """
    person = find_active_owner(email)
    company = get_member_company(person) if person else None
    return (person, company) if person and company else None


def find_member_companies(addresses: Collection[str]) -> dict[str, Company]:
    """Return the companies of the members with these addresses, today, by normalized address.

    `find_member_by_email` for many addresses: the number of queries does not grow with them.
    """
    owners = _find_owner_ids({normalize_email(address) for address in addresses if address})
    companies = load_member_companies(set(owners.values()))
    return {address: companies[owner] for address, owner in owners.items() if owner in companies}


def _find_owner_ids(wanted: Collection[str]) -> dict[str, int]:
    """Return the ids of the active people with these normalized addresses, by address."""
    # Databases fold case differently, so Python decides.
    folded = sorted({*wanted, *(address.lower() for address in wanted)})
    verified = select_verified_addresses().annotate(address=Lower("email")).filter(address__in=folded)
    main = Person.objects.filter(is_active=True).annotate(address=Lower("email")).filter(address__in=folded)
    # The main addresses come last, and decide, as in `find_owner`.
    rows = [*verified.values_list("email", "user"), *main.order_by("-pk").values_list("email", "pk")]
    owners = {normalize_email(email or ""): owner for email, owner in rows}
    return {address: owner for address, owner in owners.items() if address in wanted}
