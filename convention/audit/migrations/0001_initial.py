import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="at")),
                ("channel", models.CharField(default="page", max_length=20, verbose_name="channel")),
                ("verb", models.CharField(max_length=60, verbose_name="action")),
                ("event", models.CharField(blank=True, db_index=True, max_length=80, verbose_name="event")),
                ("subject", models.CharField(max_length=120, verbose_name="subject")),
                ("fields", models.JSONField(blank=True, default=list, verbose_name="fields")),
                ("details", models.JSONField(blank=True, default=dict, verbose_name="details")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ["-created_at", "-pk"],
            },
        ),
    ]
