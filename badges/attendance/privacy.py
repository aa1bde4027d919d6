"""What the doors hold of people, for the privacy desk. Scans are never changed: the totals stay."""

import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Rule

from .models import Device, Presence, Resolution, Scan

COUNTED = _("scans count who came; they hold a number, and no name is left")


def old_notes(before: datetime.datetime) -> int:
    """Remove who held the phone, and why a refusal was overridden, from scans of events that ended before.

    The scans themselves stay. Return how many were changed.
    """
    noted = ~Q(operator="", override_reason="")
    rows = Scan.objects.filter(noted, event__ends_at__lt=before)
    return rows.update(operator="", override_reason="")


HOLDINGS = [
    Holding(
        model=Scan,
        why=_("when your badge was scanned, and where"),
        through=("registration",),
        hides=("code_hash", "payload_hash", "operator"),
        because=COUNTED,
    ),
    Holding(
        model=Presence,
        name=_("times on site"),
        why=_("when you were there"),
        through=("registration",),
        because=COUNTED,
    ),
    Holding(
        model=Resolution,
        why=_("what a scan in conflict was found to be"),
        through=("scan",),
        did=("person",),
        tells=("id", "scan", "kind", "at"),
        because=COUNTED,
        leads=False,
    ),
    Holding(
        model=Device,
        why=_("phones that you paired"),
        did=("paired_by",),
        tells=("id", "event", "name", "created_at"),
        empties=("name",),
        because=_("which phone scanned stays known; no name is left"),
        leads=False,
    ),
]
FREE_TEXT = {Scan: ("operator", "override_reason"), Device: ("name",)}
RETENTION = [
    Rule(
        slug="scan-notes",
        name=_("Names and reasons noted with scans"),
        since=_("after the end of the event"),
        days=3 * 365,
        least=30,
        sweep=old_notes,
    ),
]
