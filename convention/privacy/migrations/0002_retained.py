from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_privacy")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="retained",
            field=models.JSONField(db_default=[], default=list, editable=False),
        ),
        migrations.AddField(
            model_name="case",
            name="mentions",
            field=models.JSONField(db_default=[], default=list, editable=False),
        ),
    ]
