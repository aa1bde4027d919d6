"""Places held for a mailed link that may never be opened: never so many that strangers keep others out.

Of the places of a ticket that nobody has confirmed, at most half are held for members unproven, one for each
address. Nothing tells a member's address from another one, so nothing is revealed.

Of the places of an event that were ordered within an hour, on invoice by buyers to be verified, so many are
held as `settings.UNVERIFIED_PLACES_PER_HOUR` says; whoever runs the event is told when it is reached.

Beyond either the mailed link alone decides: whoever opens it first gets a place.
"""

import datetime
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from django.conf import settings

from convention.turns import take_turn

from .models import Order, OrderAlarm, Registration, Sponsorship, Ticket
from .models.standing import Standing
from .order_alarm import mail_alarm

COUNTED_FOR: Final = datetime.timedelta(hours=1)
ALARMED_FOR: Final = datetime.timedelta(days=1)
"""For so long no further alarm of the same event is raised."""


def hold(registrations: Iterable[Registration], *, at: datetime.datetime) -> None:
    """Say of each registration that awaits its proof, not stored yet, whether a place is held for it.

    One order at a time for each ticket, until the caller's transaction ends: what is counted is true.
    """
    waiting = [r for r in registrations if r.awaits_proof and r.ticket.capacity is not None]
    if not waiting or settings.RATE_LIMITS == "off":
        return
    tickets = {registration.ticket_id: registration.ticket for registration in waiting}
    for _pk, ticket in sorted(tickets.items()):
        take_turn(f"hold:{ticket.pk}")
        ticket.refresh_from_db(fields=["taken", "capacity"])
    known = held_addresses(tickets, at=at)
    for registration in waiting:
        addresses = known[registration.ticket_id]
        address = registration.email.casefold()
        registration.takes_place = address not in addresses and has_room(
            registration.ticket, held=len(addresses)
        )
        if registration.takes_place:
            addresses.append(address)
            registration.ticket.taken += 1


def has_room(ticket: Ticket, *, held: int) -> bool:
    """Whether one more place may be held while `held` are: half of those that nobody confirmed."""
    unconfirmed = (ticket.left or 0) + held
    return held < (unconfirmed + 1) // 2


def held_addresses(tickets: Collection[int], *, at: datetime.datetime) -> dict[int, list[str]]:
    """The addresses for which a place of each of these tickets is held now."""
    rows = Registration.objects.filter(
        ticket__in=tickets,
        held_until__gt=at,
        takes_place=True,
        confirmed_at__isnull=True,
        cancelled_at__isnull=True,
    ).exclude(order__payment=Order.Payment.CARD)
    found: dict[int, list[str]] = {ticket: [] for ticket in tickets}
    for ticket, email in rows.order_by().values_list("ticket_id", "email"):
        found[ticket].append(email.casefold())
    return found


def limit_unverified(order: Order, held: Sequence[Standing], *, at: datetime.datetime) -> None:
    """Hold nothing for an order that would exceed its event's ceiling; `held` are its places, not stored yet.

    A sponsor's package counts as one more place. Does nothing for an order that needs no verification. The
    order that reaches the ceiling raises an alarm.
    """
    if not order.awaits_verification or settings.RATE_LIMITS == "off":
        return
    serialize_unverified(order.event_id)
    places = unverified_places(order.event_id, since=at - COUNTED_FOR) + len(held)
    if places > settings.UNVERIFIED_PLACES_PER_HOUR:
        for one in held:
            one.takes_place = False
    if places >= settings.UNVERIFIED_PLACES_PER_HOUR:
        _raise_alarm(order.event_id, places, at=at)


def serialize_unverified(event: int) -> None:
    """Let one unverified order of an event at a time be counted, until the caller's transaction ends."""
    take_turn(f"unverified:{event}")


def unverified_places(event: int, *, since: datetime.datetime) -> int:
    """Return how many places and packages ordered since then are still held for buyers to be verified."""
    orders = Order.objects.unverified().filter(event=event, created_at__gt=since)
    waiting = {"takes_place": True, "confirmed_at": None, "cancelled_at": None, "held_until__isnull": False}
    places = Registration.objects.filter(order__in=orders, **waiting).count()
    return places + Sponsorship.objects.filter(order__in=orders, **waiting).count()


def _raise_alarm(event: int, places: int, *, at: datetime.datetime) -> None:
    """Store an alarm and queue its mails, unless one was raised for this event within a day."""
    if OrderAlarm.objects.filter(event=event, raised_at__gt=at - ALARMED_FOR).exists():
        return
    alarm = OrderAlarm.objects.create(event_id=event, since=at - COUNTED_FOR, raised_at=at, places=places)
    mail_alarm.enqueue(alarm.pk)
