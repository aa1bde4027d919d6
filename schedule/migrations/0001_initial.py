import datetime
import django.db.models.deletion
import convention.rich_text.clean_columns
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(blank=True, max_length=200, verbose_name="version")),
                ("revision", models.PositiveIntegerField(default=0, editable=False)),
                ("changed_at", models.DateTimeField(auto_now_add=True)),
                ("acronym", models.CharField(blank=True, max_length=100)),
                ("base_url", models.URLField(blank=True, max_length=500)),
                (
                    "day_starts_at",
                    models.TimeField(default=datetime.time(6, 0), verbose_name="the day starts at"),
                ),
                ("slot_minutes", models.PositiveIntegerField(default=5)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedule",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "schedule",
                "verbose_name_plural": "schedules",
            },
        ),
        migrations.CreateModel(
            name="ScheduleUpload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=43, unique=True)),
                ("name", models.CharField(max_length=300)),
                ("content", models.BinaryField()),
                ("report", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "schedule file",
                "verbose_name_plural": "schedule files",
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="places")),
                ("reserved", models.PositiveIntegerField(default=0, editable=False)),
                ("guid", models.UUIDField(default=uuid.uuid4)),
                ("number", models.PositiveIntegerField(help_text="The id of the frab formats.")),
                ("source_id", models.CharField(blank=True, max_length=1000)),
                ("slug", models.CharField(blank=True, max_length=500)),
                ("title", models.CharField(max_length=2000, verbose_name="title")),
                ("subtitle", models.CharField(blank=True, max_length=2000, verbose_name="subtitle")),
                ("kind", models.CharField(blank=True, max_length=500, verbose_name="kind")),
                ("language", models.CharField(blank=True, max_length=200, verbose_name="language")),
                ("abstract", models.TextField(blank=True, verbose_name="abstract")),
                (
                    "abstract_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="abstract"
                    ),
                ),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "description_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="description"
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="starts")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                ("day", models.DateField(blank=True, null=True, verbose_name="day of the programme")),
                ("url", models.URLField(blank=True, max_length=2000)),
                ("recording_license", models.CharField(blank=True, max_length=1000)),
                ("recording_optout", models.BooleanField(default=False)),
                ("links", models.JSONField(blank=True, default=list)),
                ("attachments", models.JSONField(blank=True, default=list)),
                ("extra", models.JSONField(blank=True, default=dict)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled")),
                (
                    "is_bookable",
                    models.BooleanField(db_default=False, default=False, verbose_name="booking required"),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="events.event",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sessions",
                        to="events.room",
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "ordering": ["starts_at", "room__position", "title", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PersonalAgenda",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="personal_agendas",
                        to="events.event",
                    ),
                ),
                (
                    "sessions",
                    models.ManyToManyField(
                        blank=True, related_name="personal_agendas", to="schedule.session"
                    ),
                ),
            ],
            options={
                "verbose_name": "personal agenda",
                "verbose_name_plural": "personal agendas",
            },
        ),
        migrations.CreateModel(
            name="Speaker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("guid", models.UUIDField(default=uuid.uuid4)),
                ("source_id", models.CharField(blank=True, max_length=1000)),
                ("name", models.CharField(max_length=1000, verbose_name="name")),
                ("biography", models.TextField(blank=True, verbose_name="biography")),
                (
                    "biography_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="biography"
                    ),
                ),
                ("url", models.URLField(blank=True, max_length=2000)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="speakers",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "speaker",
                "verbose_name_plural": "speakers",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="SessionSpeaker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appearances",
                        to="schedule.session",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appearances",
                        to="schedule.speaker",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="session",
            name="speakers",
            field=models.ManyToManyField(
                related_name="sessions", through="schedule.SessionSpeaker", to="schedule.speaker"
            ),
        ),
        migrations.CreateModel(
            name="Track",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=500, verbose_name="name")),
                ("slug", models.SlugField(max_length=80)),
                ("color", models.CharField(blank=True, max_length=7, verbose_name="colour")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tracks", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "track",
                "verbose_name_plural": "tracks",
                "ordering": ["position", "name"],
            },
        ),
        migrations.AddField(
            model_name="session",
            name="track",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="sessions",
                to="schedule.track",
            ),
        ),
        migrations.AddConstraint(
            model_name="speaker",
            constraint=models.UniqueConstraint(fields=("event", "guid"), name="speaker_guid_once_per_event"),
        ),
        migrations.AddConstraint(
            model_name="sessionspeaker",
            constraint=models.UniqueConstraint(
                fields=("session", "speaker"), name="speaker_once_per_session"
            ),
        ),
        migrations.AddConstraint(
            model_name="track",
            constraint=models.UniqueConstraint(fields=("event", "name"), name="track_name_once_per_event"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["event", "starts_at"], name="schedule_se_event_i_66ad69_idx"),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.UniqueConstraint(fields=("event", "guid"), name="session_guid_once_per_event"),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.UniqueConstraint(
                fields=("event", "number"), name="session_number_once_per_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__isnull", True), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                ),
                name="session_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("capacity__isnull", True), ("reserved__lte", models.F("capacity")), _connector="OR"
                ),
                name="session_never_overbooked",
            ),
        ),
    ]
