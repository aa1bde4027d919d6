"""Sessions and speakers hold the clean HTML of their texts, which was made for each reader before."""

from django.db import migrations

import schedule.clean_html
from schedule.prose import to_html

TEXTS = {"Session": ("abstract", "description"), "Speaker": ("biography",)}
AT_ONCE = 200


def clean_texts(apps, schema_editor):
    """Make the HTML of the texts that are there."""
    for name, texts in TEXTS.items():
        rows = apps.get_model("schedule", name)._base_manager
        for row in rows.only("pk", *texts).iterator(chunk_size=AT_ONCE):
            made = {f"{text}_html": to_html(getattr(row, text)) for text in texts}
            if any(made.values()):
                rows.filter(pk=row.pk).update(**made)


class Migration(migrations.Migration):
    dependencies = [("schedule", "0002_bookable_sessions")]

    operations = [
        migrations.AddField(
            "session",
            "abstract_html",
            schedule.clean_html.CleanHtmlField(source="abstract"),
        ),
        migrations.AddField(
            "session",
            "description_html",
            schedule.clean_html.CleanHtmlField(source="description"),
        ),
        migrations.AddField(
            "speaker",
            "biography_html",
            schedule.clean_html.CleanHtmlField(source="biography"),
        ),
        migrations.RunPython(clean_texts, migrations.RunPython.noop),
    ]
