"""What members read beside each visit ahead: how many places are free, or why none is asked for."""

import datetime
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ..models import Ticket
from .deadline import closes_at
from .models import Visit


def still_free(visits: Iterable[Visit], *, at: datetime.datetime) -> dict[int, str]:
    """By the visit's id, in one query; nothing for those that are over or were called off."""
    ahead = [one for one in visits if one.event.ends_at > at and not one.cancelled_at]
    rows = Ticket.objects.filter(event__in=[one.event_id for one in ahead], audience=Ticket.Audience.MEMBER)
    # The last one of each event is the one that is applied for.
    rows = rows.select_related("quota").order_by("is_default", "-position", "-pk")
    tickets = {ticket.event_id: ticket for ticket in rows}
    return {one.pk: said_of(one, tickets.get(one.event_id), at) for one in ahead}


def said_of(visit: Visit, ticket: Ticket | None, at: datetime.datetime) -> str:
    """In a few words."""
    if visit.state_at(at) != Visit.State.PUBLISHED or closes_at(visit) <= at or ticket is None:
        return pgettext("visit", "applications closed")
    if ticket.left == 0:
        return _("full, with a waiting list")
    if ticket.left is None:
        return _("places free")
    return ngettext("%(count)d place free", "%(count)d places free", ticket.left) % {"count": ticket.left}
