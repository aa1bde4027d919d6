"""Who is still inside: an entry lapses after ten hours, for people leave in the evening without a scan."""

import datetime

from django.db.models import Q
from django.utils import timezone

from .verdict import LAPSE_MS

LAPSE = datetime.timedelta(milliseconds=LAPSE_MS)


def still_inside(*, at: datetime.datetime | None = None) -> Q:
    """A condition on presences: scanned in, not out again, and not so long ago that they must have left."""
    since = (at or timezone.now()) - LAPSE
    return Q(is_inside=True) & (Q(last_in__isnull=True) | Q(last_in__gt=since))
