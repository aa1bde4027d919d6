"""Accept a waiting list's offer: the held place becomes an order or a session booking."""

import datetime
from collections.abc import Collection
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person, Seat
from convention.club.permissions import find_member_by_email
from registrations.application_rules import get_application_rules
from registrations.attendee_identity import AttendeeIdentity, choose_member_name
from registrations.models import Order, SessionBooking, WaitingEntry
from registrations.order_context import HeldOffer, OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering
from registrations.pricing.quote import Quote
from registrations.sessions.booking import book_session, swap_session
from registrations.waiting_list.end_waiting import NoActiveOffer
from registrations.waiting_list.notifications import notify_waiting_entry
from schedule.models import Session

from .place_order import place_order
from .prepare_sale import preview_quote
from .verification import NotAMember


@transaction.atomic
def accept_ticket_offer(
    *,
    entry: WaitingEntry,
    billing: BillingDetails | None = None,
    purchase_order: str = "",
    payment: str = Order.Payment.INVOICE,
    expected_total: int | None = None,
) -> Order:
    """Book the held place; the mailed link has verified the address. Return the order, the same if repeated.

    By card the place stays held until it is paid. Raise NoActiveOffer, NotAMember, PriceChanged, and what
    `place_order` raises.
    """
    entry = _lock_entry(entry)
    if entry.order:
        return entry.order
    if not entry.has_offer() or entry.ticket is None:
        raise NoActiveOffer(
            _("This offer has expired, and the place has been offered to the next person in line.")
        )
    seat = _find_applicant_seat(entry)
    person = seat.person if seat else _find_member(entry)
    order = place_order(
        event=entry.event,
        request=replace(
            _use_member_name(person, build_order_request(entry))
            if entry.ticket.needs_member_verification
            else build_order_request(entry),
            billing=billing or BillingDetails(),
            purchase_order=purchase_order,
            payment=payment,
            expected_total=expected_total,
        ),
        context=OrderContext(
            source=Order.Source.WAITING_LIST,
            idempotency_key=f"waiting:{entry.link_token}",
            person=person,
            held_offer=HeldOffer(entry.ticket, _find_rules_time(entry)),
            member_seat=seat,
        ),
    )
    entry.accepted_at, entry.order = timezone.now(), order
    entry.save(update_fields=["accepted_at", "order"])
    record_action("waiting.accept", entry, event=entry.event, fields=["accepted_at", "order"])
    if order.is_by_card:
        notify_waiting_entry.enqueue(entry.pk)
    return order


def _find_rules_time(entry: WaitingEntry) -> datetime.datetime:
    """Return the moment whose deadlines apply to the offer: when the person joined the list."""
    # Registration may have closed while the person waited. Where places are given on application, organizers
    # also add people after that: the deadlines of the last moment before it apply to them.
    if get_application_rules(entry.event) is None:
        return entry.joined_at
    return min(entry.joined_at, entry.event.registration_deadline - datetime.timedelta(microseconds=1))


def _lock_entry(entry: WaitingEntry) -> WaitingEntry:
    """Return the entry, locked, so that a second click waits for the first and then finds its order."""
    # `of` is needed: PostgreSQL cannot lock the nullable side of a join.
    rows = WaitingEntry.objects.select_for_update(of=("self",)).select_related("event", "ticket", "order")
    return rows.get(pk=entry.pk)


def _use_member_name(person: Person | None, request: OrderRequest) -> OrderRequest:
    """Return the request with the member's own name: the name on the list was not verified."""
    if person is None:
        return request
    [place] = request.places
    first_name, last_name = choose_member_name(
        AttendeeIdentity.from_row(place), AttendeeIdentity.from_row(person)
    )
    return replace(request, places=(replace(place, first_name=first_name, last_name=last_name),))


def _find_applicant_seat(entry: WaitingEntry) -> Seat | None:
    """Return the seat of an applicant, or None if places are not given on application.

    Raise an error that says why the applicant cannot have the place.
    """
    rules = get_application_rules(entry.event)
    return (
        rules.get_entitled_seat(entry)
        if rules and entry.ticket and entry.ticket.needs_member_verification
        else None
    )


def _find_member(entry: WaitingEntry) -> Person | None:
    """Return the member with the verified address. Raise NotAMember if the ticket is for members only."""
    member = find_member_by_email(entry.email)
    if member is None and entry.ticket and entry.ticket.needs_member_verification:
        raise NotAMember(_("This ticket is for members, and we have no member with this address."))
    return member[0] if member else None


def preview_offer_quote(entry: WaitingEntry) -> Quote:
    """Return the current price of accepting, with a pass of the member's company."""
    assert entry.ticket is not None
    member = find_member_by_email(entry.email)
    offering = Offering({entry.ticket.slug: entry.ticket})
    context = OrderContext(person=member[0] if member else None)
    return preview_quote(entry.event, build_order_request(entry), offering, context)


def build_order_request(entry: WaitingEntry) -> OrderRequest:
    """Return a waiting entry as a request for an order."""
    assert entry.ticket is not None
    return OrderRequest(
        email=entry.email,
        language=entry.language,
        # An order's company is shorter than an attendee's, which is stored in full below.
        company=entry.company[:200],
        places=(
            RequestedPlace(
                ticket=entry.ticket.slug,
                first_name=entry.first_name,
                last_name=entry.last_name,
                email=entry.email,
                company=entry.company,
            ),
        ),
    )


@transaction.atomic
def accept_session_offer(
    *, entry: WaitingEntry, replaced_sessions: Collection[Session] = ()
) -> SessionBooking:
    """Book the held place in a session, in place of those in `replaced_sessions`, which conflict with it.

    Raise NoActiveOffer, NotOpenNow, or a conflict with other bookings.
    """
    # Not locked here: booking locks the registration first, then this entry, and checks the offer again.
    entry = WaitingEntry.objects.select_related("registration", "session").get(pk=entry.pk)
    registration, session = entry.registration, entry.session
    assert registration is not None
    assert session is not None
    if not entry.has_offer():
        raise NoActiveOffer(
            _("This offer has expired, and the place has been offered to the next person in line.")
        )
    if replaced_sessions:
        return swap_session(registration=registration, old_sessions=replaced_sessions, new_session=session)
    return book_session(registration=registration, session=session)
