"""The link of a quotation is derived from SECRET_KEY and a version."""

import uuid
from typing import Any

from django.db import migrations, models


def give_public_ids(apps: Any, _editor: Any) -> None:
    """Give each row an id of its own: so far all have the same."""
    rows = apps.get_model("invoices", "Quotation").objects
    for pk in rows.values_list("pk", flat=True):
        rows.filter(pk=pk).update(public_id=uuid.uuid4())


class Migration(migrations.Migration):
    """Links given before end with it."""

    dependencies = [("invoices", "0006_attendee")]

    operations = [
        migrations.RemoveField("quotation", "secret"),
        migrations.AddField(
            "quotation", "link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)
        ),
        migrations.AddField("quotation", "public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
        migrations.RunPython(give_public_ids, migrations.RunPython.noop),
        migrations.AlterField(
            "quotation", "public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
        ),
    ]
