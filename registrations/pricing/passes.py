"""Passes of a membership for a convention: how many are left, and the row that counts their uses.

A registration paid by a pass refers to that row (`Registration.membership_pass`): booking reserves both in
one transaction, cancelling releases both.
"""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F

from convention.club.models import Membership
from convention.events.models import Event
from registrations.models import PassQuota, Registration, Ticket


def includes_passes(membership: Membership | None, event: Event) -> bool:
    """Return whether the membership includes passes for this event today; only conventions accept them."""
    if membership is None or membership.passes == 0 or event.kind != Event.Kind.CONVENTION:
        return False
    # A contact still sees a membership that ended, and whose seats are void with it.
    return membership.is_open()


def takes_pass_now(ticket: Ticket) -> bool:
    """Return whether a pass can pay for the ticket at this moment; a free one needs none."""
    return bool(
        ticket.uses_pass and ticket.current_price.amount and ticket.remaining != 0 and ticket.is_on_sale()
    )


def find_events_taking_passes(events: Iterable[Event]) -> set[int]:
    """Return the ids of the events with a ticket on the event page that a pass can pay for now."""
    tickets = Ticket.objects.with_prices().filter(event__in=list(events), uses_pass=True, is_public=True)
    return {ticket.event_id for ticket in tickets if takes_pass_now(ticket)}


def count_passes_left(membership: Membership | None, event: Event) -> int:
    """Return how many more registrations at this event the membership pays for."""
    if membership is None or not includes_passes(membership, event):
        return 0
    used = (
        PassQuota.objects.filter(membership=membership, event=event)
        .values_list("reserved", flat=True)
        .first()
    )
    return max(0, membership.passes - (used or 0))


def get_pass_quota(membership: Membership, event: Event) -> PassQuota:
    """Return the row that counts the uses, with the number that the membership includes today."""
    row, _made = PassQuota.objects.get_or_create(
        membership=membership, event=event, defaults={"capacity": membership.passes}
    )
    if row.capacity != membership.passes:
        # If the membership has fewer passes now than were used, none is left, and the used ones stay valid.
        # The check constraint forbids a capacity below `reserved`.
        fits = PassQuota.objects.filter(pk=row.pk, reserved__lte=membership.passes)
        fits.update(capacity=membership.passes) or PassQuota.objects.filter(pk=row.pk).update(
            capacity=F("reserved")
        )
        row.refresh_from_db()
    return row


def count_pass_uses(registrations: Iterable[Registration]) -> Counter[PassQuota]:
    """Return the pass uses of these registrations, as stock to reserve."""
    return Counter(r.membership_pass for r in registrations if r.membership_pass and r.is_reserved)
