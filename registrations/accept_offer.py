"""Accept an offer: the place that was held becomes an order, or a seat, by the acts that book any other."""

from collections.abc import Collection
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person, Seat
from schedule.models import Session

from .book_session import book_session
from .fares import Wares
from .identity import Identity, name_for_member
from .leave_waiting import NoOffer
from .members import member_by_email
from .models import Order, SessionSeat, WaitingEntry
from .on_application import rules_of
from .order_context import Means, Offer
from .order_request import Billing, OrderRequest, Place
from .pricing import Quote
from .prove import NotAMember
from .register import foreseen_quote, register
from .swap_session import swap_session


@transaction.atomic
def accept_ticket(
    *,
    entry: WaitingEntry,
    billing: Billing | None = None,
    purchase_order: str = "",
    payment: str = Order.Payment.INVOICE,
    expected_total: int | None = None,
) -> Order:
    """Book the place that is held, for whoever has the mailed link: that proves the address.

    By card it is held while it is being paid, as any other; nothing is booked for another price than was
    expected. Accepting twice gives the same order. Raises NoOffer, NotAMember, and what `register` does.
    """
    rows = WaitingEntry.objects.select_for_update(of=("self",)).select_related("event", "ticket", "order")
    entry = rows.get(pk=entry.pk)
    if entry.order:
        return entry.order
    if not entry.has_offer() or entry.ticket is None:
        raise NoOffer(_("This offer has expired, and the place went to the next in line."))
    seat = _seat(entry)
    person = seat.person if seat else _member(entry)
    order = register(
        event=entry.event,
        request=replace(
            _named_for(person, request_of(entry)) if entry.ticket.needs_proof else request_of(entry),
            billing=billing or Billing(),
            purchase_order=purchase_order,
            payment=payment,
            expected_total=expected_total,
        ),
        means=Means(
            source="waiting",
            key=f"waiting:{entry.link_token}",
            person=person,
            offer=Offer(entry.ticket, entry.joined_at),
            seat=seat,
        ),
    )
    entry.accepted_at, entry.order = timezone.now(), order
    entry.save(update_fields=["accepted_at", "order"])
    record("waiting.accept", entry, event=entry.event, fields=["accepted_at", "order"])
    return order


def _named_for(person: Person | None, request: OrderRequest) -> OrderRequest:
    """Let the place bear the member's own name: anybody can join the list with a member's address."""
    if person is None:
        return request
    [place] = request.places
    first_name, last_name = name_for_member(Identity.of(place), Identity.of(person))
    return replace(request, places=(replace(place, first_name=first_name, last_name=last_name),))


def _seat(entry: WaitingEntry) -> Seat | None:
    """The seat for which someone comes whose place is given on application. Raises what says why not."""
    rules = rules_of(entry.event)
    return rules.seat(entry) if rules and entry.ticket and entry.ticket.needs_proof else None


def _member(entry: WaitingEntry) -> Person | None:
    """The member behind a proven address. Raises NotAMember where the ticket is for members alone."""
    found = member_by_email(entry.email)
    if found is None and entry.ticket and entry.ticket.needs_proof:
        raise NotAMember(_("No member of the club has this address, so this ticket is not for it."))
    return found[0] if found else None


def foresee_offer(entry: WaitingEntry) -> Quote:
    """What accepting would cost at this moment; a pass of the member's company may pay for it."""
    assert entry.ticket is not None
    found = member_by_email(entry.email)
    wares = Wares({entry.ticket.slug: entry.ticket})
    means = Means(person=found[0] if found else None)
    return foreseen_quote(entry.event, request_of(entry), wares, means)


def request_of(entry: WaitingEntry) -> OrderRequest:
    """What somebody waits for, as an order."""
    assert entry.ticket is not None
    return OrderRequest(
        email=entry.email,
        language=entry.language,
        company=entry.company[:200],
        places=(
            Place(
                ticket=entry.ticket.slug,
                first_name=entry.first_name,
                last_name=entry.last_name,
                email=entry.email,
                company=entry.company,
            ),
        ),
    )


@transaction.atomic
def accept_seat(*, entry: WaitingEntry, given_up: Collection[Session] = ()) -> SessionSeat:
    """Take the seat that is held, in place of others where they clash. Raises NoOffer, SeatsClash, Closed."""
    entry = WaitingEntry.objects.select_related("registration", "session").get(pk=entry.pk)
    registration, session = entry.registration, entry.session
    assert registration is not None
    assert session is not None
    if not entry.has_offer():
        raise NoOffer(_("This offer has expired, and the place went to the next in line."))
    if given_up:
        return swap_session(registration=registration, given_up=given_up, wanted=session)
    return book_session(registration=registration, session=session)
