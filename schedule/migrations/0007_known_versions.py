"""Add which version was public when a session was chosen, and which versions notified nobody."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

# The table exists already: so far Django made it for the relation.
CREATE_MODEL = migrations.CreateModel(
    name="ChosenSession",
    fields=[
        (
            "id",
            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
        ),
        (
            "personal_agenda",
            models.ForeignKey(
                db_column="personalagenda_id",
                on_delete=django.db.models.deletion.CASCADE,
                to="schedule.personalagenda",
            ),
        ),
        (
            "session",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="schedule.session"),
        ),
    ],
    options={
        "verbose_name": "session of a personal agenda",
        "verbose_name_plural": "sessions of personal agendas",
        "db_table": "schedule_personalagenda_sessions",
        "unique_together": {("personal_agenda", "session")},
    },
)


def set_known_versions(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Set the version that was public when the agenda was created: when its sessions were chosen is unknown."""
    choices = apps.get_model("schedule", "ChosenSession").objects
    versions = apps.get_model("schedule", "ScheduleVersion").objects.filter(
        event__personal_agendas=OuterRef("personal_agenda"),
        published_at__lte=F("event__personal_agendas__created_at"),
    )
    known = Subquery(versions.order_by("-number").values("number")[:1])
    choices.update(known_version=Coalesce(known, 0))


class Migration(migrations.Migration):
    dependencies = [("schedule", "0006_speakers_side")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                CREATE_MODEL,
                migrations.AlterField(
                    model_name="personalagenda",
                    name="sessions",
                    field=models.ManyToManyField(
                        blank=True,
                        related_name="personal_agendas",
                        through="schedule.ChosenSession",
                        to="schedule.session",
                    ),
                ),
            ]
        ),
        migrations.AddField(
            model_name="chosensession",
            name="known_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="scheduleversion",
            name="is_silent",
            field=models.BooleanField(default=False, verbose_name="published without notifying anybody"),
        ),
        migrations.RunPython(set_known_versions, migrations.RunPython.noop),
    ]
