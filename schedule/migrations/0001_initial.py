import convention.jobs.models
import convention.rich_text.clean_columns
import datetime
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import schedule.models.proposals
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "__first__"),
        ("events", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProposalSpeaker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                ("name", models.CharField(max_length=300, verbose_name="name")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("company", models.CharField(blank=True, max_length=300, verbose_name="company")),
                ("works_for_vendor", models.BooleanField(default=False, verbose_name="works for a vendor")),
                ("biography", models.TextField(blank=True, verbose_name="biography")),
                (
                    "biography_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="biography"
                    ),
                ),
            ],
            options={
                "verbose_name": "speaker of a proposal",
                "verbose_name_plural": "speakers of proposals",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CallForProposals",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=300, verbose_name="title in French")),
                ("title_en", models.CharField(blank=True, max_length=300, verbose_name="title in English")),
                ("text", models.TextField(blank=True, verbose_name="text in French")),
                (
                    "text_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="text"
                    ),
                ),
                ("text_en", models.TextField(blank=True, verbose_name="text in English")),
                (
                    "text_en_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="text_en"
                    ),
                ),
                ("opens_at", models.DateTimeField(verbose_name="opens")),
                ("closes_at", models.DateTimeField(verbose_name="closes")),
                (
                    "languages",
                    models.JSONField(
                        default=schedule.models.proposals.list_default_languages,
                        verbose_name="languages of sessions",
                    ),
                ),
                (
                    "max_per_person",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="maximum number of proposals per person"
                    ),
                ),
                (
                    "left_out_fields",
                    models.JSONField(blank=True, default=list, verbose_name="fields left out"),
                ),
                (
                    "has_neutrality_rule",
                    models.BooleanField(default=True, verbose_name="neutrality rule for vendors"),
                ),
                ("neutrality_text", models.TextField(blank=True, verbose_name="rule in French")),
                ("neutrality_text_en", models.TextField(blank=True, verbose_name="rule in English")),
                (
                    "is_blind",
                    models.BooleanField(
                        default=False, verbose_name="hide the speakers from reviewers until the decision"
                    ),
                ),
                ("mail_texts", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="call_for_proposals",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "call for proposals",
                "verbose_name_plural": "calls for proposals",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes_at__gt", models.F("opens_at"))),
                        name="call_closes_after_opening",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name in French")),
                ("name_en", models.CharField(blank=True, max_length=100, verbose_name="name in English")),
                (
                    "weight",
                    models.PositiveIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="weight",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="criteria",
                        to="schedule.callforproposals",
                    ),
                ),
            ],
            options={
                "verbose_name": "criterion",
                "verbose_name_plural": "criteria",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("weight__gte", 1)), name="criterion_has_weight"
                    )
                ],
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
            ],
            options={
                "verbose_name": "personal programme",
                "verbose_name_plural": "personal programmes",
            },
        ),
        migrations.CreateModel(
            name="ChosenSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("known_version", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "personal_agenda",
                    models.ForeignKey(
                        db_column="personalagenda_id",
                        on_delete=django.db.models.deletion.CASCADE,
                        to="schedule.personalagenda",
                    ),
                ),
            ],
            options={
                "verbose_name": "session of a personal programme",
                "verbose_name_plural": "sessions of personal programmes",
                "db_table": "schedule_personalagenda_sessions",
            },
        ),
        migrations.CreateModel(
            name="ProposalMail",
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
                            ("received", "proposal received"),
                            ("accepted", "proposal accepted"),
                            ("rejected", "proposal rejected"),
                            ("waitlisted", "proposal on the waiting list"),
                        ],
                        max_length=10,
                    ),
                ),
                ("language", models.CharField(choices=[("fr", "French"), ("en", "English")], max_length=2)),
                ("subject", models.CharField(max_length=600)),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="schedule.proposalspeaker",
                    ),
                ),
            ],
            options={
                "verbose_name": "e-mail about a proposal",
                "verbose_name_plural": "e-mails about proposals",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                ("scored_at", models.DateTimeField(blank=True, null=True)),
                ("abstained_at", models.DateTimeField(blank=True, null=True)),
                ("conflict_declared_at", models.DateTimeField(blank=True, null=True)),
                ("sales_talk_flagged_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("abstained_at", None), ("scored_at", None)),
                            models.Q(("conflict_declared_at", None), ("scored_at", None)),
                            models.Q(("abstained_at", None), ("conflict_declared_at", None)),
                            _connector="OR",
                        ),
                        name="review_scored_or_abstained",
                    )
                ],
            },
        ),
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
                    "planning_opens_at",
                    models.TimeField(blank=True, null=True, verbose_name="days begin at"),
                ),
                (
                    "planning_closes_at",
                    models.TimeField(blank=True, null=True, verbose_name="days end at"),
                ),
                (
                    "embedding_sites",
                    models.TextField(
                        blank=True,
                        default="",
                        verbose_name="websites that may embed the programme",
                    ),
                ),
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
            name="ScheduleDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("is_current", models.BooleanField(default=False)),
                ("revision", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
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
                        related_name="schedule_drafts",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "draft of the programme",
                "verbose_name_plural": "drafts of the programme",
                "ordering": ["-is_current", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("event",),
                        name="one_current_draft_per_event",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("impossible", "no timetable is possible"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("seconds", models.PositiveIntegerField(default=10, verbose_name="search time in seconds")),
                ("seed", models.PositiveIntegerField(default=1, verbose_name="seed")),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            (
                                "unplaced",
                                "Schedule the sessions that have no time; leave the others where they are",
                            ),
                            ("everything", "Plan everything that is not pinned"),
                            ("repair", "Resolve the conflicts in as few moves as possible"),
                        ],
                        default="unplaced",
                        max_length=12,
                        verbose_name="task",
                    ),
                ),
                ("stop_requested_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("costs", models.JSONField(default=dict)),
                ("reasons", models.JSONField(default=dict)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
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
                        related_name="plan_runs",
                        to="events.event",
                    ),
                ),
                (
                    "from_draft",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="schedule.scheduledraft",
                    ),
                ),
                (
                    "proposal",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plan_run",
                        to="schedule.scheduledraft",
                    ),
                ),
            ],
            options={
                "verbose_name": "run of the planner",
                "verbose_name_plural": "runs of the planner",
                "ordering": ["-pk"],
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
            name="ScheduleVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("note", models.TextField(blank=True, verbose_name="what changed")),
                (
                    "published_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="published at"),
                ),
                (
                    "is_silent",
                    models.BooleanField(default=False, verbose_name="published without notifying anybody"),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedule_versions",
                        to="events.event",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="published by",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of the programme",
                "verbose_name_plural": "versions of the programme",
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "number"), name="schedule_version_number_once_per_event"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="scheduledraft",
            name="based_on",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="schedule.scheduleversion",
            ),
        ),
        migrations.CreateModel(
            name="AgendaPrint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("options", models.JSONField(default=dict)),
                ("options_key", models.CharField(max_length=32)),
                ("fingerprint", models.CharField(max_length=32)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                ("page_count", models.PositiveIntegerField(default=0)),
                ("page_counts", models.JSONField(default=dict)),
                ("byte_count", models.PositiveIntegerField(default=0)),
                (
                    "file",
                    models.FileField(
                        blank=True, storage=convention.jobs.models.get_job_storage, upload_to="prints/"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agenda_prints",
                        to="events.event",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="schedule.scheduleversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "printed file",
                "verbose_name_plural": "printed files",
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "options_key", "fingerprint"), name="print_once_per_state"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.PositiveSmallIntegerField(verbose_name="score")),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="schedule.criterion",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="schedule.review",
                    ),
                ),
            ],
            options={
                "verbose_name": "score",
                "verbose_name_plural": "scores",
                "ordering": ["criterion"],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "criterion"), name="score_once_per_criterion"),
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 1), ("value__lte", 5)), name="score_within_scale"
                    ),
                ],
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
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("talk", "session"),
                            ("plenary", "plenary: for everyone"),
                            ("break", "break"),
                            ("blocker", "blocked time: never public"),
                        ],
                        default="talk",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("kind", models.CharField(blank=True, max_length=500, verbose_name="type")),
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
                ("sequence", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "planned_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="planned length in minutes"
                    ),
                ),
                (
                    "expected_attendance",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="expected audience"),
                ),
                ("needed_features", models.TextField(blank=True, verbose_name="required equipment")),
                (
                    "is_bookable",
                    models.BooleanField(db_default=False, default=False, verbose_name="booking required"),
                ),
                (
                    "is_for_members",
                    models.BooleanField(db_default=False, default=False, verbose_name="for members only"),
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
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="schedule.session",
                        verbose_name="comes after",
                    ),
                ),
                (
                    "published_in",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="schedule.scheduleversion",
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
                "indexes": [
                    models.Index(fields=["event", "starts_at"], name="schedule_se_event_i_66ad69_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "guid"), name="session_guid_once_per_event"),
                    models.UniqueConstraint(fields=("event", "number"), name="session_number_once_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gte", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="session_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="session_never_overbooked",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="personalagenda",
            name="sessions",
            field=models.ManyToManyField(
                blank=True,
                related_name="personal_agendas",
                through="schedule.ChosenSession",
                to="schedule.session",
            ),
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("batch", models.PositiveIntegerField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reverts", models.PositiveIntegerField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moves",
                        to="schedule.scheduledraft",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="schedule.session"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "indexes": [models.Index(fields=["draft", "batch"], name="schedule_mo_draft_i_c0c133_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "number"), name="move_number_once_per_draft")
                ],
            },
        ),
        migrations.AddField(
            model_name="chosensession",
            name="session",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="schedule.session"),
        ),
        migrations.CreateModel(
            name="SessionFormat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name in French")),
                ("name_en", models.CharField(blank=True, max_length=100, verbose_name="name in English")),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="minutes",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="formats",
                        to="schedule.callforproposals",
                    ),
                ),
            ],
            options={
                "verbose_name": "session format",
                "verbose_name_plural": "session formats",
                "ordering": ["minutes", "name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SessionProposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("form_key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("title", models.CharField(max_length=300, verbose_name="title")),
                ("abstract", models.TextField(verbose_name="abstract")),
                (
                    "abstract_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="abstract"
                    ),
                ),
                ("notes", models.TextField(blank=True, verbose_name="notes for the reviewers")),
                (
                    "language",
                    models.CharField(
                        choices=[("fr", "French"), ("en", "English")], max_length=2, verbose_name="language"
                    ),
                ),
                (
                    "is_case_study",
                    models.BooleanField(default=False, verbose_name="case study with a customer"),
                ),
                ("customer", models.CharField(blank=True, max_length=300, verbose_name="customer")),
                (
                    "contact_language",
                    models.CharField(
                        choices=[("fr", "French"), ("en", "English")], default="fr", max_length=2
                    ),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="submitted"),
                ),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("rejected_at", models.DateTimeField(blank=True, null=True)),
                ("waitlisted_at", models.DateTimeField(blank=True, null=True)),
                ("sales_talk_resolved_at", models.DateTimeField(blank=True, null=True)),
                ("sales_talk_reason", models.TextField(blank=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="schedule.callforproposals",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "format",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="proposals",
                        to="schedule.sessionformat",
                        verbose_name="format",
                    ),
                ),
                (
                    "sales_talk_resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="accepted_proposal",
                        to="schedule.session",
                    ),
                ),
            ],
            options={
                "verbose_name": "session proposal",
                "verbose_name_plural": "session proposals",
                "ordering": ["submitted_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at", None), ("rejected_at", None)),
                            models.Q(("accepted_at", None), ("waitlisted_at", None)),
                            models.Q(("rejected_at", None), ("waitlisted_at", None)),
                            _connector="OR",
                        ),
                        name="proposal_decided_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("session__isnull", True), ("accepted_at__isnull", False), _connector="OR"
                        ),
                        name="proposal_with_session_is_accepted",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="review",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reviews",
                to="schedule.sessionproposal",
            ),
        ),
        migrations.AddField(
            model_name="proposalspeaker",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="speakers",
                to="schedule.sessionproposal",
            ),
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="starts")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                ("day", models.DateField(blank=True, null=True)),
                ("is_cancelled", models.BooleanField(default=False)),
                ("is_time_pinned", models.BooleanField(default=False)),
                ("is_room_pinned", models.BooleanField(default=False)),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="schedule.scheduledraft",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.room",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="schedule.session",
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "room__position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "session"), name="session_once_per_draft"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gte", models.F("starts_at"))),
                        name="slot_ends_after_start",
                    ),
                ],
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
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail address")),
                ("company", models.CharField(blank=True, max_length=300, verbose_name="company")),
                (
                    "language",
                    models.CharField(
                        choices=[("fr", "French"), ("en", "English")],
                        db_default="fr",
                        default="fr",
                        max_length=2,
                        verbose_name="language of e-mails",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="speakers",
                        to="events.event",
                    ),
                ),
                (
                    "person",
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
                "verbose_name": "speaker",
                "verbose_name_plural": "speakers",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "guid"), name="speaker_guid_once_per_event")
                ],
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
                    "part",
                    models.CharField(
                        choices=[("speaker", "speaker"), ("chair", "chair")],
                        default="speaker",
                        max_length=10,
                        verbose_name="part",
                    ),
                ),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                ("declined_at", models.DateTimeField(blank=True, null=True, verbose_name="declined")),
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
                "constraints": [
                    models.UniqueConstraint(fields=("session", "speaker"), name="speaker_once_per_session"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_at__isnull", True), ("declined_at__isnull", True), _connector="OR"
                        ),
                        name="speaker_confirmed_or_declined",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SessionFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("content_type", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                ("byte_count", models.PositiveIntegerField(default=0)),
                ("digest", models.CharField(max_length=64)),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("consented_at", models.DateTimeField(blank=True, null=True)),
                ("consent_version", models.PositiveIntegerField(blank=True, null=True)),
                ("hidden_at", models.DateTimeField(blank=True, null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="schedule.session",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="schedule.speaker",
                    ),
                ),
            ],
            options={
                "verbose_name": "session file",
                "verbose_name_plural": "session files",
                "ordering": ["uploaded_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "speaker", "digest"), name="session_file_once_per_speaker"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("consented_at__isnull", True),
                            ("consent_version__isnull", False),
                            _connector="OR",
                        ),
                        name="session_file_consent_has_version",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="session",
            name="speakers",
            field=models.ManyToManyField(
                related_name="sessions", through="schedule.SessionSpeaker", to="schedule.speaker"
            ),
        ),
        migrations.AddField(
            model_name="proposalspeaker",
            name="speaker",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="schedule.speaker",
            ),
        ),
        migrations.CreateModel(
            name="Availability",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="starts")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("can", "available"),
                            ("rather_not", "rather not"),
                            ("cannot", "not available"),
                        ],
                        default="cannot",
                        max_length=10,
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availabilities",
                        to="events.room",
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availabilities",
                        to="schedule.speaker",
                    ),
                ),
            ],
            options={
                "verbose_name": "availability",
                "verbose_name_plural": "availabilities",
                "ordering": ["starts_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("room__isnull", True), ("speaker__isnull", False)),
                            models.Q(("room__isnull", False), ("speaker__isnull", True)),
                            _connector="OR",
                        ),
                        name="availability_of_speaker_or_room",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="availability_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpeakerLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("requested_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "speaker",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="link",
                        to="schedule.speaker",
                    ),
                ),
            ],
            options={
                "verbose_name": "link of a speaker",
                "verbose_name_plural": "links of speakers",
            },
        ),
        migrations.CreateModel(
            name="SpeakerMailing",
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
                            ("request", "ask for availability"),
                            ("reminder", "remind those who have not answered"),
                            ("message", "message"),
                        ],
                        default="message",
                        max_length=10,
                    ),
                ),
                ("audience", models.JSONField(default=dict)),
                ("subject_fr", models.CharField(blank=True, max_length=200)),
                ("text_fr", models.TextField(blank=True, max_length=20000)),
                ("subject_en", models.CharField(blank=True, max_length=200)),
                ("text_en", models.TextField(blank=True, max_length=20000)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="speaker_mailings",
                        to="events.event",
                    ),
                ),
                (
                    "sent_by",
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
                "verbose_name": "e-mail to speakers",
                "verbose_name_plural": "e-mails to speakers",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="SpeakerMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="schedule.speaker",
                    ),
                ),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="schedule.speakermailing",
                    ),
                ),
            ],
            options={
                "verbose_name": "e-mail to a speaker",
                "verbose_name_plural": "e-mails to one speaker",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("mailing", "speaker"), name="speaker_once_per_mailing")
                ],
            },
        ),
        migrations.CreateModel(
            name="SpeakerPhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=16)),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("consented_at", models.DateTimeField(blank=True, null=True)),
                ("consent_version", models.PositiveIntegerField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "speaker",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photo",
                        to="schedule.speaker",
                    ),
                ),
            ],
            options={
                "verbose_name": "photograph of a speaker",
                "verbose_name_plural": "photographs of speakers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("consented_at__isnull", True),
                            ("consent_version__isnull", False),
                            _connector="OR",
                        ),
                        name="speaker_photo_consent_has_version",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at__isnull", True),
                            ("withdrawn_at__gte", models.F("consented_at")),
                            _connector="OR",
                        ),
                        name="speaker_photo_withdrawn_after_consent",
                    ),
                ],
            },
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
                "constraints": [
                    models.UniqueConstraint(fields=("event", "name"), name="track_name_once_per_event")
                ],
            },
        ),
        migrations.AddField(
            model_name="sessionproposal",
            name="track",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="schedule.track",
                verbose_name="track",
            ),
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
        migrations.AddField(
            model_name="callforproposals",
            name="tracks",
            field=models.ManyToManyField(
                blank=True, related_name="+", to="schedule.track", verbose_name="tracks"
            ),
        ),
        migrations.CreateModel(
            name="VersionSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("session_guid", models.UUIDField()),
                ("title", models.CharField(max_length=2000)),
                ("room_name", models.CharField(blank=True, max_length=500)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("is_cancelled", models.BooleanField(default=False)),
                ("is_for_members", models.BooleanField(db_default=False, default=False)),
                (
                    "room",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.room",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="schedule.session",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="schedule.scheduleversion",
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "session_guid"), name="session_once_per_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DayHours",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="day")),
                ("opens_at", models.TimeField(blank=True, null=True, verbose_name="begins at")),
                ("closes_at", models.TimeField(blank=True, null=True, verbose_name="ends at")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="day_hours",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "hours of one day",
                "verbose_name_plural": "hours of single days",
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "number"), name="hours_once_per_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="WalkingTime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_zone", models.CharField(max_length=100, verbose_name="first zone")),
                ("to_zone", models.CharField(max_length=100, verbose_name="second zone")),
                ("minutes", models.PositiveIntegerField(verbose_name="minutes")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="walking_times",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "walking time",
                "verbose_name_plural": "walking times",
                "ordering": ["from_zone", "to_zone"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "from_zone", "to_zone"), name="walking_time_once_per_zones"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConflictLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("block", "prevents publishing"),
                            ("warn", "warning only"),
                            ("ignore", "ignored"),
                        ],
                        max_length=10,
                    ),
                ),
                ("minutes", models.PositiveIntegerField(blank=True, null=True)),
                ("minimum_people", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conflict_levels",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "level of conflicts",
                "verbose_name_plural": "levels of conflicts",
                "ordering": ["kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "kind"), name="conflict_level_once_per_kind")
                ],
            },
        ),
        migrations.AlterUniqueTogether(
            name="chosensession",
            unique_together={("personal_agenda", "session")},
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                fields=("proposal", "reviewer"), name="review_once_per_reviewer"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposalspeaker",
            constraint=models.UniqueConstraint(
                fields=("proposal", "position"), name="proposal_speaker_once_per_position"
            ),
        ),
    ]
