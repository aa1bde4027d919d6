"""What a host asks of visitors, when it is asked, and whether it is all there: pure."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .models import IdentityField, Visit

DOCUMENTS = [
    ("card", _("identity card")),
    ("passport", _("passport")),
    ("permit", _("residence permit")),
    ("licence", _("driving licence")),
]

OPEN, EARLY, OVER = "open", "early", "over"


def asked_by(visit: Visit) -> list[IdentityField]:
    """The fields that this host needs, in the order in which they are asked."""
    return [field for field in IdentityField if field in visit.identity_fields]


def is_complete(asked: Collection[str], given: Collection[str]) -> bool:
    """Whether each field that is asked was answered; a number plate may be answered with none."""
    return set(asked) <= set(given)


@dataclass(frozen=True)
class Window:
    """When visitors say who they are: late, and until the visit ends."""

    opens_at: datetime.datetime
    closes_at: datetime.datetime

    def at(self, now: datetime.datetime) -> str:
        """One of OPEN, EARLY and OVER."""
        if now < self.opens_at:
            return EARLY
        return OPEN if now < self.closes_at else OVER


def window_of(visit: Visit) -> Window:
    """From the start of the day that stands `identity_days` before the visit, where it takes place."""
    event = visit.event
    first = visit.day - datetime.timedelta(days=visit.identity_days)
    opens = datetime.datetime.combine(first, datetime.time(), event.zone)
    return Window(opens, visit.cancelled_at or visit.purged_at or event.ends_at)


REASONS = {
    "confidentiality": _("has not agreed to the confidentiality text as it stands"),
    "identity": _("has not said who they are"),
    "other_person": _("the place is under another name than that of whoever applied, or somebody else’s"),
}
"""Why someone with a place is not on the list."""

NO_PLATE = pgettext_lazy("number plate", "none")
