from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0001_visits"),
    ]

    operations = [
        migrations.AddField(
            model_name="application",
            name="ended_because",
            field=models.CharField(
                blank=True, max_length=300, verbose_name="why the club took the place back"
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="kept_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="kept although the seat was lost"),
        ),
        migrations.AddField(
            model_name="application",
            name="listed_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="on the host’s list"
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="told",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
    ]
