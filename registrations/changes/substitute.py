"""Give a place to a colleague without a new payment; the current badge becomes void.

Possible until the event's `substitution_deadline`. A member's place, and one that a membership pass pays for,
goes to the holder of a seat of the same company, any other place to anybody. The former attendee's answers
are cleared. Session bookings stay with the place, except those of members-only sessions if the new attendee
is not a member. A place bought without a name had no attendee: the first name voids no badge.
"""

import datetime
from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.audit.record import record_action
from convention.errors import InvalidFields, NotOpenNow
from convention.events.sequence import advance_sequence
from convention.text.email_addresses import is_same_email
from registrations.application_rules import check_applications
from registrations.attendee_identity import AttendeeIdentity, choose_member_name
from registrations.billing.receivables import sync_attendee_names
from registrations.booking.change_answers import check_correctable
from registrations.booking.membership_places import find_new_member
from registrations.booking.order_limits import refuse_second_registration
from registrations.booking.transfer import (
    NOTICE_FIELDS,
    save_transfer_notice,
    transfer_registration,
    void_unnamed_link,
)
from registrations.booking.validation import check_person_texts
from registrations.models import GivenBy, Order, Registration
from registrations.order_request import RequestedPlace
from registrations.sessions.booking import release_members_session_places

from .correct import check_transfer_deadline
from .handover_text import has_own_mailbox, is_announced_with_badge
from .links import send_own_link

# For the audit trail, and to be saved whether they changed or not.
NAMED_FIELDS = ["first_name", "last_name", "email", "language", "no_photo", "person"]
# Recorded when the attendee of a place bought without a name is entered.
NAMING_VERB = "registration.name"
SUBSTITUTED_FIELDS = [*NAMED_FIELDS, "badge_version", "answers"]
# A desk without network applies the same rules before it prints the badge.
MEMBER_ADDRESS_SENTENCE = gettext_lazy(
    "Enter the colleague’s own e-mail address: we use it to find their seat and to send them their link."
)
MEMBER_ADDRESS_HINT = gettext_lazy("Needed to find the new attendee’s seat at the company.")
SAME_ADDRESS_SENTENCE = gettext_lazy(
    "This is the current attendee’s address. If you only want to change the name, correct the registration."
)


class AlreadyNamed(NotOpenNow):
    """The place was named, or given to somebody else, after the page was opened."""


def needs_member_address(registration: Registration) -> bool:
    """Return whether the place goes to the holder of a seat, whom only the address identifies."""
    return registration.ticket.needs_member_verification or registration.membership_pass_id is not None


def select_unnamed_places(order: Order, registrations: Iterable[Registration]) -> list[Registration]:
    """Return the active ones of the order's registrations that have no name, while one can be given."""
    if timezone.now() > order.event.substitution_deadline or order.event.cancelled_at:
        return []
    return [row for row in registrations if not row.has_name and row.is_active]


@transaction.atomic
def substitute_attendee(
    *,
    registration: Registration,
    new_attendee: RequestedPlace,
    given_by: GivenBy = GivenBy.ORGANIZER,
    expected_holder: int | None = None,
) -> Registration:
    """Give the place to `new_attendee`, whose ticket is ignored.

    Mails the badge to the buyer, badge and own link to the new attendee (`handover_text`), who reads the
    buyer's name if the buyer gave the place away (`given_by`), and a notice to the former attendee.
    `expected_holder` is the `holder_number` of the attendee whom the page showed; None compares none. Raise
    NotOpenNow, InvalidFields or AlreadyRegistered, and AlreadyNamed if the place has another attendee.
    """
    if expected_holder is not None:
        # Every change of an attendee locks the order first.
        Order.objects.locked_for_update().get(pk=registration.order_id)
        check_holder(Registration.objects.get(pk=registration.pk), expected_holder)
    check_correctable(registration)
    check_transfer_deadline(registration.event)
    return _substitute(registration, new_attendee, given_by=given_by, at=None)


def check_holder(registration: Registration, expected_holder: int) -> None:
    """Raise AlreadyNamed if the place has another attendee than the one with that `holder_number`."""
    if registration.holder_number != expected_holder:
        name = registration.name
        raise AlreadyNamed(_("This place has been given to %(name)s in the meantime.") % {"name": name})


def name_place(
    *, registration: Registration, new_attendee: RequestedPlace, given_by: GivenBy
) -> Registration:
    """Do what `substitute_attendee` does for a place without a name.

    Raise AlreadyNamed if it has got one: the name that was entered first stays.
    """
    return substitute_attendee(
        registration=registration, new_attendee=new_attendee, given_by=given_by, expected_holder=0
    )


@transaction.atomic
def substitute_as_organizer(
    *,
    registration: Registration,
    new_attendee: RequestedPlace,
    company: str | None = None,
    at: datetime.datetime | None = None,
) -> Registration:
    """Do what `substitute_attendee` does, until the event ends: for organizers and the desk.

    `company` is that of the new attendee; None leaves the former one, as does a member's place. `at` is when
    a desk did it, if that was earlier and without network.
    """
    if registration.ticket.needs_member_verification:
        company = None
    return _substitute(registration, new_attendee, given_by=GivenBy.ORGANIZER, at=at, company=company)


def _substitute(
    registration: Registration,
    new_attendee: RequestedPlace,
    *,
    given_by: GivenBy,
    at: datetime.datetime | None,
    company: str | None = None,
) -> Registration:
    Order.objects.locked_for_update().get(pk=registration.order_id)
    rows = Registration.objects.select_related(
        "event", "ticket", "order", "member_of", "membership_pass__membership__company"
    )
    registration = rows.select_for_update(of=("self",)).get(pk=registration.pk)
    # Without `company` the former one stays, and is not checked.
    new_attendee = replace(new_attendee, company=company or "").normalize()
    check_correctable(registration)
    _check_new_attendee(registration, new_attendee)
    member = find_new_member(registration, new_attendee.email)
    name = new_attendee.first_name, new_attendee.last_name
    if member:
        if registration.ticket.needs_member_verification:
            refuse_second_registration(registration, member)
        name = choose_member_name(AttendeeIdentity.from_row(new_attendee), AttendeeIdentity.from_row(member))
    if company is not None:
        registration.company = new_attendee.company
    saved_fields = _assign_attendee(registration, name, new_attendee, given_by=given_by, at=at)
    if company is not None:
        saved_fields.add("company")
    # Afterwards, because a transfer clears the person.
    registration.person, registration.confirmation_sent_at = member, None
    registration.sequence = advance_sequence(registration.event_id)
    # The personal agenda belongs to the former attendee, so it is unlinked from the place.
    registration.agenda_links.all().delete()
    registration.save(update_fields=[*saved_fields, "confirmation_sent_at", "sequence"])
    release_members_session_places(registration)
    sync_attendee_names([registration])
    hooks.send_order_mails.enqueue(registration.order_id)
    # A new holder of a confirmed place gets their link with the badge.
    if has_own_mailbox(registration) and not is_announced_with_badge(registration):
        send_own_link(registration)
    # After saving, because an application is linked to the saved row; an error rolls everything back.
    check_applications([registration])
    return registration


def _assign_attendee(
    registration: Registration,
    name: tuple[str, str],
    new_attendee: RequestedPlace,
    *,
    given_by: GivenBy,
    at: datetime.datetime | None,
) -> set[str]:
    """Set the new attendee on the registration and record it; return the fields to save."""
    old_identity = {field: getattr(registration, field) for field in NOTICE_FIELDS}
    was_named = registration.has_name
    registration.first_name, registration.last_name = name
    registration.email, registration.no_photo = new_attendee.email, new_attendee.no_photo
    registration.language = new_attendee.language
    if was_named:
        save_transfer_notice(registration, old_identity, given_by=given_by)
        # Voids the badge and the former attendee's link, and clears the answers.
        saved_fields = {*SUBSTITUTED_FIELDS, *transfer_registration(registration, given_by=given_by, at=at)}
        verb, fields = "registration.substitute", SUBSTITUTED_FIELDS
    else:
        saved_fields = {*NAMED_FIELDS, *void_unnamed_link(registration, old_identity)}
        verb, fields = NAMING_VERB, NAMED_FIELDS
    record_action(verb, registration, event=registration.event, fields=fields)
    return saved_fields


def _check_new_attendee(registration: Registration, new_attendee: RequestedPlace) -> None:
    errors: dict[str, list[str]] = {}
    for field, sentence in check_person_texts(new_attendee):
        errors.setdefault(field, []).append(sentence)
    if needs_member_address(registration) and not new_attendee.email:
        errors["email"] = [str(MEMBER_ADDRESS_SENTENCE)]
    # The same address with another name is most likely a typing error in the name.
    elif registration.has_name and is_same_email(registration.email, new_attendee.email):
        errors["email"] = [str(SAME_ADDRESS_SENTENCE)]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
