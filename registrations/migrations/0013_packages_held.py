"""A sponsor's package has the dates of a place: by card it is held until it is paid."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def confirm_what_was_taken(apps: Any, _editor: Any) -> None:
    """Until now a package stood from the moment it was taken."""
    apps.get_model("registrations", "Sponsorship").objects.update(confirmed_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("registrations", "0012_visits")]

    operations = [
        migrations.AddField(
            model_name="sponsorship",
            name="held_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="held until"),
        ),
        migrations.AddField(
            model_name="sponsorship",
            name="takes_place",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name="sponsorship",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="confirmed"),
        ),
        migrations.RunPython(confirm_what_was_taken, migrations.RunPython.noop),
    ]
