"""The people to whom a place can go that is a member's, or that a membership pass pays for."""

from django.utils.translation import gettext as _

from convention.club.models import Company, Person
from convention.club.permissions import find_seats_by_address
from convention.errors import InvalidFields
from convention.text.email_addresses import normalize_email
from registrations.attendee_identity import AttendeeIdentity, has_name_in_common
from registrations.models import Registration


def find_seat_holder(company: Company, email: str) -> Person | None:
    """Return the person with that address who holds a seat of the company, or None."""
    seat = find_seats_by_address(company, [normalize_email(email)]).get(normalize_email(email))
    return seat.person if seat else None


def is_transferable(registration: Registration) -> bool:
    """Return whether `find_new_member` can succeed: a member's place needs a recorded company.

    An unconfirmed place has none yet: opening the mailed link records the member's.
    """
    return not registration.ticket.needs_member_verification or registration.member_of_id is not None


def find_new_member(registration: Registration, email: str) -> Person | None:
    """Return the seat's holder with that address, to whom the place goes; None if it can go to anybody.

    Raise InvalidFields if the place needs a seat of the same company and nobody with the address has one.
    """
    if registration.ticket.needs_member_verification:
        company = registration.member_of
        sentence = _(
            "This place is for members of %(company)s, and nobody with this address has one of its seats."
        )
    elif registration.membership_pass is None:
        return None
    else:
        company = registration.membership_pass.membership.company
        sentence = _(
            "A membership pass of %(company)s pays for this place, and nobody with this address has one of "
            "its seats. Have a seat given to this person first, or cancel the registration and order a new "
            "one."
        )
    if company is None:
        sentence = _(
            "No membership is recorded for this place, so it cannot be given to somebody else here. Please "
            "contact the organizers."
        )
        raise InvalidFields(_("Some fields need to be corrected."), {"email": [sentence]})
    if person := find_seat_holder(company, email):
        return person
    raise InvalidFields(_("Some fields need to be corrected."), {"email": [sentence % {"company": company}]})


def check_member_transfer(registration: Registration, *, field: str) -> None:
    """Raise InvalidFields if a correction transfers a member's place, which only a substitution can."""
    # A pending place without a person is not assigned yet: that happens when the mailed link is opened.
    is_members = registration.person_id is not None or registration.confirmed_at is not None
    if registration.ticket.needs_member_verification and is_members:
        sentence = _(
            "This place belongs to the member with this address. To transfer it, choose “Give "
            "the place to a colleague”; if the name is misspelt, write to the organizers."
        )
        raise InvalidFields(_("Some fields need to be corrected."), {field: [sentence]})


def check_pass_transfer(registration: Registration, *, field: str) -> None:
    """Raise InvalidFields if a pass pays for the place, but not for its changed, unsaved attendee."""
    if registration.membership_pass is None:
        return
    company = registration.membership_pass.membership.company
    person, attendee = find_seat_holder(company, registration.email), AttendeeIdentity.from_row(registration)
    if person and (not attendee.has_name or has_name_in_common(AttendeeIdentity.from_row(person), attendee)):
        return
    sentence = _(
        "A membership pass of %(company)s pays for this place, so it can only go to a colleague with one of "
        "its seats, under their own name and address. Have a seat given to this person first, or cancel the "
        "registration and order a new one."
    )
    raise InvalidFields(_("Some fields need to be corrected."), {field: [sentence % {"company": company}]})
