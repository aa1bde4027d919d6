"""An apostrophe or a hyphen in a name is a space to searches and lists: what they go by is written again."""

from typing import Any

from django.db import migrations

from convention.findable import fold_again
from convention.text import filed


def _file(row: Any) -> None:
    row.sort_name = filed(f"{row.last_name} {row.first_name}")[:100]
    row.search = filed(f"{row.first_name} {row.last_name} {row.company} {row.email} {row.reference}")


def fold_names(apps: Any, _editor: Any) -> None:
    """Write both fields of each registration whose names are filed otherwise now."""
    fold_again(apps.get_model("registrations", "Registration"), ("search", "sort_name"), _file)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0013_packages_held")]

    operations = [migrations.RunPython(fold_names, migrations.RunPython.noop)]
