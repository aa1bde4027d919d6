import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "__first__"),
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
        ("schedule", "0001_initial"),
        ("visits", "0001_initial"),
    ]

    operations = [
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
                            ("meal", "meal"),
                            ("visit", "visit"),
                            ("assembly", "general meeting"),
                            ("coach", "coach"),
                            ("exit", "exit"),
                            ("other", "other"),
                        ],
                        default="entrance",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="opens")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="closes")),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="capacity")),
                (
                    "alarm_percent",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="alert at (% of capacity)",
                    ),
                ),
                ("is_strict", models.BooleanField(default=False, verbose_name="online only")),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "addon",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="registrations.addon",
                        verbose_name="included in this add-on",
                    ),
                ),
                (
                    "counts_as",
                    models.ForeignKey(
                        blank=True,
                        help_text="People scanned here count as present at the checkpoint you choose, for example if this is a second gate of the same entrance.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="gates",
                        to="attendance.checkpoint",
                        verbose_name="counts as",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checkpoints",
                        to="events.event",
                    ),
                ),
                (
                    "ride",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="visits.ride",
                        verbose_name="ride",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="schedule.session",
                    ),
                ),
                (
                    "tickets",
                    models.ManyToManyField(
                        blank=True,
                        related_name="+",
                        to="registrations.ticket",
                        verbose_name="included in these tickets",
                    ),
                ),
            ],
            options={
                "verbose_name": "checkpoint",
                "verbose_name_plural": "checkpoints",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "name"), name="checkpoint_name_once_per_event"),
                    models.UniqueConstraint(
                        condition=models.Q(("session__isnull", False)),
                        fields=("session",),
                        name="one_checkpoint_per_session",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ride__isnull", False)),
                        fields=("ride",),
                        name="one_checkpoint_per_ride",
                    ),
                ],
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
                ("public_key", models.BinaryField(null=True)),
                (
                    "pairing_code_hash",
                    models.CharField(editable=False, max_length=64, null=True, unique=True),
                ),
                ("pairing_code_expires_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="paired")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="last seen")),
                ("state", models.JSONField(default=dict, editable=False)),
                ("is_desk", models.BooleanField(default=False, editable=False)),
                (
                    "can_override",
                    models.BooleanField(db_default=False, default=False, verbose_name="a supervisor’s"),
                ),
                (
                    "can_change_checkpoint",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="may change its checkpoint"
                    ),
                ),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to="attendance.checkpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="devices", to="events.event"
                    ),
                ),
                (
                    "paired_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_desk", True)),
                        fields=("checkpoint",),
                        name="one_desk_per_checkpoint",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CapacityLease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("places", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leases",
                        to="attendance.checkpoint",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="attendance.device"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("checkpoint", "device"), name="one_lease_per_device_and_door"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PairingInvitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("can_override", models.BooleanField(default=False)),
                ("can_change_checkpoint", models.BooleanField(db_default=False, default=False)),
                ("nonce", models.CharField(editable=False, max_length=64)),
                ("used_count", models.PositiveIntegerField(default=0)),
                ("code_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="attendance.checkpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "shown_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "pairing code",
                "verbose_name_plural": "pairing codes",
            },
        ),
        migrations.AddField(
            model_name="device",
            name="invitation",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="devices",
                to="attendance.pairinginvitation",
            ),
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
                (
                    "checkpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to="attendance.checkpoint",
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
                    "last_checkpoint",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="attendance.checkpoint",
                    ),
                ),
                (
                    "last_device",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="attendance.device",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("sequence__isnull", False)),
                        fields=["checkpoint", "sequence"],
                        name="presence_numbered",
                    ),
                    models.Index(
                        condition=models.Q(("sequence__isnull", True)),
                        fields=["event"],
                        name="presence_to_number",
                    ),
                    models.Index(fields=["checkpoint", "entries"], name="presence_who_came"),
                    models.Index(
                        condition=models.Q(("is_inside", True)),
                        fields=["checkpoint", "last_entered_at"],
                        name="presence_who_is_inside",
                    ),
                    models.Index(
                        fields=["registration", "entries", "is_inside", "checkpoint"],
                        name="attendance__registr_e578ab_idx",
                    ),
                    models.Index(
                        condition=models.Q(("has_conflict", True)),
                        fields=["event", "checkpoint"],
                        name="conflicts",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("checkpoint", "registration"), name="one_presence_per_door"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_inside", False), ("last_entered_at__isnull", False), _connector="OR"
                        ),
                        name="inside_since_an_entry",
                    ),
                ],
            },
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
                ("let_in", models.BooleanField(default=False)),
                ("undoes", models.UUIDField(null=True)),
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
                    "delivered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="attendance.device",
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
                "indexes": [
                    models.Index(
                        fields=["registration", "checkpoint", "effective_at"],
                        name="attendance__registr_2e7fb8_idx",
                    ),
                    models.Index(
                        fields=["checkpoint", "effective_at"], name="attendance__checkpo_e38d5f_idx"
                    ),
                    models.Index(fields=["device", "device_sequence"], name="scans_of_device"),
                    models.Index(
                        condition=models.Q(("undoes__isnull", False)),
                        fields=["event", "undoes"],
                        name="scans_undone",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("event", "uid"), name="scan_once_per_event")],
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
                            ("duplicate", "same person, recorded twice"),
                            ("wrong_badge", "another person’s badge"),
                            ("misuse", "misuse"),
                        ],
                        max_length=20,
                        verbose_name="explanation",
                    ),
                ),
                ("operator", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("resolved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="attendance.device",
                    ),
                ),
                (
                    "scan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resolution",
                        to="attendance.scan",
                    ),
                ),
            ],
            options={
                "verbose_name": "resolution",
                "verbose_name_plural": "resolutions",
            },
        ),
    ]
