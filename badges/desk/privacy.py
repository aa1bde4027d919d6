"""Declare the personal data of the desk: who printed which badge, and devices that work offline."""

import datetime

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource, RetentionRule

from .models import BadgePrint, DeskDevice, DeskEntry, SpareBadge


def delete_old_devices(before: datetime.datetime) -> int:
    """Delete the desk devices of events that ended before `before`, with their entries. Return how many."""
    devices = DeskDevice.objects.filter(event__ends_at__lt=before)
    count = devices.count()
    devices.delete()
    return count


PERSONAL_DATA = [
    PersonalDataSource(
        model=BadgePrint,
        purpose=_("when your badge was printed at the desk"),
        parent_columns=("registration",),
        actor_columns=("printed_by",),
        exported_columns=("id", "registration", "badge_version", "reason", "printed_at"),
        retention_reason=_("printed badges are counted; the row contains no name"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=DeskEntry,
        name=_("entries made at desks offline"),
        purpose=_("entries about you made at a desk offline"),
        parent_columns=("registration",),
        exported_columns=("id", "registration", "kind", "made_at", "received_at", "state"),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=DeskDevice,
        purpose=_("devices you enabled for the desk"),
        actor_columns=("enabled_by",),
        exported_columns=("id", "event", "name", "enabled_at"),
        blanked_columns=("name",),
        retention_reason=_("the device stays on record, without your name"),
        leads_to_other_tables=False,
    ),
]
NO_PERSONAL_DATA = {SpareBadge: "a reserved reference; once it is bound, the registration is declared itself"}
FREE_TEXT = {DeskDevice: ("name",), DeskEntry: ("sentence",)}
RETENTION = [
    RetentionRule(
        slug="desk-devices",
        name=_("Offline desk devices and their entries"),
        counted_from=_("after the end of the event"),
        days=90,
        min_days=7,
        delete_older_than=delete_old_devices,
    ),
]
