"""Change a person's employer, and hand over what they did for the old one and in working groups."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.text.dates import format_date

from .appointments.contacts import (
    appoint_contact,
    find_days_without_contact,
    is_company_contact,
    list_contact_companies,
)
from .appointments.mails import notify_company_contact
from .models import Company, CompanyContact, Employment, Mandate, Membership, Person, Seat
from .people import refuse_erased_person
from .periods import ONE_DAY, DateSpan, join_touching_rows
from .seats import end_seat

REPLACEMENT_SENTENCES: Final = {
    "billing_contact": gettext_lazy(
        "%(name)s stays the billing contact of %(company)s until %(day)s. Choose someone else in the "
        "membership before then."
    ),
    "representative": gettext_lazy(
        "%(name)s stays the voting representative of %(company)s until %(day)s. Choose someone else in the "
        "membership before then."
    ),
}
REPRESENTATIVE_FIELDS: Final = tuple(REPLACEMENT_SENTENCES)
# By the fields of a membership that are empty.
VACANCY_SENTENCES: Final = {
    ("billing_contact",): gettext_lazy("%(company)s no longer has a billing contact."),
    ("representative",): gettext_lazy("%(company)s no longer has a voting representative."),
    REPRESENTATIVE_FIELDS: gettext_lazy(
        "%(company)s no longer has a billing contact or a voting representative."
    ),
}


class MandateOutcome(TextChoices):
    """Whether a person's mandates in working groups stay, end or pass on when they change employer."""

    STAY = "stay", gettext_lazy("stay with this person")
    END = "end", gettext_lazy("end on the last day")
    HAND_OVER = "hand_over", gettext_lazy("go to someone else")


@dataclass(frozen=True)
class MembershipRole:
    """A person's role in a membership; `field` is the column of the membership that names them."""

    membership: Membership
    field: str

    @property
    def label(self) -> str:
        return str(getattr(Membership, self.field).field.verbose_name)


@dataclass(frozen=True)
class PersonRoles:
    """A person's roles in memberships, and when the companies of which they are a contact have none.

    `days_without_contact` are those of `find_days_without_contact`.
    """

    membership_roles: list[MembershipRole]
    days_without_contact: Mapping[Company, datetime.date | None]


@dataclass(frozen=True)
class HandoverPlan:
    """The successors of a person who changes employer; None means that there is none."""

    company_successor: Person | None = None
    mandate_outcome: str = MandateOutcome.STAY
    mandate_successor: Person | None = None


def list_mandates(person: Person, *, at: datetime.date) -> list[Mandate]:
    """Return the person's mandates in working groups on that day or later."""
    mandates = Mandate.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=at), person=person)
    return list(mandates.select_related("group").order_by("group__name", "pk"))


@transaction.atomic
def hand_over_company(
    *, person: Person, company: Company, on: datetime.date, company_successor: Person | None
) -> None:
    """Make the successor the contact from `on`, and billing contact and representative immediately.

    Without a successor, the person keeps the last two until the day before `on`
    (`clear_former_representatives`). Raise InvalidFields if the successor does not work there on that day.
    """
    if (
        company_successor
        and not Employment.objects.open(at=on).filter(person=company_successor, company=company).exists()
    ):
        sentence = _("%(name)s does not work at %(company)s on that day.")
        message = sentence % {"name": company_successor, "company": company}
        # Before anything is written: a contact who does not work there could register its people.
        raise InvalidFields(_("Some fields need to be corrected."), {"company_successor": [message]})
    contacts = CompanyContact.objects.filter(person=person, company=company)
    active_contacts = contacts.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    if (
        company_successor
        and active_contacts.exists()
        and not is_company_contact(company_successor, company, at=on)
    ):
        contact = appoint_contact(company=company, person=company_successor, starts_on=on)
        notify_company_contact.enqueue(contact.pk)
    # Roles that ended earlier are left alone, as part of the history.
    for contact in active_contacts.order_by("pk"):
        _end_contact_role(contact, on)
    if company_successor or on <= timezone.localdate():
        for name in REPRESENTATIVE_FIELDS:
            for membership in Membership.objects.filter(company=company, **{name: person}).order_by("pk"):
                setattr(membership, name, company_successor)
                membership.save(update_fields=[name])
                record_action("membership.hand_over", membership, fields=[name])


def _end_contact_role(contact: CompanyContact, on: datetime.date) -> None:
    """End the role the day before `on`; drop one that would begin on that day or later."""
    record_action("contact.dismiss", contact, fields=["ends_on"])
    # An end before the start would break the check constraint of periods.
    if contact.starts_on >= on:
        contact.delete()
    else:
        contact.ends_on = on - ONE_DAY
        contact.save(update_fields=["ends_on"])


def clear_former_representatives() -> None:
    """Remove people who no longer work at the company from memberships that are not over."""
    today = timezone.localdate()
    for name in REPRESENTATIVE_FIELDS:
        jobs = Employment.objects.filter(person=OuterRef(name), company=OuterRef("company"))
        lasting_jobs = jobs.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        for membership in Membership.objects.filter(Exists(jobs), ~Exists(lasting_jobs)).order_by("pk"):
            if _is_over(membership):
                continue
            with transaction.atomic():
                # Another person may have been chosen meanwhile.
                unchanged = Membership.objects.filter(pk=membership.pk, **{name: getattr(membership, name)})
                if unchanged.update(**{name: None}):
                    record_action("membership.hand_over", membership, fields=[name])


def _is_over(membership: Membership) -> bool:
    return membership.last_day is not None and membership.last_day < timezone.localdate()


def list_represented_memberships(person: Person) -> QuerySet[Membership]:
    """Return the memberships whose billing contact or voting representative is this person."""
    is_named = Q(billing_contact=person) | Q(representative=person)
    memberships: QuerySet[Membership] = Membership.objects.filter(is_named)
    return memberships.select_related("company", *REPRESENTATIVE_FIELDS).order_by("pk")


def list_membership_roles(person: Person) -> list[MembershipRole]:
    """Return the person's roles in memberships that are not over."""
    return [
        MembershipRole(membership, name)
        for membership in list_represented_memberships(person)
        for name in REPRESENTATIVE_FIELDS
        if getattr(membership, name) == person and not _is_over(membership)
    ]


def load_person_roles(person: Person) -> PersonRoles:
    """Return the person's roles as they are now."""
    return PersonRoles(
        list_membership_roles(person), find_days_without_contact(list_contact_companies(person))
    )


def describe_missing_contacts(former_roles: PersonRoles) -> list[tuple[Company, str]]:
    """Return a sentence for each company that a change since then leaves without a contact, on some day."""
    former_days = former_roles.days_without_contact
    sentences = []
    for company, day in find_days_without_contact(list(former_days)).items():
        # A contact elsewhere whose role was to end anyway is no news.
        if day is None or day == former_days[company]:
            continue
        sentence = _("%(company)s will have no contact from %(day)s.")
        if day <= timezone.localdate():
            sentence = _("%(company)s no longer has a contact.")
        sentences.append((company, sentence % {"company": company, "day": format_date(day)}))
    return sentences


def describe_vacant_roles(former_roles: Iterable[MembershipRole]) -> list[tuple[Membership, str]]:
    """Return a sentence for each membership in which one of these roles is vacant now."""
    names = defaultdict[int, list[str]](list)
    for role in former_roles:
        names[role.membership.pk].append(role.field)
    rows = Membership.objects.filter(pk__in=names).select_related("company").order_by("pk")
    vacancies = [
        (membership, tuple(name for name in names[membership.pk] if getattr(membership, name) is None))
        for membership in rows
    ]
    return [
        (membership, str(VACANCY_SENTENCES[fields]) % {"company": membership.company})
        for membership, fields in vacancies
        if fields
    ]


def describe_roles_to_replace(
    memberships: Iterable[Membership], *, person: Person | None = None
) -> list[str]:
    """Return a sentence for each role in these memberships whose holder leaves the company on a known day.

    With `person`, only for the roles of this person.
    """
    roles = [
        (membership, sentence, holder)
        for membership in memberships
        for name, sentence in REPLACEMENT_SENTENCES.items()
        if (holder := getattr(membership, name)) and person in (None, holder) and not _is_over(membership)
    ]
    last_days = _find_future_last_days(
        (holder.pk, membership.company_id) for membership, _text, holder in roles
    )
    sentences = [
        str(sentence) % {"name": holder, "company": membership.company, "day": format_date(last_day)}
        for membership, sentence, holder in roles
        if (last_day := last_days.get((holder.pk, membership.company_id)))
    ]
    # A membership and its renewal have the same sentence.
    return list(dict.fromkeys(sentences))


def _find_future_last_days(jobs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], datetime.date]:
    """Return the last day of each person at the company, of those who leave on a known day, not yet past.

    `jobs` are the ids of people and companies.
    """
    wanted = set(jobs)
    rows = Employment.objects.filter(
        person__in={person for person, _company in wanted},
        company__in={company for _person, company in wanted},
    )
    days = defaultdict[tuple[int, int], list[datetime.date | None]](list)
    for person, company, ends_on in rows.values_list("person", "company", "ends_on"):
        days[person, company].append(ends_on)
    # Of several employments at one company the longest counts.
    last_days = {
        job: max(day for day in days[job] if day) for job in wanted & days.keys() if None not in days[job]
    }
    today = timezone.localdate()
    return {job: day for job, day in last_days.items() if day >= today}


@transaction.atomic
def hand_over_mandates(*, person: Person, on: datetime.date, successor: Person | None) -> list[Mandate]:
    """End the person's mandates the day before `on`; return the successor's mandates, if one is named.

    Mandates that would begin on that day or later are deleted.
    """
    new_mandates = []
    for mandate in list_mandates(person, at=on):
        remaining_days = (max(mandate.starts_on, on), mandate.ends_on)
        record_action("mandate.end", mandate, fields=["ends_on"])
        # An end before the start would break the check constraint of periods.
        if mandate.starts_on >= on:
            Mandate.objects.filter(pk=mandate.pk).delete()
        else:
            mandate.ends_on = on - ONE_DAY
            mandate.save(update_fields=["ends_on"])
        if successor:
            new_mandates.append(_give_remaining_mandate(mandate, successor, remaining_days))
    return new_mandates


def _give_remaining_mandate(mandate: Mandate, successor: Person, days: DateSpan) -> Mandate:
    """Give the successor the mandate on these days, joined with one that they already have, if it touches."""
    same_roles = Mandate.objects.filter(group=mandate.group, person=successor, role=mandate.role)
    joined, (first_day, last_day) = join_touching_rows(same_roles, days)
    new_mandate = joined[0] if joined else Mandate(group=mandate.group, person=successor, role=mandate.role)
    same_roles.filter(pk__in=[row.pk for row in joined[1:]]).delete()
    new_mandate.starts_on, new_mandate.ends_on = first_day, last_day
    new_mandate.save()
    record_action("mandate.give", new_mandate, fields=["person", "role", "starts_on", "ends_on"])
    return new_mandate


@transaction.atomic
def change_employer(
    *,
    person: Person,
    to: Company | None,
    on: datetime.date,
    title: str = "",
    level: str = "",
    handover: HandoverPlan | None = None,
) -> Employment | None:
    """End the person's employments the day before `on`, and begin one at `to`, if any.

    Seats end with the employment, and bookings stay. The successor, if any, becomes contact, billing contact
    and voting representative. Raise InvalidFields if the person already works for `to` on that day, if an
    employment begins on that day or later, or if a successor cannot take over, and Forbidden for an erased
    person.
    """
    handover = handover or HandoverPlan()
    _check_successors(person, handover)
    # Two changes at once must not leave the person with two new employers. The person's row is locked, since
    # there may be no employment yet.
    refuse_erased_person(Person.objects.select_for_update(no_key=True).get(pk=person.pk))
    employments = list(Employment.objects.filter(person=person).select_related("company", "person"))
    current = [
        employment for employment in employments if employment.ends_on is None or employment.ends_on >= on
    ]
    if to and any(employment.company_id == to.pk for employment in current):
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {"to": [_("This person already works there on that day.")]},
        )
    if any(employment.starts_on >= on for employment in current):
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {"on": [_("Another period of employment starts on that day or later.")]},
        )
    # The last day counts, so the old employment ends the day before the new one begins.
    last_day = on - ONE_DAY
    for employment in current:
        end_employment_with_roles(employment, last_day, company_successor=handover.company_successor)
    if handover.mandate_outcome != MandateOutcome.STAY:
        hand_over_mandates(
            person=person,
            on=on,
            successor=handover.mandate_successor
            if handover.mandate_outcome == MandateOutcome.HAND_OVER
            else None,
        )
    record_action("person.change_employer", person, fields=["employments"])
    return _start_employment(person, to, on, title, level) if to else None


def _check_successors(person: Person, handover: HandoverPlan) -> None:
    for name in ("company_successor", "mandate_successor"):
        successor: Person | None = getattr(handover, name)
        sentence = ""
        if successor == person:
            sentence = _("Choose someone else: this person is leaving.")
        elif successor and not successor.is_active:
            sentence = _("Choose someone else: this person’s account is closed.")
        if sentence:
            raise InvalidFields(_("Some fields need to be corrected."), {name: [sentence]})


def end_employment_with_roles(
    employment: Employment, last_day: datetime.date, *, company_successor: Person | None
) -> None:
    """End an employment with its seats, and the person's roles at the company; the successor takes these."""
    # A seat that has ended by then stays as it is; one that begins later, as in a renewal, ends too.
    seats = Seat.objects.exclude(ends_on__lte=last_day).filter(
        person=employment.person_id, membership__company=employment.company_id
    )
    for seat in seats.select_related("membership").order_by("membership", "pk"):
        end_seat(seat=seat, last_day=last_day)
    # Before the employment ends: `hand_over_company` finds the person's roles there by company.
    hand_over_company(
        person=employment.person,
        company=employment.company,
        on=last_day + ONE_DAY,
        company_successor=company_successor,
    )
    employment.ends_on = last_day
    employment.save(update_fields=["ends_on"])


def _start_employment(
    person: Person, company: Company, on: datetime.date, title: str, level: str
) -> Employment:
    employment = Employment.objects.create(
        person=person, company=company, starts_on=on, title=title, level=level
    )
    record_action("employment.add", employment, fields=["company", "starts_on", "title", "level"])
    return employment
