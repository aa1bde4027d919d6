"""Start the sequence of each calendar entry above what it was: the programme's or the event's counter.

Calendar programs ignore an entry with a lower SEQUENCE than the one they have.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def set_sequences(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    sessions = apps.get_model("schedule", "Session").objects
    schedules = apps.get_model("schedule", "Schedule").objects
    # Calendars of orders had the event's own counter.
    for event_id, *numbers in schedules.values_list("event", "revision", "event__sequence"):
        sessions.filter(event=event_id, starts_at__isnull=False).update(sequence=max(numbers))


class Migration(migrations.Migration):
    dependencies = [("schedule", "0002_drafts_and_versions")]
    operations = [migrations.RunPython(set_sequences, migrations.RunPython.noop)]
