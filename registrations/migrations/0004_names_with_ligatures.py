"""Œ, Æ, Ł, Ø are sorted and found as OE, AE, L, O: what lists are sorted by is written again."""

from typing import Any

from django.db import migrations

from convention.text import fold

FIELDS = ["sort_name", "search"]
CHUNK = 1000


def fold_again(apps: Any, _editor: Any) -> None:
    """Write both fields of each registration whose names fold otherwise now."""
    rows = apps.get_model("registrations", "Registration").objects
    changed = []
    for row in rows.iterator(CHUNK):
        before = row.sort_name, row.search
        row.sort_name = fold(f"{row.last_name} {row.first_name}")[:100]
        row.search = fold(f"{row.first_name} {row.last_name} {row.company} {row.email} {row.reference}")
        if before != (row.sort_name, row.search):
            changed.append(row)
    rows.bulk_update(changed, FIELDS, batch_size=CHUNK)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0003_deliveries")]

    operations = [migrations.RunPython(fold_again, migrations.RunPython.noop)]
