from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schedule", "0002_drafts_and_versions")]

    operations = [
        migrations.AddField(
            model_name="conflictlevel",
            name="minimum_people",
            field=models.PositiveIntegerField(blank=True, null=True),
        )
    ]
