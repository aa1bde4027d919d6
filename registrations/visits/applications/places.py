"""Book a place for an applicant through the ordinary booking, and release it."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Seat
from convention.errors import InvalidFields
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration, cancel_with_fee
from registrations.models import Order, Registration, WaitingEntry
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.visits.models import Application
from registrations.visits.preconditions import ApplicationEnded, VisitNotReady
from registrations.waiting_list.end_waiting import leave_waiting_list

from .eligibility import get_member_ticket


def give_place(
    *, application: Application, seat: Seat, as_of: datetime.datetime | None = None
) -> Registration:
    """Book a place on the account of the seat's company, inside the caller's transaction.

    `as_of` is the moment at which registration and sale have to be open, now by default; the price is always
    that of now. Raise SoldOut, CompanyFull, NotOpenNow, AlreadyRegistered or VisitNotReady.
    """
    context = OrderContext(
        source=Order.Source.VISIT_APPLICATION, person=seat.person, member_seat=seat, rules_at=as_of
    )
    order = place_order(
        event=application.visit.event, request=_build_order_request(application, seat), context=context
    )
    # One place was requested; unpacking fails loudly should that ever change.
    [registration] = order.booked_registrations or []
    application.registration = registration
    assert isinstance(registration, Registration)
    return registration


def _build_order_request(application: Application, seat: Seat) -> OrderRequest:
    ticket = get_member_ticket(application.visit)
    if ticket is None:
        raise VisitNotReady
    person, company = seat.person, seat.membership.company
    email = person.email or ""
    place = RequestedPlace(
        ticket=ticket.slug,
        first_name=person.first_name,
        last_name=person.last_name,
        email=email,
        company=company.name,
    )
    billing = BillingDetails(
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
        # A free order gets no invoice, so it stores no billing address either.
        billing=billing if ticket.current_price.amount else BillingDetails(),
    )


def release_place(*, application: Application, reason: str = "") -> None:
    """Cancel the place of an application or end its wait; refunds follow the event's rules.

    Call it in a transaction. Raise NotOpenNow after the visit, AlreadyCancelled or WaitingEnded on a
    concurrent change.
    """
    registration, entry = application.registration, application.waiting_entry
    if registration is not None:
        # A place can be cancelled by its mailed link too; the application is then ended without a second
        # cancellation.
        if registration.cancelled_at is None:
            cancel_registration(registration=registration, reason=reason)
    elif entry is not None and entry.state in (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED):
        leave_waiting_list(entry=entry, reason=reason)


def cancel_place_without_fee(registration: Registration, *, reason: str) -> None:
    """Cancel a registration without a fee; the mail about the visit replaces the usual cancellation mail."""
    if registration.cancelled_at is None:
        # The refund rules would charge for a late cancellation, but it is the host or the club who cancels.
        cancel_with_fee(registration=registration, fee_cents=0, reason=reason)
        # Marks the ordinary cancellation mail as sent, so that the visitor gets only the one about the visit.
        Registration.objects.filter(pk=registration.pk).update(cancellation_sent_at=timezone.now())


@transaction.atomic
def grant_exception(*, application: Application, reason: str) -> Application:
    """Let the applicant keep the place despite objections; the reason goes to the audit trail.

    Raise ApplicationEnded, or InvalidFields without a reason.
    """
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need to be corrected."), {"reason": [_("Enter the reason for keeping the place.")]}
        )
    # The ids are evaluated first: an UPDATE cannot use the joins of `still_valid()`.
    valid = Application.objects.still_valid().filter(pk=application.pk)
    if not Application.objects.filter(pk__in=list(valid.values_list("pk", flat=True))).update(
        exception_granted_at=timezone.now()
    ):
        raise ApplicationEnded(_("This application has already ended."))
    record_action(
        "visit.keep_place",
        application,
        event=application.visit.event,
        fields=["exception_granted_at"],
        reason=reason,
    )
    application.refresh_from_db(fields=["exception_granted_at"])
    return application
