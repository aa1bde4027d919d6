"""Freeze the recipients of a mailing when it begins; only ids are stored."""

from collections.abc import Iterable
from itertools import batched
from typing import Final

from django.db import transaction
from django.utils import timezone

from badges.mailings.composing.audience import MailGroup, build_audience
from badges.mailings.composing.mailing_writer import Addressee
from badges.mailings.composing.segments import Segment, select_registrations
from badges.mailings.models import Mailing, Recipient
from convention.text.email_addresses import normalize_email
from registrations.models import Registration

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
    """Create a recipient with its registrations for each mail group."""
    now = timezone.now()
    created = Recipient.objects.bulk_create(
        # Recipients who are left out get a row, too, so that the log says why they got nothing.
        Recipient(mailing=mailing, language=group.language, left_out=group.left_out, due_at=now)
        for group in groups
    )
    through = Recipient.registrations.through
    through.objects.bulk_create(
        through(recipient_id=recipient.pk, registration_id=registration)
        for recipient, group in zip(created, groups, strict=True)
        for registration in group.registration_ids
    )
    return created


def list_current_addressees(mailing: Mailing, recipients: list[Recipient]) -> list[Addressee]:
    """Return the current addressee of each recipient, with only the registrations still in the segment.

    If some of the registrations of one mail have another address by now, they get a separate mail.
    """
    registration_ids = [
        registration.pk for recipient in recipients for registration in recipient.registrations.all()
    ]
    selected_ids = _filter_still_selected(mailing, registration_ids)
    addressees = []
    for recipient in recipients:
        people = [
            registration for registration in recipient.registrations.all() if registration.pk in selected_ids
        ]
        same_address = [
            registration for registration in people if _mail_address(registration) == _mail_address(people[0])
        ]
        if others := [registration for registration in people if registration not in same_address]:
            _split_recipient(mailing, recipient, others)
        addressees.append(Addressee.from_recipient(recipient, same_address))
    return addressees


def _filter_still_selected(mailing: Mailing, registration_ids: list[int]) -> set[int]:
    rows = select_registrations(Segment.from_json(mailing.segment), mailing.event).filter(
        pk__in=registration_ids
    )
    return set(rows.values_list("pk", flat=True))


def _mail_address(registration: Registration) -> str:
    return normalize_email(registration.email or registration.order.email)


@transaction.atomic
def _split_recipient(mailing: Mailing, recipient: Recipient, others: Iterable[Registration]) -> None:
    """Move registrations with another address to new recipients, due at once."""
    groups: dict[str, MailGroup] = {}
    for registration in others:
        group = groups.setdefault(
            _mail_address(registration), MailGroup(_mail_address(registration), recipient.language)
        )
        group.registration_ids.append(registration.pk)
    recipient.registrations.remove(*others)
    create_recipients(mailing, tuple(groups.values()))
