"""Add what holders of session bookings were told of the room, and links of personal agendas."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Subquery


def set_notified_rooms(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Set the rooms that sessions have now: else every holder would be told of a change."""
    sessions = apps.get_model("schedule", "Session").objects.filter(pk=OuterRef("session"))
    bookings = apps.get_model("registrations", "SessionBooking").objects
    bookings.update(notified_room=Subquery(sessions.values("room")))


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0002_room_planning"),
        ("registrations", "0002_delete_catalog_version"),
        ("schedule", "0002_drafts_and_versions"),
    ]
    operations = [
        migrations.AddField(
            model_name="sessionbooking",
            name="notified_room",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="events.room",
            ),
        ),
        migrations.RunPython(set_notified_rooms, migrations.RunPython.noop),
        migrations.CreateModel(
            name="AgendaLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("notified_version", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "personal_agenda",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="schedule.personalagenda",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agenda_links",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "link of a personal agenda",
                "verbose_name_plural": "links of personal agendas",
            },
        ),
    ]
