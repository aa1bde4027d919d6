"""Describe two records of one person side by side, and what a merge would do."""

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.club.addresses.other_addresses import list_other_addresses
from convention.club.contact_details.notes import join_notes
from convention.club.models import Employment, Person, Seat
from convention.club.people import CLOSED_ACCOUNTS, find_namesakes, search_people
from convention.club.periods import spans_overlap
from convention.club.permissions import is_club_administrator
from convention.club.seats import get_span
from convention.text.email_addresses import is_same_email
from convention.text.languages import get_language_name
from convention.text.phone_numbers import is_same_phone

from .merge_people import MERGEABLE_FIELDS

MAX_CANDIDATES: Final = 20
FIELD_LABELS: Final = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("Main e-mail address"),
    "phone": gettext_lazy("Phone number"),
    "language": gettext_lazy("Language"),
}


@dataclass(frozen=True)
class RowCount:
    """A table's name for people, and the number of its rows about a person."""

    title: str
    total: int


@dataclass(frozen=True)
class PersonFieldChoice:
    """A column in which the two records differ, with both values as text."""

    name: str
    own_text: str
    other_text: str
    takes_other: bool

    @property
    def label(self) -> str:
        return str(FIELD_LABELS[self.name])


@dataclass(frozen=True)
class RecordSide:
    """One of the two records, with everything that the page compares."""

    person: Person
    addresses: list[str]
    employments: "QuerySet[Employment]"
    seats: "QuerySet[Seat]"
    roles: list[str]
    row_counts: list[RowCount]

    @property
    def last_sign_in_on(self) -> datetime.date | None:
        return timezone.localdate(self.person.last_login) if self.person.last_login else None


def list_merge_candidates(person: Person, words: str) -> list[Person]:
    """Return the people who match the search, or the namesakes without one; open and closed accounts."""
    if words:
        found = [
            *search_people(words)[: MAX_CANDIDATES + 1],
            *search_people(words, account=CLOSED_ACCOUNTS)[: MAX_CANDIDATES + 1],
        ]
    else:
        found = find_namesakes(first_name=person.first_name, last_name=person.last_name)
    return [other for other in found if other.pk != person.pk and not other.is_erased][:MAX_CANDIDATES]


def order_by_use(person: Person, other: Person) -> tuple[Person, Person]:
    """Return the record to keep and the one to remove: an account in use, else the older one, is kept."""
    first, second = sorted(
        (person, other),
        key=lambda row: (
            not row.is_active,
            not (row.is_staff or row.is_superuser),
            row.last_login is None,
            row.email is None,
            row.pk,
        ),
    )
    return first, second


def describe_side(person: Person) -> RecordSide:
    latest_first = ("-starts_on", "-pk")
    contacts = person.company_contacts.select_related("company").order_by(*latest_first)
    mandates = person.mandates.select_related("group").order_by(*latest_first)
    return RecordSide(
        person,
        addresses=[address for address in (person.known_email, *list_other_addresses(person)) if address],
        employments=person.employments.select_related("company").order_by(*latest_first),
        seats=person.seats.select_related("membership__company").order_by(*latest_first),
        roles=[
            *(_("contact of %(company)s") % {"company": row.company} for row in contacts),
            *(f"{row.get_role_display()}, {row.group}" for row in mandates),
            *(row.get_role_display() for row in person.club_roles.order_by(*latest_first)),
        ],
        row_counts=hooks.count_person_rows.provider()(person),
    )


def list_field_choices(
    survivor: Person, duplicate: Person, *, chosen: Collection[str] = ()
) -> list[PersonFieldChoice]:
    """Return the columns that both records fill differently; an empty one is filled without a question.

    `chosen` are the columns for which the reader has chosen the duplicate's value.
    """
    pairs = [
        (name, _describe_field(survivor, name), _describe_field(duplicate, name)) for name in MERGEABLE_FIELDS
    ]
    return [
        PersonFieldChoice(name, own, other, takes_other=name in chosen)
        for name, own, other in pairs
        if own and other and own != other and not _is_same_value(name, own, other)
    ]


def _is_same_value(name: str, own: str, other: str) -> bool:
    """Return whether two texts are the same address, or the same phone number, written differently."""
    comparisons = {"email": is_same_email, "phone": is_same_phone}
    return name in comparisons and comparisons[name](own, other)


def _describe_field(person: Person, name: str) -> str:
    value = getattr(person, name) or ""
    return get_language_name(value) if name == "language" else str(value)


def list_merge_effects(survivor: Person, duplicate: Person, *, actor: Person) -> list[str]:
    """Return sentences on what the merge would do, most important first."""
    return [
        _(
            "The record to remove is deleted. Its jobs, seats, roles, registrations and applications pass to "
            "the record that you keep."
        ),
        *_list_joined_rows(survivor, duplicate),
        *_list_note_effects(survivor, duplicate),
        *_list_address_effects(survivor, duplicate, actor),
        *_list_account_effects(survivor, duplicate),
        _(
            "If both are registered for the same event, both registrations stay: the event’s organizers can "
            "merge them."
        ),
        _("Invoices, badges that were printed and lists that were sent do not change."),
        _("This cannot be undone."),
    ]


def _list_joined_rows(survivor: Person, duplicate: Person) -> Iterator[str]:
    employers = {
        row.company
        for row in duplicate.employments.select_related("company")
        for own in survivor.employments.filter(company=row.company_id)
        if spans_overlap(get_span(row), get_span(own))
    }
    for company in sorted(employers, key=str):
        yield _("Both have a job at %(company)s: they become one job.") % {"company": company}
    seat_companies = {
        row.membership.company
        for row in duplicate.seats.select_related("membership__company")
        for own in survivor.seats.filter(membership__company=row.membership.company_id)
        if spans_overlap(get_span(row), get_span(own))
    }
    for company in sorted(seat_companies, key=str):
        yield (
            _("Both have a seat of %(company)s: one seat stays, and the other is free again.")
            % {"company": company}
        )


def _list_note_effects(survivor: Person, duplicate: Person) -> Iterator[str]:
    if join_notes(survivor.note, duplicate.note) == survivor.note:
        return
    if survivor.note:
        yield _("Both internal notes stay, one below the other.")
    else:
        yield _("The internal note of the record to remove passes to the record that you keep.")


def _list_address_effects(survivor: Person, duplicate: Person, actor: Person) -> Iterator[str]:
    if not (survivor.email and duplicate.email) or is_same_email(survivor.email, duplicate.email):
        return
    values = {"first": survivor.email, "second": duplicate.email}
    if is_club_administrator(actor):
        sentence = _(
            "Both addresses stay, and both can be used to sign in: %(first)s and %(second)s. We write to the "
            "main one; e-mails about existing orders and registrations still go to the address given there."
        )
    else:
        sentence = _(
            "Both addresses stay: %(first)s and %(second)s. Only the main one can be used to sign in. We "
            "write to it; e-mails about existing orders and registrations still go to the address given "
            "there."
        )
    yield sentence % values
    if survivor.last_login or duplicate.last_login:
        yield _("We e-mail both addresses that the records have been merged.")


def _list_account_effects(survivor: Person, duplicate: Person) -> Iterator[str]:
    if duplicate.last_login or duplicate.has_usable_password():
        yield _(
            "Sessions, API tokens, password and second factors of the record to remove end. The person signs "
            "in with a code sent by e-mail, or as before with the record that you keep."
        )
    if False in (survivor.photo_consent, duplicate.photo_consent):
        yield _("One record refuses photographs: that applies to both from now on.")
