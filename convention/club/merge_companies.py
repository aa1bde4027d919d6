"""Merge a company into another: people, contacts, roles and markets move; history stays."""

import datetime
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention import hooks
from convention.audit.record import record_action
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import InvalidFields, NotOpenNow

from .appointments.contacts import appoint_contact, is_company_contact
from .companies import list_parent_companies
from .contact_details.notes import join_notes, record_note_change
from .directory_import.import_directory import DIRECTORY_LOCK
from .memberships import end_membership
from .models import (
    Company,
    CompanyContact,
    CompanyRole,
    Employment,
    Membership,
    Person,
    Seat,
    select_open_membership,
)
from .periods import ONE_DAY
from .permissions import list_administrators, list_assignable_company_roles
from .seats import AlreadyHasSeat, NoSeatLeft, NotEmployed, end_seat, give_seat


@dataclass
class CompanyMergeResult:
    """The people who move, those who get a seat, and those for whom none is left."""

    moved_people: list[Person] = field(default_factory=list)
    people_with_seat: list[Person] = field(default_factory=list)
    people_without_seat: list[Person] = field(default_factory=list)
    takes_over_phone: bool = False
    takes_over_note: bool = False

    def __str__(self) -> str:
        people = ngettext(
            "%(people)d person will move.", "%(people)d people will move.", len(self.moved_people)
        )
        seats = ngettext(
            "%(seats)d seat will be transferred.",
            "%(seats)d seats will be transferred.",
            len(self.people_with_seat),
        )
        sentences = [
            people % {"people": len(self.moved_people)} if self.moved_people else "",
            seats % {"seats": len(self.people_with_seat)} if self.people_with_seat else "",
        ]
        moves = " ".join(filter(None, sentences)) or _("No person and no seat will move.")
        return " ".join(filter(None, [moves, self._describe_details()]))

    def _describe_details(self) -> str:
        """Return which details the other company takes over; "" if none."""
        sentences = [
            _("The other company takes over the phone number.") if self.takes_over_phone else "",
            _("The internal note is added to that of the other company.") if self.takes_over_note else "",
        ]
        return " ".join(filter(None, sentences))


@transaction.atomic
def merge_company(
    *, company: Company, into: Company, on: datetime.date, actor: Person | None = None
) -> CompanyMergeResult:
    """Let all people of the company work at `into` from `on`, with a seat as long as there are any.

    The membership of the company ends the day before. The seat limit of `into` holds; the oldest seats come
    first. An empty phone number of `into` is filled, and the note is added to its own. Raise InvalidFields if
    `into` is the company itself or one of its subsidiaries, while a guard forbids the merger (a contract to
    run an event), or if it would give `into` a role that the actor may not give; without an actor, all roles
    may move.
    """
    acquire_advisory_lock(DIRECTORY_LOCK)
    _check_not_circular(company, into)
    _check_company_guards(company, on)
    if actor:
        _check_roles(company, into, on, actor)
    result = CompanyMergeResult()
    seats = _end_seats(company, on)
    _move_employments(result, company, into, on)
    # After the employments: `give_seat` refuses people who do not work at the company.
    _give_seats(result, seats, into, on)
    _move_contacts(company, into, on)
    for membership in Membership.objects.filter(company=company, left_on__isnull=True).order_by("pk"):
        # Also one in its grace period, whose seats would continue.
        if membership.ends_on is None or (membership.last_day or on) >= on:
            end_membership(
                membership=membership,
                # A renewal that has not begun ends on its first day: the
                # check constraint allows no earlier one.
                on=max(on, membership.starts_on),
                left_as=Membership.Leaving.MERGED,
            )
    _move_roles(company, into, on)
    into.markets.add(*company.markets.all())
    _copy_contact_details(result, company, into)
    # By `update`: `company` was read before the lock, and must not overwrite newer values.
    Company.objects.filter(pk=company.pk).update(parent=into, merged_on=on)
    fields = ["parent", "merged_on", "employments", "seats", "roles", "markets"]
    record_action("company.merge", company, fields=fields)
    return result


@transaction.atomic
def preview_company_merge(
    *, company: Company, into: Company, on: datetime.date, actor: Person | None = None
) -> CompanyMergeResult:
    """Return what `merge_company` would do, and roll back. Raise the same errors."""
    result = merge_company(company=company, into=into, on=on, actor=actor)
    # Run the real merger and roll it back: a separate calculation could differ from it.
    transaction.set_rollback(True)
    return result


def _check_not_circular(company: Company, into: Company) -> None:
    if company.pk in {parent.pk for parent in (into, *list_parent_companies(into))}:
        sentence = _("Choose a company that is not a subsidiary of this one.")
        raise InvalidFields(_("Some fields need to be corrected."), {"into": [sentence]})


def _check_company_guards(company: Company, on: datetime.date) -> None:
    """Raise InvalidFields if a higher app forbids the merger (`hooks.company_guards`)."""
    errors: dict[str, list[str]] = {}
    for guard in hooks.company_guards.providers():
        errors |= guard(company, on)
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def _check_roles(company: Company, into: Company, on: datetime.date, actor: Person) -> None:
    """Raise InvalidFields if a role would move that the actor may not give by hand."""
    assignable = list_assignable_company_roles(actor)
    roles = [row for row in _list_roles_to_move(company, into, on) if row.role not in assignable]
    if roles:
        sentence = _(
            "%(into)s would get a role that only administrators give: %(roles)s. Ask an administrator to "
            "merge the companies: %(administrators)s."
        )
        values = {
            "into": into,
            "roles": ", ".join(row.get_role_display() for row in roles),
            "administrators": ", ".join(map(str, list_administrators())),
        }
        raise InvalidFields(_("Some fields need to be corrected."), {"into": [sentence % values]})


def _list_open_roles(company: Company, on: datetime.date) -> QuerySet[CompanyRole]:
    return company.roles.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


def _list_roles_to_move(company: Company, into: Company, on: datetime.date) -> list[CompanyRole]:
    # A role is held once at a time (see `give_company_role`).
    existing = set(CompanyRole.objects.open(at=on).filter(company=into).values_list("role", flat=True))
    roles = {row.role: row for row in _list_open_roles(company, on).order_by("-pk")}
    return sorted((row for role, row in roles.items() if role not in existing), key=lambda row: row.pk)


def _end_seats(company: Company, on: datetime.date) -> list[Seat]:
    """End the company's seats the day before; return those that would have gone on, the oldest first."""
    open_seats = Seat.objects.filter(membership__company=company).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    )
    seats = list(open_seats.select_related("membership", "person").order_by("starts_on", "pk"))
    holders = Person.objects.filter(pk__in={seat.person_id for seat in seats})
    # People before memberships, as in `give_seat`: in another order each could wait for the other.
    list(holders.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    for seat in seats:
        end_seat(seat=seat, last_day=on - ONE_DAY)
    return seats


def _move_employments(result: CompanyMergeResult, company: Company, into: Company, on: datetime.date) -> None:
    # People who already work for `into` get no second employment there.
    employed_ids = set(Employment.objects.open(at=on).filter(company=into).values_list("person", flat=True))
    open_employments = Employment.objects.filter(company=company).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    )
    for employment in open_employments.select_related("person").order_by("starts_on", "pk"):
        if employment.person_id not in employed_ids:
            employed_ids.add(employment.person_id)
            first = max(on, employment.starts_on)
            position = {"title": employment.title, "level": employment.level}
            Employment.objects.create(
                person=employment.person,
                company=into,
                starts_on=first,
                ends_on=employment.ends_on,
                **position,
            )
            result.moved_people.append(employment.person)
        # An end before the start would break the check constraint of periods.
        if employment.starts_on >= on:
            employment.delete()
        else:
            employment.ends_on = on - ONE_DAY
            employment.save(update_fields=["ends_on"])


def _give_seats(result: CompanyMergeResult, seats: list[Seat], into: Company, on: datetime.date) -> None:
    """Give the holders of these seats one at the other company, as long as there are some."""
    membership = select_open_membership(Membership.objects.filter(company=into), at=on)
    for seat in seats:
        if membership is None:
            result.people_without_seat.append(seat.person)
        else:
            _try_give_seat(result, membership, seat, max(on, seat.starts_on))


def _try_give_seat(
    result: CompanyMergeResult, membership: Membership, seat: Seat, first: datetime.date
) -> None:
    try:
        give_seat(membership=membership, person=seat.person, starts_on=first, ends_on=seat.ends_on)
    # Shown on the page instead of refusing the merger: the club may grant extra seats afterwards. A seat can
    # outlast its holder's employment, which the back office ends by hand.
    except (NoSeatLeft, NotEmployed, NotOpenNow):
        result.people_without_seat.append(seat.person)
    except AlreadyHasSeat:
        return
    else:
        result.people_with_seat.append(seat.person)


def _move_contacts(company: Company, into: Company, on: datetime.date) -> None:
    contacts = CompanyContact.objects.filter(company=company)
    open_contacts = contacts.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    for contact in list(open_contacts.select_related("person")):
        first_day = max(on, contact.starts_on)
        if not is_company_contact(contact.person, into, at=first_day):
            appoint_contact(company=into, person=contact.person, starts_on=first_day, ends_on=contact.ends_on)
    # First: an end before the start would break the check constraint of periods.
    open_contacts.filter(starts_on__gte=on).delete()
    open_contacts.filter(starts_on__lt=on).update(ends_on=on - ONE_DAY)


def _copy_contact_details(result: CompanyMergeResult, company: Company, into: Company) -> None:
    """Fill the phone number of `into`, and add the note; the merged company keeps both as history."""
    # Read again: the companies were read before the lock.
    rows = Company.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    stored = rows.in_bulk([company.pk, into.pk])
    merged, survivor = stored[company.pk], stored[into.pk]
    note = join_notes(survivor.note, merged.note)
    result.takes_over_phone = bool(merged.phone and not survivor.phone)
    result.takes_over_note = note != survivor.note
    survivor.phone, survivor.note = survivor.phone or merged.phone, note
    survivor.save(update_fields=["phone", "note"])
    if result.takes_over_note:
        record_note_change(survivor)


def _move_roles(company: Company, into: Company, on: datetime.date) -> None:
    for role in _list_roles_to_move(company, into, on):
        first = max(on, role.starts_on)
        CompanyRole.objects.create(company=into, role=role.role, starts_on=first, ends_on=role.ends_on)
    open_roles = _list_open_roles(company, on)
    open_roles.filter(starts_on__gte=on).delete()
    open_roles.filter(starts_on__lt=on).update(ends_on=on - ONE_DAY)
