"""Places held for a proof that may never come: never so many that strangers keep members out.

Of the places of a ticket that nobody has confirmed, at most half are held unproven, one for each address.
Beyond that the mailed link alone decides: whoever opens it first gets a place. Nothing tells a member's
address from another one, so nothing is revealed.
"""

import datetime
from collections.abc import Collection, Iterable

from django.conf import settings

from convention.turns import take_turn

from .models import Registration, Ticket


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
    held = held_addresses(tickets, at=at)
    for registration in waiting:
        addresses = held[registration.ticket_id]
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
    )
    found: dict[int, list[str]] = {ticket: [] for ticket in tickets}
    for ticket, email in rows.order_by().values_list("ticket_id", "email"):
        found[ticket].append(email.casefold())
    return found
