import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Purpose",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name in English")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "purpose",
                "verbose_name_plural": "purposes",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="RetentionPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.SlugField(unique=True)),
                ("days", models.PositiveIntegerField(verbose_name="days")),
            ],
            options={
                "verbose_name": "retention period",
                "verbose_name_plural": "retention periods",
            },
        ),
        migrations.CreateModel(
            name="PurposeText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("text", models.TextField(verbose_name="text")),
                ("text_en", models.TextField(blank=True, verbose_name="text in English")),
                (
                    "published_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="since"),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="privacy.purpose",
                    ),
                ),
            ],
            options={
                "verbose_name": "purpose text",
                "verbose_name_plural": "purpose texts",
                "ordering": ["purpose", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("purpose", "version"), name="purpose_text_once_per_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="given")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="privacy.purposetext",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "ordering": ["-given_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("person", "text"),
                        name="one_active_consent_per_text",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.SlugField()),
                ("ran_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("cutoff", models.DateTimeField()),
                ("removed_count", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "retention run",
                "verbose_name_plural": "retention runs",
                "ordering": ["-ran_at", "-pk"],
                "indexes": [models.Index(fields=["rule", "-ran_at"], name="retention_run_of_rule")],
            },
        ),
        migrations.CreateModel(
            name="PrivacyCase",
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
                        choices=[("access", "access to their data"), ("erasure", "erasure of their data")],
                        max_length=10,
                        verbose_name="request",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                (
                    "requested_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked"),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered on")),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("given", "answered"),
                            ("erased", "erased"),
                            ("refused", "refused"),
                            ("taken_back", "withdrawn"),
                            ("no_data", "no data stored"),
                        ],
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("counts", models.JSONField(default=dict, editable=False)),
                ("retained", models.JSONField(db_default=[], default=list, editable=False)),
                ("mentions", models.JSONField(db_default=[], default=list, editable=False)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name": "privacy case",
                "verbose_name_plural": "privacy cases",
                "ordering": ["requested_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True), ("person__isnull", False)),
                        fields=("person", "kind"),
                        name="one_open_case_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True)),
                            models.Q(("answered_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="case_answered_with_an_answer",
                    ),
                ],
            },
        ),
    ]
