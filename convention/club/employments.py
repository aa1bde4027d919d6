"""Correct and end a person's employments, with the seats and roles that depend on them."""

import datetime
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields
from convention.text.dates import format_date

from .change_employer import (
    REPRESENTATIVE_FIELDS,
    end_employment_with_roles,
    list_represented_memberships,
)
from .models import Company, CompanyContact, CompanyRole, Employment, Membership, Person, Seat
from .people import refuse_erased_person
from .periods import DateSpan, spans_overlap
from .seats import get_span, lock_membership


class EmploymentRemoved(ConventionError):
    """The employment was removed by another request."""

    kind = "employment-removed"
    status = 409


@dataclass(frozen=True)
class EmploymentDependents:
    """The seats and roles that end or are deleted with an employment.

    `memberships` name the person as billing contact or voting representative.
    """

    seats: list[Seat]
    contacts: list[CompanyContact]
    memberships: list[Membership]

    @property
    def has_any(self) -> bool:
        return bool(self.seats or self.contacts or self.memberships)


NO_DEPENDENTS = EmploymentDependents([], [], [])


def list_dependents_to_end(employment: Employment) -> EmploymentDependents:
    """Return what would end if the employment ended: the seats and roles of today or later."""
    if _has_later_employment(employment):
        return NO_DEPENDENTS
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    return EmploymentDependents(
        list(_list_seats(employment).filter(lasting)),
        list(_list_contacts(employment).filter(lasting)),
        _list_memberships(employment),
    )


def list_dependents_to_remove(employment: Employment) -> EmploymentDependents:
    """Return what was given because of this employment, and would be deleted with it.

    Those are seats on its days and contact roles that began on one of them, unless another employment at
    the company covers them too; without another employment, also the roles in its memberships.
    """
    others = [get_span(other) for other in _list_other_employments(employment)]
    days = get_span(employment)

    def is_covered_only_by_this(span: DateSpan) -> bool:
        return spans_overlap(span, days) and not any(spans_overlap(span, other) for other in others)

    return EmploymentDependents(
        [seat for seat in _list_seats(employment) if is_covered_only_by_this(get_span(seat))],
        [
            contact
            for contact in _list_contacts(employment).filter(starts_on__gte=employment.starts_on)
            if is_covered_only_by_this((contact.starts_on, contact.ends_on))
        ],
        [] if others else _list_memberships(employment),
    )


def _list_other_employments(employment: Employment) -> QuerySet[Employment]:
    rows = Employment.objects.filter(person=employment.person_id, company=employment.company_id)
    return rows.exclude(pk=employment.pk)


def _has_later_employment(employment: Employment) -> bool:
    """Return whether a later employment at the same company continues the seats and roles."""
    return _list_other_employments(employment).filter(starts_on__gt=employment.starts_on).exists()


def _list_seats(employment: Employment) -> QuerySet[Seat]:
    seats: QuerySet[Seat] = Seat.objects.filter(
        person=employment.person_id, membership__company=employment.company_id
    )
    # By membership: all code locks memberships in this order.
    return seats.select_related("person", "membership__company").order_by("membership", "pk")


def _list_contacts(employment: Employment) -> QuerySet[CompanyContact]:
    contacts = CompanyContact.objects.filter(person=employment.person_id, company=employment.company_id)
    return contacts.select_related("person", "company").order_by("starts_on", "pk")


def _list_memberships(employment: Employment) -> list[Membership]:
    return list(list_represented_memberships(employment.person).filter(company=employment.company_id))


@transaction.atomic
def update_employment(
    *, employment: Employment, title: str, level: str, starts_on: datetime.date
) -> Employment:
    """Change title, level and first day; seats and roles keep their days.

    Raise InvalidFields if the first day is after the last one, or if another employment at the company
    shares a day, Forbidden for an erased person, and EmploymentRemoved.
    """
    employment = _lock_employment(employment)
    if employment.ends_on and employment.ends_on < starts_on:
        sentence = _("The first day must not be after the last one, %(day)s.")
        _refuse("starts_on", sentence % {"day": format_date(employment.ends_on)})
    _refuse_overlap(employment, (starts_on, employment.ends_on), field="starts_on")
    employment.title, employment.level, employment.starts_on = title, level, starts_on
    employment.save(update_fields=["title", "level", "starts_on"])
    record_action("employment.change", employment, fields=["title", "level", "starts_on"])
    return employment


@transaction.atomic
def end_employment(*, employment: Employment, last_day: datetime.date | None) -> Employment:
    """Set the last day; seats and roles at the company end with it. None: the person still works there.

    Nothing that ended before is restored, and bookings stay. Raise InvalidFields if the last day is before
    the first, or if another employment at the company shares a day, Forbidden for an erased person, and
    EmploymentRemoved.
    """
    employment = _lock_employment(employment)
    if last_day and last_day < employment.starts_on:
        sentence = _(
            "The last day must not be before the first, %(day)s. Remove the job if it was added by mistake."
        )
        _refuse("last_day", sentence % {"day": format_date(employment.starts_on)})
    _refuse_overlap(employment, (employment.starts_on, last_day), field="last_day")
    if last_day and not _has_later_employment(employment):
        end_employment_with_roles(employment, last_day, company_successor=None)
    else:
        employment.ends_on = last_day
        employment.save(update_fields=["ends_on"])
    record_action("employment.end", employment, fields=["ends_on"])
    return employment


@transaction.atomic
def remove_employment(*, employment: Employment) -> None:
    """Delete an employment that was added by mistake, with the seats and roles given because of it.

    Bookings stay. Raise Forbidden for an erased person, and EmploymentRemoved.
    """
    employment = _lock_employment(employment)
    dependents = list_dependents_to_remove(employment)
    for seat in dependents.seats:
        lock_membership(seat.membership)
        record_action("seat.remove", seat)
        seat.delete()
    for contact in dependents.contacts:
        record_action("contact.remove", contact)
        contact.delete()
    for membership in dependents.memberships:
        names = [name for name in REPRESENTATIVE_FIELDS if getattr(membership, name) == employment.person]
        for name in names:
            setattr(membership, name, None)
        membership.save(update_fields=names)
        record_action("membership.hand_over", membership, fields=names)
    record_action("employment.remove", employment)
    employment.delete()


def _lock_employment(employment: Employment) -> Employment:
    """Lock the person's row, and return the employment as it is stored then. Raise EmploymentRemoved."""
    # Two requests at once must find each other's employment.
    refuse_erased_person(Person.objects.select_for_update(no_key=True).get(pk=employment.person_id))
    stored = Employment.objects.select_related("person", "company").filter(pk=employment.pk).first()
    if stored is None:
        raise EmploymentRemoved(_("This job was removed in the meantime, so nothing was changed."))
    return stored


def _refuse_overlap(employment: Employment, days: DateSpan, *, field: str) -> None:
    for other in _list_other_employments(employment):
        if spans_overlap(get_span(other), days):
            sentence = _("Another job at this company, from %(day)s, shares some of these days.")
            _refuse(field, sentence % {"day": format_date(other.starts_on)})


def _refuse(field: str, sentence: str) -> None:
    raise InvalidFields(_("Some fields need to be corrected."), {field: [sentence]})


def describe_visit_limits(
    *, person: Person, company: Company, starts_on: datetime.date, ends_on: datetime.date | None
) -> str:
    """Return what a job at this company means for the person's visits, or "" if it limits none.

    Only a company that sells to the others limits them: a vendor, or one with markets.
    """
    if ends_on and ends_on < timezone.localdate():
        return ""
    roles = CompanyRole.objects.filter(company=company, role=CompanyRole.Role.VENDOR)
    is_vendor = any(spans_overlap((role.starts_on, role.ends_on), (starts_on, ends_on)) for role in roles)
    if not is_vendor and not company.markets.exists():
        return ""
    values = {"company": company, "name": person}
    reason = _("%(company)s is a vendor.") if is_vendor else _("%(company)s sells in the club’s markets.")
    effect = _(
        "While %(name)s works there, its competitors’ sites are closed to them, even with a seat at another "
        "company."
    )
    return f"{reason % values} {effect % values}"
