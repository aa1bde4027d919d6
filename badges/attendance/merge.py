"""Merge two registrations of one person: the scans of both count for the one that stays.

Scans are never changed. Those of the badge that goes are attributed anew (`ledger.counted`), the presences of
both are folded anew from them, and a rebuild comes to the same. The badge that goes is refused from then on
as “replaced by a newer badge”, by the server and by every phone that has heard of it; what a phone let in
before it heard counts for the one that stays.
"""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from registrations.absorb import absorb
from registrations.models import Registration
from registrations.resend import NoAddress, resend

from .ledger import passes_of, write_presences
from .models import Presence
from .presence import project


@transaction.atomic
def merge(
    *, kept: Registration, other: Registration, taken: Collection[str] = (), reason: str = ""
) -> Registration:
    """Merge `other` into `kept`, whose badge is mailed again. Raises CannotMerge, SoldOut."""
    absorb(kept=kept, other=other, taken=taken, reason=reason)
    both = Presence.objects.filter(registration__in=[kept.pk, other.pk])
    doors = set(both.values_list("checkpoint", flat=True))
    stories = passes_of([(kept.pk, door) for door in doors])
    Presence.objects.filter(registration=other.pk).delete()
    states = {pair: project(story) for pair, story in stories.items()}
    write_presences(kept.event_id, states, at=timezone.now())
    kept = Registration.objects.select_related("event", "order", "ticket").get(pk=kept.pk)
    _tell(kept)
    return kept


def _tell(kept: Registration) -> None:
    """Send the badge that holds, as long as the event lasts and there is an address."""
    if kept.event.ends_at > timezone.now():
        try:
            resend(registration=kept)
        except NoAddress:
            return
