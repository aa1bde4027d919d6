"""Identity fields that a host requests, the period for entering them, completeness. No database access."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.text.dates import format_date
from registrations.visits.models import IdentityField, Visit

DOCUMENT_KINDS = [
    ("card", _("identity card")),
    ("passport", _("passport")),
    ("permit", _("residence permit")),
    ("licence", _("driving licence")),
]

WINDOW_OPEN, WINDOW_EARLY, WINDOW_OVER = "open", "early", "over"


def get_field_label(name: str) -> str:
    """Return the label of an identity field, or of a column of visitor lists."""
    column_labels = {
        "last_name": gettext("Last name"), "first_name": gettext("First name"), "company": gettext("Company"),
    }  # fmt: skip
    return column_labels.get(name) or str(IdentityField(name).label).capitalize()


def list_requested_fields(visit: Visit) -> list[IdentityField]:
    """Return the fields that the host requests, in the order of the form."""
    # Iterates over the enum, so that codes of former fields are ignored.
    return [field for field in IdentityField if field in visit.identity_fields]


def is_identity_complete(requested: Collection[str], given: Collection[str]) -> bool:
    """Return whether each requested field was answered; the number plate may be answered with none."""
    # Names of fields, never values: the host can request another field later, and nothing has to be
    # decrypted.
    return set(requested) <= set(given)


@dataclass(frozen=True)
class IdentityWindow:
    """The period in which visitors give their identity; aware datetimes."""

    opens_at: datetime.datetime
    closes_at: datetime.datetime

    def state_at(self, now: datetime.datetime) -> str:
        """Return WINDOW_EARLY, WINDOW_OPEN or WINDOW_OVER."""
        if now < self.opens_at:
            return WINDOW_EARLY
        return WINDOW_OPEN if now < self.closes_at else WINDOW_OVER


def get_identity_window(visit: Visit) -> IdentityWindow:
    """Return the period for giving identities.

    It opens at midnight, in the event's time zone, `identity_days_before` days before the visit, and closes
    at the end of the visit, its cancellation or its purge.
    """
    event = visit.event
    opens = compute_identity_opening(event, days_before=visit.identity_days_before)
    # The window stays open after the lock: visitors who were late can be on the next version of the list.
    return IdentityWindow(opens, visit.cancelled_at or visit.purged_at or event.ends_at)


def compute_identity_opening(event: Event, *, days_before: int) -> datetime.datetime:
    """Return midnight, in the event's time zone, `days_before` days before it starts."""
    first = event.starts_at.astimezone(event.zone).date() - datetime.timedelta(days=days_before)
    return datetime.datetime.combine(first, datetime.time(), event.zone)


# Labels of the codes for visitors who are not ready for the list.
MISSING_REASONS = {
    "confidentiality": _("current confidentiality terms not accepted"),
    "identity": _("identity details not entered"),
    "other_person": _("the place is not in the applicant’s name"),
}


def describe_missing_items(visit: Visit, codes: Collection[str], *, at: datetime.datetime) -> list[str]:
    """Return the labels of the codes; an identity that cannot be given yet has its day instead."""
    window = get_identity_window(visit)
    labels = {code: str(label) for code, label in MISSING_REASONS.items()}
    if window.state_at(at) == WINDOW_EARLY:
        day = format_date(window.opens_at, visit.event.zone)
        labels["identity"] = gettext("identity details (requested from %(day)s)") % {"day": day}
    return [labels[code] for code in codes]
