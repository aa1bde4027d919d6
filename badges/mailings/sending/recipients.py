"""Freeze the recipients of a mailing when it begins; only ids are stored."""

from collections.abc import Iterable
from itertools import batched
from typing import Final

from django.db import transaction
from django.utils import timezone

from badges.mailings.composing.audience import MailGroup, build_audience
from badges.mailings.composing.invitations import (
    find_registered_people,
    select_people,
    select_recipient_registrations,
)
from badges.mailings.composing.mailing_writer import Addressee, MailPerson, find_address
from badges.mailings.composing.segments import Segment
from badges.mailings.composing.waiting_list import select_waiting_entries
from badges.mailings.models import Mailing, Recipient
from convention.club.models import Person
from convention.text.email_addresses import normalize_email
from registrations.models import Registration, WaitingEntry

RECIPIENT_CHUNK_SIZE: Final = 2000


@transaction.atomic
def freeze_recipients(*, mailing: Mailing) -> None:
    """Create the recipients, unless they exist already."""
    # A lease can end while its holder still runs: `started_at` under the lock prevents a second set.
    locked = Mailing.objects.active().select_for_update().filter(pk=mailing.pk, started_at__isnull=True)
    if not locked:
        return
    now = timezone.now()
    for groups in batched(build_audience(mailing).groups, RECIPIENT_CHUNK_SIZE, strict=False):
        create_recipients(mailing, groups)
    Mailing.objects.filter(pk=mailing.pk).update(started_at=now)
    mailing.started_at = now


def create_recipients(mailing: Mailing, groups: tuple[MailGroup, ...]) -> list[Recipient]:
    """Create a recipient with its people for each mail group."""
    now = timezone.now()
    created = Recipient.objects.bulk_create(
        # Recipients who are left out get a row, too, so that the log says why they got nothing.
        Recipient(
            mailing=mailing,
            language=group.language,
            left_out=group.left_out,
            person_id=group.person_id,
            due_at=now,
        )
        for group in groups
    )
    through = Recipient.registrations.through
    through.objects.bulk_create(
        through(recipient_id=recipient.pk, registration_id=registration)
        for recipient, group in zip(created, groups, strict=True)
        for registration in group.registration_ids
    )
    waiting_through = Recipient.waiting_entries.through
    waiting_through.objects.bulk_create(
        waiting_through(recipient_id=recipient.pk, waitingentry_id=entry)
        for recipient, group in zip(created, groups, strict=True)
        for entry in group.waiting_entry_ids
    )
    return created


def list_current_addressees(mailing: Mailing, recipients: list[Recipient]) -> list[Addressee]:
    """Return the current addressee of each recipient, with only the people still in the segment.

    If some of the people of one mail have another address by now, they get a separate mail.
    """
    selected = _filter_still_selected(
        mailing, [person for recipient in recipients for person in list_people(recipient)]
    )
    addressees = []
    for recipient in recipients:
        people = [person for person in list_people(recipient) if person in selected]
        same_address = [person for person in people if _mail_address(person) == _mail_address(people[0])]
        if others := [person for person in people if person not in same_address]:
            _split_recipient(mailing, recipient, others)
        addressees.append(Addressee.from_recipient(recipient, same_address))
    return addressees


def list_people(recipient: Recipient) -> list[MailPerson]:
    """Return the people of one mail, whether or not they still match the segment."""
    person = [recipient.person] if recipient.person else []
    return [*recipient.registrations.all(), *recipient.waiting_entries.all(), *person]


def _filter_still_selected(mailing: Mailing, people: list[MailPerson]) -> set[MailPerson]:
    """Return those of the people who still match the segment."""
    segment, event = Segment.from_json(mailing.segment), mailing.event
    registrations, entries = _sort_by_kind(people)
    found: set[MailPerson] = set()
    if registrations:
        rows = select_recipient_registrations(segment, event).filter(pk__in=_list_ids(registrations))
        found |= {*rows.only("pk")}
    if entries:
        found |= {*select_waiting_entries(segment, event).filter(pk__in=_list_ids(entries))}
    if not segment.audience:
        return found
    person_ids = [person.pk for person in people if isinstance(person, Person)]
    found |= {*select_people(segment, event).filter(pk__in=person_ids)}
    registered = find_registered_people(segment, event)
    # The rows of `people` are complete, unlike those found.
    return {
        person
        for person in people
        if person in found
        and not registered.includes(address=_mail_address(person), person_id=_find_person_id(person))
    }


def _find_person_id(person: MailPerson) -> int | None:
    if isinstance(person, Person):
        return person.pk
    return person.person_id if isinstance(person, Registration) else None


def _list_ids(people: Iterable[MailPerson]) -> list[int]:
    return [person.pk for person in people]


def _sort_by_kind(people: Iterable[MailPerson]) -> tuple[list[Registration], list[WaitingEntry]]:
    """Return the registrations and the waiting list entries among them."""
    registrations: list[Registration] = []
    entries: list[WaitingEntry] = []
    for person in people:
        if isinstance(person, Registration):
            registrations.append(person)
        elif isinstance(person, WaitingEntry):
            entries.append(person)
    return registrations, entries


def _mail_address(person: MailPerson) -> str:
    return normalize_email(find_address(person))


@transaction.atomic
def _split_recipient(mailing: Mailing, recipient: Recipient, others: list[MailPerson]) -> None:
    """Move people with another address to new recipients, due at once."""
    people_by_address: dict[str, list[MailPerson]] = {}
    for person in others:
        people_by_address.setdefault(_mail_address(person), []).append(person)
    groups = []
    for address, people in people_by_address.items():
        registrations, entries = _sort_by_kind(people)
        groups.append(MailGroup(address, recipient.language, _list_ids(registrations), _list_ids(entries)))
    registrations, entries = _sort_by_kind(others)
    recipient.registrations.remove(*registrations)
    recipient.waiting_entries.remove(*entries)
    create_recipients(mailing, tuple(groups))
