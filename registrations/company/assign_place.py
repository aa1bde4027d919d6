"""Give a place of a company's order to a colleague, and invite them."""

from convention.club.models import Company
from registrations.attendee_identity import AttendeeIdentity
from registrations.changes.handover_text import is_announced_with_badge
from registrations.changes.substitute import substitute_attendee
from registrations.models import GivenBy, Registration
from registrations.order_request import RequestedPlace

from .assignment_question import AssignmentQuestion, find_assignment_question
from .booking import refuse_address_of_colleague
from .invitations import invite_attendee


def assign_place(
    *,
    company: Company,
    registration: Registration,
    new_attendee: RequestedPlace,
    given_by: GivenBy,
    answer: str = "",
) -> Registration | AssignmentQuestion:
    """Give the place to `new_attendee` and return it, or return a question unless `answer` answers it.

    Raise what `substitute_attendee` raises, and InvalidFields for the address of another colleague's place.
    """
    identity = AttendeeIdentity.from_row(new_attendee)
    refuse_address_of_colleague(company=company, registration=registration, attendee=identity)
    question = find_assignment_question(company, registration, new_attendee)
    if question and answer != question.answer:
        return question
    changed = substitute_attendee(registration=registration, new_attendee=new_attendee, given_by=given_by)
    # The mail with the badge invites new holders of confirmed places (`record_invitation`).
    if not is_announced_with_badge(changed):
        invite_attendee(registration=changed)
    return changed
