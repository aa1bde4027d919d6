import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "0001_initial"),
        ("club", "__first__"),
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Debrief",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="debrief")),
                ("lessons_learned", models.TextField(blank=True, verbose_name="what the club learned")),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("signatories", "people who attended and accepted the confidentiality terms"),
                            ("members", "all members"),
                        ],
                        default="signatories",
                        max_length=20,
                        verbose_name="audience",
                    ),
                ),
                (
                    "visible_from",
                    models.DateTimeField(blank=True, null=True, verbose_name="visible to its audience from"),
                ),
                (
                    "host_approved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="approved by the host"),
                ),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="published")),
            ],
            options={
                "verbose_name": "debrief",
                "verbose_name_plural": "debriefs",
            },
        ),
        migrations.CreateModel(
            name="HostContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="added")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
            ],
            options={
                "verbose_name": "contact at the host’s",
                "verbose_name_plural": "contacts at the host’s",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "applied_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="applied"),
                ),
                ("refused_at", models.DateTimeField(blank=True, null=True, verbose_name="refused")),
                ("refusal_reasons", models.JSONField(blank=True, default=list, verbose_name="reasons")),
                (
                    "exception_granted_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="place kept although the seat was lost"
                    ),
                ),
                (
                    "listed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="on the host’s list"
                    ),
                ),
                ("sent_mails", models.JSONField(blank=True, default=list, editable=False)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                (
                    "revocation_reason",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="reason the place was withdrawn"
                    ),
                ),
                (
                    "host_refused_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="refused by the host"),
                ),
                (
                    "proposed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="proposed to the host"
                    ),
                ),
                (
                    "host_approved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="approved by the host"),
                ),
                ("identity_requested_at", models.DateTimeField(editable=False, null=True)),
                ("identity_reminded_at", models.DateTimeField(editable=False, null=True)),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="club.company",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "registration",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="application",
                        to="registrations.registration",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replacements",
                        to="visits.application",
                    ),
                ),
                (
                    "waiting_entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="application",
                        to="registrations.waitingentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "application",
                "verbose_name_plural": "applications",
                "ordering": ["applied_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="DebriefNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(verbose_name="note")),
                (
                    "written_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="written"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="visits.application",
                    ),
                ),
                (
                    "debrief",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="visits.debrief"
                    ),
                ),
            ],
            options={
                "verbose_name": "note of a debrief",
                "verbose_name_plural": "notes of a debrief",
                "ordering": ["written_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="HostLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="visits.hostcontact",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in link of a host",
                "verbose_name_plural": "sign-in links of hosts",
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("encrypted_data", models.BinaryField()),
                ("field_names", models.JSONField(default=list, editable=False)),
                (
                    "written_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="written"),
                ),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity",
                        to="visits.application",
                    ),
                ),
            ],
            options={
                "verbose_name": "identity",
                "verbose_name_plural": "identities",
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "security_name",
                    models.CharField(blank=True, max_length=200, verbose_name="security contact"),
                ),
                (
                    "security_email",
                    models.EmailField(blank=True, max_length=254, verbose_name="their address"),
                ),
                (
                    "lock_working_days",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MaxValueValidator(60)],
                        verbose_name="working days before the visit when the list is locked",
                    ),
                ),
                (
                    "identity_fields",
                    models.JSONField(
                        blank=True, default=list, verbose_name="what the host needs to know about visitors"
                    ),
                ),
                (
                    "identity_days_before",
                    models.PositiveSmallIntegerField(
                        default=21,
                        validators=[django.core.validators.MaxValueValidator(120)],
                        verbose_name="days before the visit when these details are first requested",
                    ),
                ),
                ("briefing", models.TextField(blank=True, verbose_name="safety briefing")),
                ("briefing_en", models.TextField(blank=True, verbose_name="safety briefing in English")),
                ("embargo_until", models.DateTimeField(blank=True, null=True, verbose_name="embargo until")),
                (
                    "agreed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="agreed with the host"),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="applications closed"),
                ),
                ("locked_at", models.DateTimeField(blank=True, null=True, verbose_name="list locked")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="list sent")),
                (
                    "debriefed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="debrief published"),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="called off")),
                ("cancellation_reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "moved_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="dates changed"),
                ),
                ("purged_at", models.DateTimeField(blank=True, null=True, verbose_name="identities removed")),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "visit",
                "verbose_name_plural": "visits",
                "ordering": ["event__starts_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Ride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="places")),
                ("reserved", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "direction",
                    models.CharField(
                        choices=[("out", "to the site"), ("back", "return")],
                        max_length=10,
                        verbose_name="direction",
                    ),
                ),
                ("meeting_point", models.CharField(max_length=300, verbose_name="meeting point")),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                ("leaves_at", models.DateTimeField(verbose_name="leaves")),
                ("arrives_at", models.DateTimeField(blank=True, null=True, verbose_name="arrives")),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rides", to="visits.visit"
                    ),
                ),
            ],
            options={
                "verbose_name": "ride",
                "verbose_name_plural": "rides",
                "ordering": ["leaves_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="ride_never_overfull",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="what to see")),
                ("host_name", models.CharField(blank=True, max_length=200, verbose_name="host")),
                ("motivation", models.TextField(blank=True, verbose_name="why it is worth visiting")),
                ("is_from_host", models.BooleanField(default=False, verbose_name="proposed by the host")),
                (
                    "proposed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="proposed"),
                ),
                ("set_aside_at", models.DateTimeField(blank=True, null=True, verbose_name="set aside")),
                ("set_aside_reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "members_notified_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="interested members informed"),
                ),
                (
                    "host",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="club.company",
                        verbose_name="host",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by_host",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="visits.hostcontact",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposal",
                        to="visits.visit",
                        verbose_name="visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "visit proposal",
                "verbose_name_plural": "visit proposals",
                "ordering": ["-proposed_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="NdaText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("text", models.TextField(verbose_name="text")),
                ("text_en", models.TextField(blank=True, verbose_name="text in English")),
                ("hash", models.CharField(editable=False, max_length=64)),
                (
                    "written_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="written"),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nda_texts",
                        to="visits.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "confidentiality terms",
                "verbose_name_plural": "confidentiality terms",
                "ordering": ["visit", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("visit", "number"), name="nda_number_once_per_visit")
                ],
            },
        ),
        migrations.AddField(
            model_name="hostcontact",
            name="visit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="host_contacts", to="visits.visit"
            ),
        ),
        migrations.CreateModel(
            name="FeedbackQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "kind",
                    models.CharField(
                        choices=[("rating", "a rating from 1 to 5"), ("text", "a written answer")],
                        default="rating",
                        max_length=10,
                        verbose_name="type of answer",
                    ),
                ),
                ("text", models.CharField(max_length=300, verbose_name="question")),
                ("text_en", models.CharField(blank=True, max_length=300, verbose_name="question in English")),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback_questions",
                        to="visits.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "feedback question",
                "verbose_name_plural": "feedback questions",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="debrief",
            name="visit",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="debrief", to="visits.visit"
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="visit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="applications", to="visits.visit"
            ),
        ),
        migrations.CreateModel(
            name="VisitorList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created on"),
                ),
                ("encrypted_data", models.BinaryField(null=True)),
                ("hash", models.CharField(max_length=64, verbose_name="checksum")),
                ("count", models.PositiveIntegerField(verbose_name="visitors")),
                ("added", models.PositiveIntegerField(default=0, verbose_name="added")),
                ("removed", models.PositiveIntegerField(default=0, verbose_name="removed")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="changed")),
                ("sent_to", models.EmailField(blank=True, max_length=254, verbose_name="sent to")),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                ("send_requested_at", models.DateTimeField(editable=False, null=True)),
                ("refused_at", models.DateTimeField(editable=False, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("link_hash", models.CharField(blank=True, db_index=True, editable=False, max_length=64)),
                ("link_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="link expires")),
                ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="first opened")),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True, verbose_name="acknowledged")),
                (
                    "acknowledged_by",
                    models.CharField(blank=True, max_length=300, verbose_name="acknowledged by"),
                ),
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
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lists", to="visits.visit"
                    ),
                ),
            ],
            options={
                "verbose_name": "visitor list",
                "verbose_name_plural": "visitor lists",
                "ordering": ["visit", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("visit", "number"), name="list_number_once_per_visit")
                ],
            },
        ),
        migrations.CreateModel(
            name="DayMail",
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
                            ("week", "a week before"),
                            ("eve", "the day before"),
                            ("after", "after the visit"),
                        ],
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="day_mails",
                        to="visits.application",
                    ),
                ),
            ],
            options={
                "verbose_name": "e-mail about the day",
                "verbose_name_plural": "e-mails about the day",
                "constraints": [
                    models.UniqueConstraint(fields=("application", "kind"), name="day_mail_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="NotifiedDates",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="start")),
                ("ends_at", models.DateTimeField(verbose_name="end")),
                (
                    "application",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notified_dates",
                        to="visits.application",
                    ),
                ),
                (
                    "contact",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notified_dates",
                        to="visits.hostcontact",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notified_dates",
                        to="visits.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "dates in the last e-mail",
                "verbose_name_plural": "dates in the last e-mails",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("application__isnull", True), ("contact__isnull", True)),
                        fields=("visit",),
                        name="notified_dates_of_security_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedbackAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rating",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="mark",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="answer")),
                (
                    "answered_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="answered"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback",
                        to="visits.application",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="visits.feedbackquestion",
                    ),
                ),
            ],
            options={
                "verbose_name": "feedback",
                "verbose_name_plural": "feedback",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "application"), name="feedback_once_per_question"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NdaAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "accepted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="accepted"),
                ),
                ("name", models.CharField(max_length=300, verbose_name="signed as")),
                ("hash", models.CharField(editable=False, max_length=64)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptances",
                        to="visits.application",
                    ),
                ),
                (
                    "nda",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="visits.ndatext",
                    ),
                ),
            ],
            options={
                "verbose_name": "acceptance of confidentiality",
                "verbose_name_plural": "confidentiality agreements",
                "ordering": ["accepted_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("application", "nda"), name="nda_accepted_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Interest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "expressed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="expressed"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="interests",
                        to="visits.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "interest",
                "verbose_name_plural": "interests",
                "constraints": [models.UniqueConstraint(fields=("proposal", "person"), name="interest_once")],
            },
        ),
        migrations.CreateModel(
            name="RideSeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ride_seats",
                        to="visits.application",
                    ),
                ),
                (
                    "ride",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passengers",
                        to="visits.ride",
                    ),
                ),
            ],
            options={
                "verbose_name": "seat in a coach",
                "verbose_name_plural": "seats in coaches",
                "constraints": [
                    models.UniqueConstraint(fields=("ride", "application"), name="one_seat_per_ride")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="hostcontact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("visit", "email"),
                name="host_contact_once_per_visit",
            ),
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("host_refused_at__isnull", True),
                    ("refused_at__isnull", True),
                    ("withdrawn_at__isnull", True),
                ),
                fields=("visit", "person"),
                name="one_application_per_person_and_visit",
            ),
        ),
    ]
