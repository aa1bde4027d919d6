import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BadgePrint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("badge_version", models.PositiveIntegerField()),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("lost", "lost or left at home"),
                            ("damaged", "damaged"),
                            ("corrected", "name or company corrected"),
                            ("printer", "the printer failed"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("printed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "printed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="badge_prints",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "printed badge",
                "verbose_name_plural": "printed badges",
                "ordering": ["-printed_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeskDevice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                (
                    "enabled_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="enabled"),
                ),
                ("seen_at", models.DateTimeField(null=True, verbose_name="last seen")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "enabled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="desk_devices",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "desk device",
                "verbose_name_plural": "desk devices",
                "ordering": ["-enabled_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeskEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField()),
                ("kind", models.CharField(max_length=20)),
                ("made_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("conflict", "To check"),
                            ("refused", "Could not be recorded"),
                            ("resolved", "Resolved"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sentence", models.CharField(blank=True, max_length=500)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="desk.deskdevice",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of a desk device",
                "verbose_name_plural": "entries of desk devices",
                "constraints": [
                    models.UniqueConstraint(fields=("event", "uid"), name="desk_entry_once_per_event")
                ],
            },
        ),
        migrations.CreateModel(
            name="SpareBadge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=13, unique=True)),
                ("leased_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("bound_at", models.DateTimeField(null=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spare_badges",
                        to="desk.deskdevice",
                    ),
                ),
            ],
            options={
                "verbose_name": "spare badge",
                "verbose_name_plural": "spare badges",
                "indexes": [
                    models.Index(
                        condition=models.Q(("bound_at__isnull", True)),
                        fields=["device"],
                        name="spare_badge_unbound",
                    )
                ],
            },
        ),
    ]
