"""Links are derived from SECRET_KEY and a version; codes of vouchers stand with their voucher alone."""

import uuid
from typing import Any

from django.db import migrations, models


def count_replaced_links(apps: Any, _editor: Any) -> None:
    """Give orders whose link was replaced another version: whoever sent one does not get its new link."""
    apps.get_model("registrations", "Order").objects.exclude(link_secret="").update(link_version=1)


def give_public_ids(apps: Any, _editor: Any) -> None:
    """Give each entry of a waiting list an id of its own: so far all have the same."""
    entries = apps.get_model("registrations", "WaitingEntry").objects
    for pk in entries.values_list("pk", flat=True):
        entries.filter(pk=pk).update(public_id=uuid.uuid4())


def drop_codes(apps: Any, _editor: Any) -> None:
    """Take the code out of the reductions that registrations and their imports hold."""
    for one in apps.get_model("registrations", "Registration").objects.exclude(voucher=None).iterator():
        one.reductions = without_codes(one.reductions)
        one.save(update_fields=["reductions"])
    for row in apps.get_model("registrations", "ImportedRow").objects.all().iterator():
        for values in filter(None, (row.before, row.after)):
            if "reductions" in values:
                values["reductions"] = without_codes(values["reductions"])
        row.save(update_fields=["before", "after"])


def without_codes(reductions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reductions without the code of each."""
    return [{name: value for name, value in one.items() if name != "code"} for one in reductions]


class Migration(migrations.Migration):
    """Links mailed before end with it."""

    dependencies = [
        ("registrations", "0020_unverified_orders"),
    ]

    operations = [
        migrations.RenameField("registration", "link_round", "link_version"),
        migrations.AddField(
            "order", "link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)
        ),
        migrations.AddField(
            "order",
            "attendee_links_version",
            models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunPython(count_replaced_links, migrations.RunPython.noop),
        migrations.RemoveField("order", "secret"),
        migrations.RemoveField("order", "link_secret"),
        migrations.RemoveField("waitingentry", "secret"),
        migrations.AddField(
            "waitingentry",
            "link_version",
            models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            "waitingentry", "public_id", models.UUIDField(default=uuid.uuid4, editable=False)
        ),
        migrations.RunPython(give_public_ids, migrations.RunPython.noop),
        migrations.AlterField(
            "waitingentry", "public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
        ),
        migrations.RunPython(drop_codes, migrations.RunPython.noop),
    ]
