"""Correct an attendee's data. Another person's name turns the correction into a transfer.

A correction of the same person keeps the badge valid; with another address, the link that the former address
has is voided, and the new one gets another. A transfer (`booking/transfer.py`), at once or in
several steps, raises `badge_version`, which revokes the current badge and the former attendee's own link.

A company's contact cannot read what colleagues answer behind their own links. Where the contact enters
another address for a colleague, that link is voided and the answers are cleared; the new address gets a link
to answer again.
"""

import datetime
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.addresses.own_addresses import has_address
from convention.club.permissions import find_member_by_email
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.text.dates import format_deadline
from convention.text.email_addresses import filter_by_email, is_same_email
from convention.text.normalize import casefold_text
from registrations.application_rules import check_applications, get_application_path
from registrations.attendee_identity import AttendeeIdentity
from registrations.billing.receivables import sync_attendee_names
from registrations.booking.change_answers import check_active, check_correctable, clear_answers
from registrations.booking.membership_places import check_member_transfer, check_pass_transfer
from registrations.booking.transfer import (
    has_other_unnamed_address,
    is_transfer,
    remember_issued_identity,
    save_transfer_notice,
    transfer_registration,
    void_former_link,
    would_transfer,
)
from registrations.booking.validation import check_person_texts
from registrations.booking.verification import awaits_attendee
from registrations.invoices.ledger.charges import update_buyer
from registrations.invoices.models.documents import Receivable
from registrations.models import GivenBy, Order, Registration
from registrations.order_request import RequestedPlace
from registrations.permissions import is_answered_by_own_link
from registrations.sessions.booking import release_members_session_places

from .links import mail_link_after_correction
from .notifications import notify_former_contact

NAME_FIELDS = ("first_name", "last_name")
CORRECTABLE_FIELDS = (*NAME_FIELDS, "email", "company", "no_photo")
# After the event a correction serves certificates and lists, which show no more than these.
LATE_CORRECTABLE_FIELDS = (*NAME_FIELDS, "company")

# Returns why a registration must keep its address, given the new one; "" if it need not.
type FindAddressObjection = Callable[[Registration, str], str]


class MemberAddress(enum.Enum):
    """Whether a confirmed place with a members' ticket may get an address that is not its member's."""

    AS_IN_DIRECTORY = "directory"
    # The organizer has chosen it, for this registration only.
    ANY = "any"


class AttendeeChanged(NotOpenNow):
    """The place was given to somebody else while its details were being corrected."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """The corrected values of a registration.

    `holder_count` is the registration's when its values were shown; None compares none. None as `language`
    leaves it.
    """

    first_name: str
    last_name: str
    email: str
    company: str
    no_photo: bool
    language: str | None = None
    holder_count: int | None = None


@transaction.atomic
def correct_registration(
    *, registration: Registration, correction: Correction, reason: str = ""
) -> Registration:
    """Save a correction by the holder of the order's link.

    Queues a mail with the new badge. The order's mails follow the new address of an attendee who is its
    contact, but not a transfer.
    Raise InvalidFields, also for another name where places are given on application. Raise NotOpenNow for a
    cancelled or expired registration, once the event is over, and for a transfer after the deadline.
    """
    registration, old_values = _lock_and_correct(registration, correction)
    _check_transfer(registration, old_values)
    # Before saving, because it adds two columns to `old_values`.
    _void_colleague_link(registration, old_values)
    return _apply_correction(registration, old_values, reason, given_by=GivenBy.BUYER)


@transaction.atomic
def correct_as_organizer(
    *,
    registration: Registration,
    correction: Correction,
    reason: str = "",
    at: datetime.datetime | None = None,
    member_address: MemberAddress = MemberAddress.AS_IN_DIRECTORY,
) -> Registration:
    """Save a correction by an organizer, who may transfer the place until the event ends.

    After that only the spelling of the name and the company can be corrected, and nobody is mailed. `at` is
    when a desk did it, if that was earlier and without network. Raise InvalidFields, or NotOpenNow for a
    cancelled or expired registration.
    """
    takes_any = member_address == MemberAddress.ANY and can_take_any_address(registration)
    registration, old_values = _lock_and_correct(
        registration,
        correction,
        find_address_objection=_find_no_objection if takes_any else _find_members_objection,
        check_open=check_active,
    )
    # A place that counts for one member must not go to another person unseen.
    if takes_any and is_transfer(registration, old_values):
        sentence = _("With another address, a member’s place must stay with the same person. Check the name.")
        raise InvalidFields(_("Some fields need to be corrected."), {"email": [sentence]})
    if registration.event.is_over():
        _check_late_correction(registration, old_values)
    return _apply_correction(registration, old_values, reason, given_by=GivenBy.ORGANIZER, at=at)


def _check_late_correction(registration: Registration, old_values: dict[str, Any]) -> None:
    """Raise NotOpenNow or InvalidFields for a change that is not possible after the event."""
    if old_values.keys() - set(LATE_CORRECTABLE_FIELDS):
        raise NotOpenNow(_("The event is over: only the name and the company can still be corrected."))
    if is_transfer(registration, old_values):
        sentence = _(
            "The event is over, so the place can no longer go to another person. Correct the spelling only."
        )
        raise InvalidFields(
            _("Some fields need to be corrected."), {_changed_name_field(old_values): [sentence]}
        )


def _apply_correction(
    registration: Registration,
    old_values: dict[str, Any],
    reason: str,
    *,
    given_by: GivenBy,
    at: datetime.datetime | None = None,
) -> Registration:
    # The order's mails follow the same person, never a transfer.
    if "email" in old_values and not is_transfer(registration, old_values):
        _update_order_email(registration, old_values["email"])
    _save_correction(registration, old_values, reason, given_by=given_by, at=at)
    return registration


def _void_colleague_link(registration: Registration, old_values: dict[str, Any]) -> None:
    """Void a colleague's link and clear the answers if a contact changed their address."""
    old_email = old_values.get("email", "")
    if not is_answered_by_own_link(registration.order, old_email) or is_same_email(
        old_email, registration.email
    ):
        return
    if is_transfer(registration, old_values):
        return  # a transfer voids the link and clears the answers anyway
    # Part of `old_values`, so that both columns are saved and recorded with the correction.
    old_values |= {"link_version": registration.link_version, "answers": registration.answers}
    registration.link_version += 1
    clear_answers(registration)


@transaction.atomic
def correct_own_registration(
    *, registration: Registration, correction: Correction, given_by: GivenBy = GivenBy.ATTENDEE
) -> Registration:
    """Save a correction by the holder of this registration's own link, or of its address by an organizer.

    The order's mails, which contain the link of the whole order, still go to the buyer. Raise what
    `correct_registration` raises.
    """
    registration, old_values = _lock_and_correct(registration, correction)
    _check_transfer(registration, old_values)
    _save_correction(registration, old_values, "", given_by=given_by)
    return registration


def _find_ticket_objection(registration: Registration, _email: str) -> str:
    """Return why the address of a place with a member's ticket cannot be changed.

    Before its member has opened the link, the buyer can correct the address to which it was mailed.
    """
    if not registration.ticket.needs_member_verification or _awaits_other_member(registration):
        return ""
    return _(
        "A member’s address cannot be changed. Cancel this registration, then register again "
        "with the other address."
    )


def _awaits_other_member(registration: Registration) -> bool:
    """Return whether a member who is not the buyer still has to open the link of a held place."""
    return awaits_attendee(registration.order, registration) and not get_application_path(registration.event)


def _find_members_objection(registration: Registration, email: str) -> str:
    """Return what an organizer has to do first; "" unless the place is a member's.

    The place of a known member can have any address of the same person.
    """
    if not _is_place_of_member(registration, email):
        return ""
    person = registration.person
    if person is None:
        return _find_ticket_objection(registration, email)
    if has_address(person, email):
        return ""
    return _(
        "This place belongs to a member. Change the address in the club’s directory first, or ask the club’s "
        "secretary to do so, then enter it here."
    )


def _find_no_objection(_registration: Registration, _email: str) -> str:
    return ""


def can_take_any_address(registration: Registration) -> bool:
    """Return whether an organizer can choose an address that `_find_members_objection` refuses.

    Before the confirmation, the address decides by which link the member confirms.
    """
    return registration.ticket.needs_member_verification and registration.confirmed_at is not None


def _is_place_of_member(registration: Registration, email: str) -> bool:
    """Return whether the place is a member's, or would be with the new address.

    A ticket for members that somebody else has by way of exception is not. The place of a member counts
    towards the company's share, so that a member's address needs a new registration.
    """
    if not registration.ticket.needs_member_verification:
        return False
    is_exception = registration.confirmed_at is not None and registration.member_of_id is None
    return not is_exception or find_member_by_email(email) is not None


def _lock_and_correct(
    registration: Registration,
    correction: Correction,
    *,
    find_address_objection: FindAddressObjection = _find_ticket_objection,
    check_open: Callable[[Registration], None] = check_correctable,
) -> tuple[Registration, dict[str, Any]]:
    """Return the locked registration with the corrected, unsaved fields, and their old values."""
    Order.objects.locked_for_update().get(pk=registration.order_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    check_open(registration)
    corrected = _normalize_correction(registration, correction)
    _check_correction(registration, corrected, find_address_objection)
    current_values = {name: getattr(registration, name) for name in CORRECTABLE_FIELDS}
    old_values = {name: value for name, value in current_values.items() if value != getattr(corrected, name)}
    if correction.language not in (None, registration.language):
        old_values["language"] = registration.language
    # A page from before a transfer would give the place back to the former attendee.
    if old_values and correction.holder_count not in (None, registration.holder_count):
        sentence = _(
            "The place has had another attendee since this page was opened. Open it again to correct the "
            "details."
        )
        raise AttendeeChanged(sentence)
    for name in old_values:
        setattr(registration, name, getattr(corrected, name))
    return registration, old_values


def _save_correction(
    registration: Registration,
    old_values: dict[str, Any],
    reason: str,
    *,
    given_by: GivenBy,
    at: datetime.datetime | None = None,
) -> None:
    if not old_values:
        return
    verb, changed, saved_fields = "registration.correct", list(old_values), []
    former_version = old_values.get("link_version", registration.link_version)
    _check_pass(registration, old_values)
    if is_transfer(registration, old_values):
        verb = "registration.transfer"
        save_transfer_notice(registration, old_values, given_by=given_by)
        saved_fields = transfer_registration(registration, before=old_values, given_by=given_by, at=at)
        # Recorded in the audit trail, although they were not typed.
        changed += ["badge_version", "person", "answers"]
        if "language" not in old_values:
            # The former attendee's; the new one reads the order's unless another was chosen for them.
            registration.language = ""
            changed += ["language"]
        # The place of an application stays the applicant's; an error rolls everything back.
        check_applications([registration])
        release_members_session_places(registration)
    else:
        saved_fields = [
            *remember_issued_identity(registration, old_values),
            *void_former_link(registration, old_values, given_by=given_by),
        ]
    sends_mail = _clear_sent_mail(registration, old_values)
    record_action(verb, registration, event=registration.event, fields=changed, reason=reason)
    registration.sequence = advance_sequence(registration.event_id)
    sent_fields = ("confirmation_sent_at", "member_verification_sent_at")
    registration.save(update_fields=[*{*changed, *saved_fields}, *sent_fields, "sequence"])
    if {"first_name", "last_name"} & old_values.keys():
        sync_attendee_names([registration])
    if verb == "registration.correct":
        # Only after saving: some deployments run tasks within the request.
        registration.is_link_mailed = mail_link_after_correction(
            registration, old_values, former_link_version=former_version, given_by=given_by
        )
    if sends_mail:
        hooks.send_order_mails.enqueue(registration.order_id)


def _clear_sent_mail(registration: Registration, old_values: dict[str, Any]) -> bool:
    """Let the order's mails include the corrected badge, or the link to a corrected address of a member.

    Return whether one is due. The caller saves the registration.
    """
    if registration.event.is_over() or old_values.keys() == {"language"}:
        return False
    if registration.confirmed_at is not None:
        registration.confirmation_sent_at = None
        return True
    if "email" in old_values and registration.awaits_member_verification:
        registration.member_verification_sent_at = None
        return True
    return False


def _check_transfer(registration: Registration, old_values: dict[str, Any]) -> None:
    _check_applicant_name(registration, old_values)
    if is_transfer(registration, old_values):
        check_member_transfer(registration, field=_changed_name_field(old_values))
        check_transfer_deadline(registration.event)


def _check_pass(registration: Registration, old_values: dict[str, Any]) -> None:
    """Raise InvalidFields if the place gets an attendee for whom its membership pass cannot pay."""
    if is_transfer(registration, old_values) or has_other_unnamed_address(registration, old_values):
        field = "email" if "email" in old_values else _changed_name_field(old_values)
        check_pass_transfer(registration, field=field)


def check_transfer_deadline(event: Event) -> None:
    """Raise NotOpenNow after the event's deadline for transfers."""
    if timezone.now() <= event.substitution_deadline:
        return
    day = format_deadline(event.substitution_deadline, event.zone)
    raise NotOpenNow(
        _("The deadline for transfers was %(day)s. Please contact the organizers.") % {"day": day}
    )


def _check_applicant_name(registration: Registration, old_values: dict[str, Any]) -> None:
    """Raise InvalidFields for another name where places are given on application.

    Changes of accents and capitals are allowed.
    """
    if not has_changed_name(registration, old_values) or not registration.ticket.needs_member_verification:
        return
    # Applicants were chosen by priority: a correction must not give the place to another person.
    if get_application_path(registration.event):
        sentence = _(
            "This place cannot be transferred. Write to the organizers if the name is misspelt, or cancel "
            "if you cannot come."
        )
        raise InvalidFields(
            _("Some fields need to be corrected."), {_changed_name_field(old_values): [sentence]}
        )


def _changed_name_field(old_values: dict[str, Any]) -> str:
    # The error belongs to a field that the person changed.
    return "last_name" if "last_name" in old_values else "first_name"


def has_changed_name(registration: Registration, old_values: dict[str, Any]) -> bool:
    """Return whether the name differs from before in more than accents and capitals."""
    # `old_values` has changed fields only.
    first, last = (old_values.get(part, getattr(registration, part)) for part in ("first_name", "last_name"))
    return casefold_text(f"{first} {last}") != casefold_text(registration.name)


def find_new_attendee(registration: Registration, correction: Correction) -> RequestedPlace | None:
    """Return the attendee whom the correction would give the place to; None if it stays with the same."""
    new_attendee = _normalize_correction(registration, correction)
    is_same = registration.has_name and not would_transfer(
        registration, AttendeeIdentity.from_row(new_attendee)
    )
    return None if is_same else new_attendee


def is_order_contact(registration: Registration, *, email: str) -> bool:
    """Return whether this attendee, whose present or former address is `email`, is the order's contact.

    Where another attendee has the address too, a buyer entered it for several people, and it is unknown
    whether this attendee is the buyer.
    """
    order = registration.order
    is_contact = bool(email) and is_same_email(order.email, email) and registration.transferred_at is None
    others = order.registrations.exclude(pk=registration.pk)
    return is_contact and not filter_by_email(others.only("email"), email)


def _update_order_email(registration: Registration, old_email: str) -> None:
    """Move the order's mails to the new address of an attendee who is its contact.

    Nothing changes where a colleague has the new address: the buyer would be taken for that colleague.
    """
    order = registration.order
    others = order.registrations.exclude(pk=registration.pk)
    # A colleague's address on the order would show that colleague the answers of everybody in it.
    if order.source == Order.Source.COMPANY_CONTACT and filter_by_email(
        others.only("email"), registration.email
    ):
        return
    if registration.email and is_order_contact(registration, email=old_email):
        change_order_contact(order, email=registration.email)
        if order.awaits_verification:
            hooks.send_order_mails.enqueue(order.pk)


def change_order_contact(order: Order, *, email: str) -> None:
    """Send the order's mails to another address, with a new link, and notify the former address.

    The old link is voided, because it was mailed to an address that may be a stranger's.
    """
    former_email, order.email = order.email, email
    order.verification_sent_at = None
    fields = ["email", "verification_sent_at"]
    if not is_same_email(former_email, email):
        fields += order.raise_link_version()
        notify_former_contact(order, former_email)
    order.save(update_fields=fields)
    # The receivable has a copy of the buyer's address.
    for receivable in Receivable.objects.filter(reference=order.reference, email__iexact=former_email):
        update_buyer(receivable, {"email": order.email})


def _normalize_correction(registration: Registration, correction: Correction) -> RequestedPlace:
    return RequestedPlace(
        ticket=registration.ticket.slug,
        first_name=correction.first_name,
        last_name=correction.last_name,
        email=correction.email,
        company=correction.company,
        no_photo=correction.no_photo,
        language=registration.language if correction.language is None else correction.language,
    ).normalize()


def _check_correction(
    registration: Registration, correction: RequestedPlace, find_address_objection: FindAddressObjection
) -> None:
    errors: dict[str, list[str]] = {}
    for field, sentence in check_person_texts(correction):
        errors.setdefault(field, []).append(sentence)
    is_other_address = correction.email != registration.email
    if is_other_address and (objection := find_address_objection(registration, correction.email)):
        errors.setdefault("email", []).append(objection)
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
