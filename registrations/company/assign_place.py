"""Give a place of a company's order to a colleague, after a question if it is a second or a dearer place."""

from dataclasses import dataclass, replace

from django.utils import timezone

from convention.club.models import Company
from convention.money import Money
from convention.text.email_addresses import normalize_email
from registrations.application_rules import get_application_path
from registrations.attendee_identity import AttendeeIdentity
from registrations.changes.substitute import substitute_attendee
from registrations.models import GivenBy, Registration
from registrations.order_request import RequestedPlace
from registrations.storefront.choice_offer import load_choice_offer

from .booking import find_existing_registrations, list_member_price_hints, refuse_address_of_colleague
from .overview import load_company_passes
from .permissions import list_company_orders


@dataclass(frozen=True)
class AssignmentQuestion:
    """Why the contact is asked before the place is given; `answer` is what the contact posts to confirm.

    `second_place` is the registration that the new attendee has already, and `is_changeable` says whether it
    has a page in the company area. Without it, `price_hint` names a ticket that would cost less.
    """

    answer: str
    second_place: Registration | None = None
    is_changeable: bool = False
    price_hint: str = ""


def assign_place(
    *,
    company: Company,
    registration: Registration,
    new_attendee: RequestedPlace,
    given_by: GivenBy,
    answer: str = "",
    expected_holder: int | None = None,
) -> Registration | AssignmentQuestion:
    """Give the place to `new_attendee` and return it, or return a question unless `answer` answers it.

    `expected_holder` is as in `substitute_attendee`, by default that of `registration`. Raise what
    `substitute_attendee` raises, and InvalidFields for the address of another colleague's place.
    """
    identity = AttendeeIdentity.from_row(new_attendee)
    refuse_address_of_colleague(company=company, registration=registration, attendee=identity)
    question = find_assignment_question(company, registration, new_attendee)
    if question and answer != question.answer:
        return question
    return substitute_attendee(
        registration=registration,
        new_attendee=new_attendee,
        given_by=given_by,
        expected_holder=registration.holder_number if expected_holder is None else expected_holder,
    )


def find_assignment_question(
    company: Company, registration: Registration, new_attendee: RequestedPlace
) -> AssignmentQuestion | None:
    """Return the question to ask before the registration is given to `new_attendee`, None for none."""
    existing = find_existing_registrations(
        registration.event, company, [new_attendee], excluded=registration
    ).get(0)
    if existing:
        is_changeable = list_company_orders(company).filter(pk=existing.order_id).exists()
        return AssignmentQuestion(existing.reference, existing, is_changeable)
    if price_hint := _find_price_hint(company, registration, new_attendee):
        return AssignmentQuestion(normalize_email(new_attendee.email), price_hint=price_hint)
    return None


def _find_price_hint(company: Company, registration: Registration, new_attendee: RequestedPlace) -> str:
    """Return a sentence if the attendee has a seat, and a members' ticket costs less than this place did."""
    event, ticket, now = registration.event, registration.ticket, timezone.now()
    if not (registration.price and new_attendee.email and event.is_registration_open(at=now)):
        return ""
    if get_application_path(event):
        return ""
    on_sale = [row for row in load_choice_offer(event, None).tickets if row.is_on_sale(at=now)]
    passes = load_company_passes(company, event, on_sale)
    hints = list_member_price_hints(
        event,
        company,
        # The place's own ticket may no longer be on sale.
        tickets=[*(row for row in on_sale if row.pk != ticket.pk), ticket],
        pass_tickets=passes.tickets,
        # The price of the place, whatever its ticket costs now.
        discounted_prices={ticket.slug: Money(registration.price, registration.order.currency)},
        places=[replace(new_attendee, ticket=ticket.slug)],
    )
    return hints[0] if hints else ""
