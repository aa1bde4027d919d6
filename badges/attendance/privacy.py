"""Declare the personal data in scans, presences and devices.

Scans are never deleted, so that totals stay right; an erased registration leaves only a number in them.
"""

import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource, RetentionRule

from .models import ConflictResolution, Device, PairingInvitation, Presence, Scan

SCANS_STAY_REASON = _("scans are used to count attendance; they identify people by a number, not by name")


def clear_old_notes(before: datetime.datetime) -> int:
    """Clear operators' names and override reasons of scans of events that ended before `before`.

    Return the number of rows changed.
    """
    # Without this condition every run would rewrite all old scans and report them as changed.
    has_notes = ~Q(operator="", override_reason="")
    rows = Scan.objects.filter(has_notes, event__ends_at__lt=before)
    resolutions = ConflictResolution.objects.filter(scan__event__ends_at__lt=before).exclude(operator="")
    # By ids: PostgreSQL cannot update over a join.
    resolutions = ConflictResolution.objects.filter(pk__in=list(resolutions.values_list("pk", flat=True)))
    return rows.update(operator="", override_reason="") + resolutions.update(operator="")


PERSONAL_DATA = [
    PersonalDataSource(
        model=Scan,
        purpose=_("when your badge was scanned, and where"),
        parent_columns=("registration",),
        # The operator is another person, whose name the attendee's copy must not reveal (GDPR, Article
        # 15(4)).
        hidden_columns=("code_hash", "payload_hash", "operator"),
        retention_reason=SCANS_STAY_REASON,
    ),
    PersonalDataSource(
        model=Presence,
        name=_("times on site"),
        purpose=_("when you were there"),
        parent_columns=("registration",),
        retention_reason=SCANS_STAY_REASON,
    ),
    PersonalDataSource(
        model=ConflictResolution,
        purpose=_("how a conflict between scans was resolved"),
        parent_columns=("scan",),
        actor_columns=("resolved_by",),
        exported_columns=("id", "scan", "kind", "resolved_at"),
        retention_reason=SCANS_STAY_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Device,
        purpose=_("phones you paired"),
        actor_columns=("paired_by",),
        exported_columns=("id", "event", "name", "created_at"),
        blanked_columns=("name",),
        retention_reason=_("the phone stays on record, without your name"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=PairingInvitation,
        purpose=_("pairing codes you displayed"),
        actor_columns=("shown_by",),
        exported_columns=("id", "event", "name", "created_at"),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
]
FREE_TEXT = {
    Scan: ("operator", "override_reason"),
    ConflictResolution: ("operator",),
    Device: ("name",),
    PairingInvitation: ("name",),
}
RETENTION = [
    RetentionRule(
        slug="scan-notes",
        name=_("Names and reasons recorded with scans"),
        counted_from=_("after the end of the event"),
        days=3 * 365,
        min_days=30,
        delete_older_than=clear_old_notes,
    ),
]
