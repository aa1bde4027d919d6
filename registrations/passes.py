"""Passes of a membership at a convention: how many are left, and the row on which each use is counted.

A place that a pass pays for names that row (`Registration.membership_pass`): booking takes it with the
place, in one conditional statement, and cancelling gives both back.
"""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F

from convention.club.models import Membership
from convention.events.models import Event

from .models import Passes, Registration


def has_passes(membership: Membership | None, event: Event) -> bool:
    """Whether the membership pays for places at this event: at conventions alone."""
    return membership is not None and membership.passes > 0 and event.kind == Event.Kind.CONVENTION


def passes_left(membership: Membership | None, event: Event) -> int:
    """How many places at this event the membership would still pay for."""
    if membership is None or not has_passes(membership, event):
        return 0
    used = Passes.objects.filter(membership=membership, event=event).values_list("taken", flat=True).first()
    return max(0, membership.passes - (used or 0))


def passes_of(membership: Membership, event: Event) -> Passes:
    """The row on which uses are counted, with as many as the membership has today."""
    row, _made = Passes.objects.get_or_create(
        membership=membership, event=event, defaults={"capacity": membership.passes}
    )
    if row.capacity != membership.passes:
        # One that has fewer passes than it used keeps what it used, and has none left.
        fits = Passes.objects.filter(pk=row.pk, taken__lte=membership.passes)
        fits.update(capacity=membership.passes) or Passes.objects.filter(pk=row.pk).update(
            capacity=F("taken")
        )
        row.refresh_from_db()
    return row


def uses(registrations: Iterable[Registration]) -> Counter[Passes]:
    """What these places take of passes, for `Booking.besides`."""
    return Counter(r.membership_pass for r in registrations if r.membership_pass and r.takes_place)
