"""Distinguish the correction of a registration from its transfer to another person.

The new data are compared with the person to whom the badge version was issued (`Registration.issued_to`), not
with the previous values: several corrections that together name another person are a transfer, too. A place
bought without a name has no badge: entering its first name is no transfer.
"""

import datetime
from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, replace
from typing import Any

from django.utils import timezone

from convention import hooks
from convention.text.email_addresses import is_same_email
from registrations.attendee_identity import AttendeeIdentity, has_name_in_common, is_other_person
from registrations.models import GivenBy, Registration, TransferNotice

from .change_answers import clear_answers

MAX_NOTICE_NAME_LENGTH = 150
IDENTITY_FIELDS = ("first_name", "last_name", "email")
# Fields of the former attendee that the notice to them needs.
NOTICE_FIELDS = (*IDENTITY_FIELDS, "language")
# Fields that a transfer changes, apart from name, address and answers.
TRANSFERRED_FIELDS = ["badge_version", "person", "issued_to", "transferred_at", "is_transferred_by_buyer"]


def get_issued_identity(registration: Registration, before: Mapping[str, Any]) -> AttendeeIdentity:
    """Return the identity on this badge version; `before` has the former values of changed fields."""
    issued = AttendeeIdentity(**registration.issued_to)
    if issued.has_name:
        if issued.email or registration.holder_count == 1:
            return issued
        # The address was the former attendee's (`transfer_registration`).
        return replace(issued, email=before.get("email", registration.email))
    former = {name: before[name] for name in IDENTITY_FIELDS if name in before}
    return replace(AttendeeIdentity.from_row(registration), **former)


def is_transfer(registration: Registration, before: Mapping[str, Any]) -> bool:
    """Return whether a changed, unsaved registration names another person than its badge.

    A member's place may always be given the member's own name as the club writes it.
    """
    if not any(name in before for name in IDENTITY_FIELDS):
        return False
    if replaces_former_address(registration, before):
        return True
    issued, current = get_issued_identity(registration, before), AttendeeIdentity.from_row(registration)
    # The club's own spelling of a member's name is never another person.
    if registration.person and registration.ticket.needs_member_verification:
        member = replace(AttendeeIdentity.from_row(registration.person), email=current.email)
        if has_name_in_common(member, current):
            return False
        issued = issued if issued.has_name else member
    return issued.has_name and is_other_person(issued, current)


def would_transfer(registration: Registration, attendee: AttendeeIdentity) -> bool:
    """Return whether the registration would go to another person with this name and address."""
    changed = copy(registration)
    before = {name: getattr(registration, name) for name in IDENTITY_FIELDS}
    for name in IDENTITY_FIELDS:
        setattr(changed, name, getattr(attendee, name))
    return is_transfer(
        changed, {name: value for name, value in before.items() if value != getattr(attendee, name)}
    )


def replaces_former_address(registration: Registration, before: Mapping[str, Any]) -> bool:
    """Return whether unsaved changes replace the former attendee's address after a transfer of the name.

    That address got the new attendee's link, so it has to be voided as in a transfer.
    """
    issued, former_email = AttendeeIdentity(**registration.issued_to), before.get("email", "")
    has_former_address = issued.has_name and not issued.email and registration.holder_count > 1
    return has_former_address and bool(former_email) and not is_same_email(former_email, registration.email)


def remember_issued_identity(registration: Registration, before: Mapping[str, Any]) -> list[str]:
    """Store the identity on the current badge before it is corrected; return the fields to save."""
    issued = get_issued_identity(registration, before)
    is_remembered = AttendeeIdentity(**registration.issued_to).has_name
    if is_remembered or not issued.has_name or not any(name in before for name in IDENTITY_FIELDS):
        return []
    registration.issued_to = asdict(issued)
    return ["issued_to"]


def gives_first_name(registration: Registration, before: Mapping[str, Any]) -> bool:
    """Return whether changes name a place that had no name."""
    return registration.has_name and not get_issued_identity(registration, before).has_name


def has_other_unnamed_address(registration: Registration, before: Mapping[str, Any]) -> bool:
    """Return whether unsaved changes give a place without a name to another address."""
    former_email = before.get("email", "")
    return (
        bool(former_email)
        and not get_issued_identity(registration, before).has_name
        and not is_same_email(former_email, registration.email)
    )


def void_unnamed_link(registration: Registration, before: Mapping[str, Any]) -> list[str]:
    """Void the link of a place without a name whose address changes, and remove the answers.

    Return the fields to store: none if the place had a name, or no other address.
    """
    if not has_other_unnamed_address(registration, before):
        return []
    registration.link_version += 1
    registration.person = None
    clear_answers(registration)
    return ["link_version", "person", "answers"]


def void_former_link(
    registration: Registration, before: Mapping[str, Any], *, given_by: GivenBy
) -> list[str]:
    """Void the link of an address that is replaced by another one of the same attendee.

    The former address may be a stranger's, by a typing error. Attendees who enter another address behind
    their own link keep it. Return the fields to store.
    """
    if has_other_unnamed_address(registration, before):
        return void_unnamed_link(registration, before)
    former_email = before.get("email", "")
    # The buyer has the link of the order; a contact's correction has voided the colleague's link already.
    had_own_link = bool(former_email) and not is_same_email(former_email, registration.order.email)
    is_other = not is_same_email(former_email, registration.email)
    if not had_own_link or not is_other or given_by is GivenBy.ATTENDEE or "link_version" in before:
        return []
    registration.link_version += 1
    return ["link_version"]


def start_badge_version(registration: Registration, *, at: datetime.datetime | None = None) -> None:
    """Start a new badge version: the badge and the attendee's link are revoked, the person is unknown.

    `at` is when the place was given away, if a desk did so earlier without network.
    """
    registration.badge_version += 1
    registration.person = None
    registration.issued_to = {}
    registration.transferred_at, registration.is_transferred_by_buyer = at or timezone.now(), False
    # The personal agenda stays the former attendee's, and must not show the next one's seats.
    registration.agenda_links.all().delete()
    for forget_attendee in hooks.transfer_listeners.providers():
        forget_attendee(registration)


def save_transfer_notice(
    registration: Registration, before: Mapping[str, Any], *, given_by: GivenBy
) -> TransferNotice | None:
    """Store the former attendee's address before `transfer_registration`, to notify them of the transfer.

    `before` has the former values of changed, unsaved fields. Return None if nobody is to be notified: the
    attendee gave the place away, or has no mailbox other than the buyer's. The notice is not due while the
    address is the new attendee's as well.
    """
    if given_by is GivenBy.ATTENDEE or registration.confirmed_at is None:
        return None
    issued = get_issued_identity(registration, before)
    # The present address first; that of the badge where the new attendee's was entered as a correction.
    addresses = [
        email
        for email in (before.get("email", registration.email), issued.email)
        if email and not is_same_email(email, registration.order.email)
    ]
    if not addresses:
        return None
    # An address that stays is notified only if another one is entered before the mails are sent.
    replaced = [email for email in addresses if not is_same_email(email, registration.email)]
    # After a transfer of the name alone, the address is not that of the name.
    is_named = not replaces_former_address(registration, before)
    return TransferNotice.objects.create(
        registration=registration,
        holder_count=registration.holder_count,
        first_name=issued.first_name[:MAX_NOTICE_NAME_LENGTH] if is_named else "",
        email=[*replaced, *addresses][0],
        language=before.get("language", registration.language),
        given_by=given_by,
    )


def transfer_registration(
    registration: Registration,
    *,
    before: Mapping[str, Any] | None = None,
    given_by: GivenBy = GivenBy.ATTENDEE,
    at: datetime.datetime | None = None,
) -> list[str]:
    """Void the former holder's badge and link, remove their answers, and return the fields to save.

    `before` has the former values of a correction's changed, unsaved fields; `at` is as in
    `start_badge_version`.
    """
    has_former_address = (
        before is not None
        and bool(registration.email)
        and is_same_email(get_issued_identity(registration, before).email, registration.email)
    )
    start_badge_version(registration, at=at)
    if has_former_address:
        # Without an address: the next one that is entered is the new attendee's first.
        registration.issued_to = asdict(replace(AttendeeIdentity.from_row(registration), email=""))
    registration.is_transferred_by_buyer = given_by is GivenBy.BUYER
    clear_answers(registration)
    return [*TRANSFERRED_FIELDS, "answers"]
