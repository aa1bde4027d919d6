"""Give an applicant a place, by the act that books any other, and take it back."""

import datetime

from convention.club.models import Seat

from ..cancel import cancel
from ..leave_waiting import leave_waiting
from ..models import Registration, WaitingEntry
from ..order_context import Means
from ..order_request import Billing, OrderRequest, Place
from ..register import register
from .eligibility import ticket_of
from .models import Application
from .refusals import NotReady

SOURCE = "visit"


def give_place(
    *, application: Application, seat: Seat, as_of: datetime.datetime | None = None
) -> Registration:
    """Book a place for the company whose seat it is; `as_of` is the moment whose rules hold, if not now.

    In the caller's transaction. Raises SoldOut, CompanyFull, Closed, AlreadyRegistered, NotReady.
    """
    means = Means(source=SOURCE, person=seat.person, seat=seat, as_of=as_of)
    order = register(event=application.visit.event, request=_request(application, seat), means=means)
    [registration] = order.booked or []
    application.registration = registration
    assert isinstance(registration, Registration)
    return registration


def _request(application: Application, seat: Seat) -> OrderRequest:
    ticket = ticket_of(application.visit)
    if ticket is None:
        raise NotReady
    person, company = seat.person, seat.membership.company
    email = person.email or ""
    place = Place(
        ticket=ticket.slug,
        first_name=person.first_name,
        last_name=person.last_name,
        email=email,
        company=company.name,
    )
    billing = Billing(
        name=company.name,
        street=company.street,
        postcode=company.postcode,
        city=company.city,
        country=company.country,
    )
    return OrderRequest(
        email=email,
        places=(place,),
        language=person.language,
        company=company.name,
        billing=billing if ticket.cost_now.amount else Billing(),
    )


def release_place(*, application: Application, reason: str = "") -> None:
    """Free the place of an application, or end its wait; what was paid goes back by the event's rules.

    In the caller's transaction. Raises Closed once the visit is over, AlreadyCancelled or NotWaiting where
    something changed just now.
    """
    place, wait = application.registration, application.waiting
    if place is not None:
        if place.cancelled_at is None:
            cancel(registration=place, reason=reason)
    elif wait is not None and wait.state in (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED):
        leave_waiting(entry=wait, reason=reason)
