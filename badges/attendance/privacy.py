"""What the doors hold of people, for the privacy desk. Scans are never changed: the totals stay."""

from django.utils.translation import gettext_lazy as _

from convention.personal import Holding

from .models import Device, Presence, Resolution, Scan

COUNTED = _("scans count who came; they hold a number, and no name is left")

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
