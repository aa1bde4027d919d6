from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schedule", "0010_schedule_embedding_sites")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="is_for_members",
            field=models.BooleanField(db_default=False, default=False, verbose_name="for members only"),
        ),
        migrations.AddField(
            model_name="versionslot",
            name="is_for_members",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
