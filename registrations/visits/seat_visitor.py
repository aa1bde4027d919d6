"""Seat a visitor: in a ride, in another one, or in none, by who runs the visit, who says why."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields
from convention.text import tidy

from .choose_rides import sit_in
from .models import Application
from .tell_seated import tell_seated

LONGEST = 300


@transaction.atomic
def seat_visitor(*, application: Application, rides: Collection[int], reason: str) -> bool:
    """Seat somebody in these rides and in no others, who reads by mail which and why; whether it changed.

    Capacity holds as it does for visitors themselves. Raises InvalidFields without a reason or for two rides
    one way, SoldOut for a full one, Closed for one that has left or somebody without a place.
    """
    reason = tidy(reason)[:LONGEST]
    if not reason:
        raise InvalidFields(
            _("Some fields need another look."), {"reason": [_("Say why: the e-mails tell it.")]}
        )
    changed = sit_in(application=application, rides=rides)
    if changed:
        entry = record(
            "ride.seat", application, event=application.visit.event, fields=["rides"], reason=reason
        )
        tell_seated.enqueue(application.pk, reason, entry.pk)
    return changed
