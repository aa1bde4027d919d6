import django.utils.timezone
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
        ("schedule", "0001_initial"),
        ("visits", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("entrance", "entrance"),
                            ("session", "session"),
                            ("coach", "coach"),
                            ("exit", "way out"),
                            ("other", "other"),
                        ],
                        default="entrance",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="opens")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="closes")),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="capacity")),
                ("is_strict", models.BooleanField(default=False, verbose_name="online only")),
                ("position", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "checkpoint",
                "verbose_name_plural": "checkpoints",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ConflictResolution",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reentry", "left without a scan and came back"),
                            ("wrong_badge", "another person’s badge"),
                            ("misuse", "misuse"),
                        ],
                        max_length=20,
                        verbose_name="what it was",
                    ),
                ),
                ("resolved_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "resolution",
                "verbose_name_plural": "resolutions",
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="paired")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="last seen")),
                ("is_desk", models.BooleanField(default=False, editable=False)),
                (
                    "can_override",
                    models.BooleanField(db_default=False, default=False, verbose_name="a supervisor’s"),
                ),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_inside", models.BooleanField(default=False)),
                ("first_entered_at", models.DateTimeField(null=True)),
                ("last_entered_at", models.DateTimeField(null=True)),
                ("last_left_at", models.DateTimeField(null=True)),
                ("seconds_inside", models.PositiveIntegerField(default=0)),
                ("entries", models.PositiveIntegerField(default=0)),
                ("has_conflict", models.BooleanField(default=False)),
                ("last_scan_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sequence", models.PositiveBigIntegerField(editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PresenceCounter",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="events.event",
                    ),
                ),
                ("last", models.PositiveBigIntegerField(default=0)),
                ("restarted_at", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="counts_as",
            field=models.ForeignKey(
                blank=True,
                help_text="People scanned here count as present at that checkpoint, for example at a second gate of the entrance.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="gates",
                to="attendance.checkpoint",
                verbose_name="counts as",
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="event",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="checkpoints", to="events.event"
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="ride",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="visits.ride",
                verbose_name="ride",
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="session",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="schedule.session",
            ),
        ),
        migrations.AddField(
            model_name="conflictresolution",
            name="resolved_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="checkpoint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="devices",
                to="attendance.checkpoint",
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="event",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="devices", to="events.event"
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="paired_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="checkpoint",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="presences",
                to="attendance.checkpoint",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="event",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="events.event",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="last_device",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="attendance.device",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="registration",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="registrations.registration",
            ),
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField()),
                ("code_hash", models.CharField(blank=True, max_length=64)),
                ("payload_hash", models.CharField(max_length=64)),
                ("direction", models.CharField(choices=[("in", "in"), ("out", "out")], max_length=3)),
                ("scanned_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("effective_at", models.DateTimeField()),
                ("is_time_uncertain", models.BooleanField(default=False)),
                ("is_offline", models.BooleanField(default=False)),
                ("clock_offset_ms", models.IntegerField(null=True)),
                ("device_sequence", models.BigIntegerField(null=True)),
                ("snapshot", models.BigIntegerField(null=True)),
                ("local_verdict", models.CharField(blank=True, max_length=20)),
                ("operator", models.CharField(blank=True, max_length=100)),
                ("override_reason", models.CharField(blank=True, max_length=300)),
                ("verdict", models.CharField(max_length=20)),
                ("reason", models.CharField(blank=True, max_length=20)),
                (
                    "checkpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="attendance.checkpoint",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="attendance.device",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "scan",
                "verbose_name_plural": "scans",
            },
        ),
        migrations.AddField(
            model_name="conflictresolution",
            name="scan",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="resolution", to="attendance.scan"
            ),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(
                fields=("event", "name"), name="checkpoint_name_once_per_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("session__isnull", False)),
                fields=("session",),
                name="one_checkpoint_per_session",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ride__isnull", False)), fields=("ride",), name="one_checkpoint_per_ride"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_desk", True)), fields=("checkpoint",), name="one_desk_per_checkpoint"
            ),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                condition=models.Q(("sequence__isnull", False)),
                fields=["checkpoint", "sequence"],
                name="presence_numbered",
            ),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                condition=models.Q(("sequence__isnull", True)), fields=["event"], name="presence_to_number"
            ),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(fields=["checkpoint", "entries"], name="presence_who_came"),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                condition=models.Q(("is_inside", True)),
                fields=["checkpoint", "last_entered_at"],
                name="presence_who_is_inside",
            ),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                fields=["registration", "entries", "is_inside", "checkpoint"],
                name="attendance__registr_e578ab_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                condition=models.Q(("has_conflict", True)), fields=["event", "checkpoint"], name="conflicts"
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(
                fields=("checkpoint", "registration"), name="one_presence_per_door"
            ),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                fields=["registration", "checkpoint", "effective_at"], name="attendance__registr_2e7fb8_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(fields=["checkpoint", "effective_at"], name="attendance__checkpo_e38d5f_idx"),
        ),
        migrations.AddConstraint(
            model_name="scan",
            constraint=models.UniqueConstraint(fields=("device", "uid"), name="scan_once_per_device"),
        ),
    ]
