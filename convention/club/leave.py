"""Leave: a membership ends because the company resigns or the club excludes it."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, InvalidFields

from .models import Membership
from .seats import locked


@transaction.atomic
def leave(*, membership: Membership, on: datetime.date, left_as: str, reason: str = "") -> Membership:
    """End a membership: `on` is the first day without it, and from then on its seats make no member.

    Raises Closed where it has ended already, and InvalidFields for a day before it began.
    """
    membership = locked(membership)
    if membership.left_on:
        raise Closed(_("This membership has ended already."))
    if on < membership.starts_on:
        raise InvalidFields(
            _("Some fields need another look."), {"on": [_("The membership had not begun on that day.")]}
        )
    membership.left_on, membership.left_as = on, left_as
    membership.save(update_fields=["left_on", "left_as"])
    record("membership.leave", membership, fields=["left_on", "left_as"], reason=reason)
    return membership
