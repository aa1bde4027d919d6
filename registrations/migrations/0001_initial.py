import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import registrations.models.references
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "0001_initial"),
        ("club", "__first__"),
        ("events", "0001_initial"),
        ("schedule", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Addon",
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
                    "vat_rate",
                    models.PositiveSmallIntegerField(db_default=2000, default=2000, verbose_name="VAT rate"),
                ),
                (
                    "vat_exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "VATEX-EU-132-1L",
                                "Exempt from VAT, article 261-4-9° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-EU-132-1I",
                                "Exempt from VAT, article 261-4-4° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-FR-FRANCHISE",
                                "VAT not applicable, article 293 B of the French tax code (CGI)",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="reason for not charging VAT",
                    ),
                ),
                ("slug", models.SlugField(verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name in English")),
                ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                (
                    "description_en",
                    models.CharField(blank=True, max_length=300, verbose_name="description in English"),
                ),
                ("price", models.PositiveIntegerField(default=0, verbose_name="price, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="on sale from")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="on sale until")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "kind",
                    models.CharField(
                        choices=[("meal", "meal"), ("workshop", "workshop"), ("other", "other")],
                        default="other",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "add-on",
                "verbose_name_plural": "add-ons",
                "ordering": ["position", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("event", "slug"), name="addon_slug_once_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="addon_never_oversold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("vat_rate", 0), models.Q(("vat_exemption", ""), _negated=True)),
                            models.Q(("vat_exemption", ""), ("vat_rate__gt", 0)),
                            _connector="OR",
                        ),
                        name="addon_exempt_without_vat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=200, verbose_name="file")),
                ("mapping", models.JSONField(default=dict)),
                (
                    "imported_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="imported"),
                ),
                ("created_count", models.PositiveIntegerField(default=0)),
                ("changed_count", models.PositiveIntegerField(default=0)),
                ("unchanged_count", models.PositiveIntegerField(default=0)),
                ("undone_at", models.DateTimeField(editable=False, null=True, verbose_name="undone")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="imports", to="events.event"
                    ),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        default=registrations.models.references.generate_order_reference,
                        max_length=20,
                        verbose_name="reference",
                    ),
                ),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                (
                    "attendee_links_version",
                    models.PositiveIntegerField(db_default=0, default=0, editable=False),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("company", models.CharField(blank=True, max_length=200, verbose_name="company")),
                (
                    "payment",
                    models.CharField(
                        choices=[("free", "free"), ("invoice", "to invoice"), ("card", "by card")],
                        max_length=20,
                        verbose_name="payment",
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0, verbose_name="total, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "purchase_order",
                    models.CharField(blank=True, max_length=60, verbose_name="purchase order"),
                ),
                ("billing_name", models.CharField(blank=True, max_length=200, verbose_name="billing name")),
                ("billing_street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("billing_postcode", models.CharField(blank=True, max_length=20, verbose_name="postcode")),
                ("billing_city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("billing_country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                (
                    "billing_tax_number",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="SIREN or VAT number",
                    ),
                ),
                ("source", models.CharField(default="page", max_length=20, verbose_name="source")),
                (
                    "quotation_number",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=20,
                        verbose_name="quotation",
                    ),
                ),
                (
                    "network",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=43,
                        verbose_name="network",
                    ),
                ),
                ("notifies_attendees", models.BooleanField(db_default=False, default=False, editable=False)),
                ("needs_verification", models.BooleanField(db_default=False, default=False, editable=False)),
                (
                    "verified_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="address verified"
                    ),
                ),
                ("verification_sent_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="orders", to="events.event"
                    ),
                ),
                (
                    "previous_order",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="next_orders",
                        to="registrations.order",
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("needs_verification", True), ("verified_at__isnull", True)),
                        fields=["event", "created_at"],
                        name="order_unverified",
                    ),
                    models.Index(
                        condition=models.Q(("previous_order__isnull", False)),
                        fields=["previous_order"],
                        name="order_previous",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("reference",), name="order_reference")],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key_hash", models.CharField(max_length=64)),
                ("content_hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.order",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "key_hash"), name="one_order_per_idempotency_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ordered_since", models.DateTimeField()),
                ("raised_at", models.DateTimeField()),
                ("place_count", models.PositiveIntegerField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="order_alarms",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "ordering": ["-raised_at", "-pk"],
                "indexes": [models.Index(fields=["event", "-raised_at"], name="order_alarm_by_event")],
            },
        ),
        migrations.CreateModel(
            name="Package",
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
                    "vat_rate",
                    models.PositiveSmallIntegerField(db_default=2000, default=2000, verbose_name="VAT rate"),
                ),
                (
                    "vat_exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "VATEX-EU-132-1L",
                                "Exempt from VAT, article 261-4-9° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-EU-132-1I",
                                "Exempt from VAT, article 261-4-4° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-FR-FRANCHISE",
                                "VAT not applicable, article 293 B of the French tax code (CGI)",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="reason for not charging VAT",
                    ),
                ),
                ("slug", models.SlugField(verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name in English")),
                ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                (
                    "description_en",
                    models.CharField(blank=True, max_length=300, verbose_name="description in English"),
                ),
                ("price", models.PositiveIntegerField(default=0, verbose_name="price, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="on sale from")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="on sale until")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("stand", models.CharField(blank=True, max_length=120, verbose_name="stand")),
                ("passes", models.PositiveSmallIntegerField(default=0, verbose_name="passes included")),
                (
                    "badges",
                    models.PositiveSmallIntegerField(default=0, verbose_name="badges for the stand included"),
                ),
                ("has_printed_logo", models.BooleanField(default=False, verbose_name="logo in print")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "package",
                "verbose_name_plural": "packages",
                "ordering": ["position", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("event", "slug"), name="package_slug_once_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="package_never_oversold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("vat_rate", 0), models.Q(("vat_exemption", ""), _negated=True)),
                            models.Q(("vat_exemption", ""), ("vat_rate__gt", 0)),
                            _connector="OR",
                        ),
                        name="package_exempt_without_vat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PassQuota",
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
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="club.membership"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("membership", "event"), name="passes_once_per_membership"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="passes_never_too_many",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(verbose_name="address")),
                ("text", models.CharField(max_length=300, verbose_name="question")),
                ("text_en", models.CharField(blank=True, max_length=300, verbose_name="question in English")),
                ("help", models.CharField(blank=True, max_length=500, verbose_name="explanation")),
                (
                    "help_en",
                    models.CharField(blank=True, max_length=500, verbose_name="explanation in English"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "a line of text"),
                            ("paragraph", "a longer text"),
                            ("choice", "one choice"),
                            ("choices", "several choices"),
                            ("diet", "diet"),
                            ("date", "a date"),
                            ("file", "a file"),
                            ("consent", "consent to a text"),
                        ],
                        default="text",
                        max_length=20,
                        verbose_name="type of answer",
                    ),
                ),
                ("is_required", models.BooleanField(default=False, verbose_name="answer required")),
                ("is_hidden", models.BooleanField(default=False, verbose_name="no longer ask this question")),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        default=90, verbose_name="retention of answers, in days after the event"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "question",
                "verbose_name_plural": "questions",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "slug"), name="question_slug_once_per_event")
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=300)),
                ("text_en", models.CharField(blank=True, max_length=300)),
                ("help", models.CharField(blank=True, max_length=500)),
                ("help_en", models.CharField(blank=True, max_length=500)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="registrations.question",
                    ),
                ),
            ],
            options={
                "ordering": ["question", "version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "version"), name="consent_text_once_per_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestionOption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="places")),
                ("reserved", models.PositiveIntegerField(default=0, editable=False)),
                ("slug", models.SlugField()),
                ("text", models.CharField(max_length=200, verbose_name="choice")),
                ("text_en", models.CharField(blank=True, max_length=200, verbose_name="choice in English")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="options",
                        to="registrations.question",
                    ),
                ),
            ],
            options={
                "verbose_name": "choice",
                "verbose_name_plural": "choices",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "slug"), name="option_slug_once_per_question"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="option_never_overbooked",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="question",
            name="shown_after_option",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="followed_by",
                to="registrations.questionoption",
                verbose_name="asked only after",
            ),
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="places")),
                ("reserved", models.PositiveIntegerField(default=0, editable=False)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="quotas", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "shared quota",
                "verbose_name_plural": "shared quotas",
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "name"), name="quota_name_once_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="quota_never_over",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vat_rate",
                    models.PositiveSmallIntegerField(db_default=2000, default=2000, verbose_name="VAT rate"),
                ),
                (
                    "vat_exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "VATEX-EU-132-1L",
                                "Exempt from VAT, article 261-4-9° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-EU-132-1I",
                                "Exempt from VAT, article 261-4-4° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-FR-FRANCHISE",
                                "VAT not applicable, article 293 B of the French tax code (CGI)",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="reason for not charging VAT",
                    ),
                ),
                ("hold_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="held until")),
                ("is_reserved", models.BooleanField(db_default=True, default=True, editable=False)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled")),
                (
                    "reference",
                    models.CharField(
                        default=registrations.models.references.generate_registration_reference, max_length=13
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=300, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=300, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("company", models.CharField(blank=True, max_length=300, verbose_name="company")),
                (
                    "language",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=5, verbose_name="language"
                    ),
                ),
                (
                    "no_photo",
                    models.BooleanField(default=False, verbose_name="does not want to be photographed"),
                ),
                ("price", models.PositiveIntegerField(default=0, verbose_name="price, in cents")),
                (
                    "cancellation_fee",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="cancellation fee, in cents"
                    ),
                ),
                ("reductions", models.JSONField(db_default=[], default=list, editable=False)),
                ("answers", models.JSONField(blank=True, default=dict, verbose_name="answers")),
                ("badge_version", models.PositiveIntegerField(default=1, editable=False)),
                ("reissue_count", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("is_private", models.BooleanField(db_default=False, default=False, editable=False)),
                ("issued_to", models.JSONField(db_default={}, default=dict, editable=False)),
                ("transferred_at", models.DateTimeField(editable=False, null=True)),
                (
                    "is_transferred_by_buyer",
                    models.BooleanField(db_default=False, default=False, editable=False),
                ),
                ("sequence", models.PositiveBigIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="registered")),
                ("search", models.TextField(blank=True, editable=False)),
                ("sort_name", models.CharField(blank=True, editable=False, max_length=100)),
                ("member_verification_sent_at", models.DateTimeField(editable=False, null=True)),
                ("confirmation_sent_at", models.DateTimeField(editable=False, null=True)),
                ("changed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "is_cancelled_by_attendee",
                    models.BooleanField(db_default=False, default=False, editable=False),
                ),
                ("cancellation_sent_at", models.DateTimeField(editable=False, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registrations",
                        to="events.event",
                    ),
                ),
                (
                    "member_of",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to="club.company",
                        verbose_name="member company",
                    ),
                ),
                (
                    "membership_pass",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registrations",
                        to="registrations.passquota",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="merged",
                        to="registrations.registration",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registrations",
                        to="registrations.order",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "registration",
                "verbose_name_plural": "registrations",
                "ordering": ["last_name", "first_name", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("member_of__isnull", False)),
                        fields=["member_of"],
                        name="registration_member_of",
                    ),
                    models.Index(
                        condition=models.Q(("membership_pass__isnull", False)),
                        fields=["membership_pass"],
                        name="registration_membership_pass",
                    ),
                    models.Index(
                        condition=models.Q(("merged_into__isnull", False)),
                        fields=["merged_into"],
                        name="registration_merged_into",
                    ),
                    models.Index(fields=["event", "sequence"], name="registratio_event_i_4e5534_idx"),
                    models.Index(fields=["event", "email"], name="registratio_event_i_d890ad_idx"),
                    models.Index(fields=["event", "sort_name", "id"], name="registration_by_name"),
                    models.Index(fields=["event", "-created_at", "-id"], name="registration_by_time"),
                    models.Index(
                        condition=models.Q(("changed_at__isnull", False)),
                        fields=["changed_at"],
                        name="registration_changed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reference",), name="registration_reference")
                ],
            },
        ),
        migrations.CreateModel(
            name="MailDelivery",
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
                            ("proof", "link to confirm the place"),
                            ("verification", "link to confirm the order"),
                            ("confirmation", "confirmation with badge"),
                            ("cancellation", "cancellation"),
                        ],
                        max_length=20,
                    ),
                ),
                ("message_key", models.CharField(max_length=60)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("covered_sequence", models.PositiveBigIntegerField(default=0)),
                ("queued_at", models.DateTimeField(auto_now_add=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
                ("server_response", models.CharField(blank=True, max_length=300)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registrations.order",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message_key", "revision"), name="one_delivery_per_revision"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder_count", models.PositiveIntegerField()),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                (
                    "language",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=5, verbose_name="language"
                    ),
                ),
                (
                    "given_by",
                    models.CharField(
                        choices=[
                            ("buyer", "Buyer"),
                            ("contact", "Contact"),
                            ("attendee", "Attendee"),
                            ("organizer", "Organizer"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transfer_notices",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice of a transfer",
                "verbose_name_plural": "notices of transfers",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("registration", "holder_count"), name="one_notice_per_transfer"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("values_before", models.JSONField(null=True)),
                ("values_after", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="registrations.importrun",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="DismissedDuplicate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dismissed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "dismissed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other_registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("registration", "other_registration"), name="pair_looked_at_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswerFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=43, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField(default=0, verbose_name="size in bytes")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="registrations.question",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer_files",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer file",
                "verbose_name_plural": "answer files",
                "indexes": [models.Index(models.F("created_at"), name="answer_file_by_age")],
            },
        ),
        migrations.CreateModel(
            name="AgendaLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("notified_version", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "personal_agenda",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="schedule.personalagenda",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agenda_links",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "link of a personal programme",
                "verbose_name_plural": "links of personal programmes",
            },
        ),
        migrations.CreateModel(
            name="RegistrationAddon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vat_rate",
                    models.PositiveSmallIntegerField(db_default=2000, default=2000, verbose_name="VAT rate"),
                ),
                (
                    "vat_exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "VATEX-EU-132-1L",
                                "Exempt from VAT, article 261-4-9° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-EU-132-1I",
                                "Exempt from VAT, article 261-4-4° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-FR-FRANCHISE",
                                "VAT not applicable, article 293 B of the French tax code (CGI)",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="reason for not charging VAT",
                    ),
                ),
                ("price", models.PositiveIntegerField(default=0, verbose_name="price, in cents")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled")),
                ("pay_by", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "addon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registration_addons",
                        to="registrations.addon",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="addons",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "registration add-on",
                "verbose_name_plural": "registration add-ons",
                "ordering": ["addon__position", "addon", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cancelled_at__isnull", True)),
                        fields=("registration", "addon"),
                        name="addon_once_per_registration",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegistrationDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=43, unique=True)),
                ("content", models.TextField()),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "unfinished registration",
                "verbose_name_plural": "unfinished registrations",
                "indexes": [models.Index(fields=["changed_at"], name="draft_by_age")],
            },
        ),
        migrations.CreateModel(
            name="SessionBooking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("booked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="booked")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="released")),
                ("notified_starts_at", models.DateTimeField(editable=False, null=True)),
                ("is_cancellation_notified", models.BooleanField(default=False, editable=False)),
                (
                    "notified_room",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.room",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="session_bookings",
                        to="registrations.registration",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="schedule.session",
                        verbose_name="session",
                    ),
                ),
            ],
            options={
                "verbose_name": "session booking",
                "verbose_name_plural": "session bookings",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cancelled_at__isnull", True)),
                        fields=("registration", "session"),
                        name="one_standing_seat",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sponsorship",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vat_rate",
                    models.PositiveSmallIntegerField(db_default=2000, default=2000, verbose_name="VAT rate"),
                ),
                (
                    "vat_exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "VATEX-EU-132-1L",
                                "Exempt from VAT, article 261-4-9° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-EU-132-1I",
                                "Exempt from VAT, article 261-4-4° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-FR-FRANCHISE",
                                "VAT not applicable, article 293 B of the French tax code (CGI)",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="reason for not charging VAT",
                    ),
                ),
                ("hold_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="held until")),
                ("is_reserved", models.BooleanField(db_default=True, default=True, editable=False)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled")),
                ("name", models.CharField(max_length=200, verbose_name="name shown")),
                ("sort_name", models.CharField(editable=False, max_length=200)),
                ("contact", models.CharField(max_length=200, verbose_name="contact")),
                ("website", models.URLField(blank=True, verbose_name="website")),
                ("price", models.PositiveIntegerField(default=0, verbose_name="price, in cents")),
                ("shown_from", models.DateTimeField(blank=True, null=True, verbose_name="shown from")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="taken")),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="club.company",
                        verbose_name="member company",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sponsorships",
                        to="events.event",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="sponsorships",
                        to="registrations.order",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="sponsorships",
                        to="registrations.package",
                    ),
                ),
            ],
            options={
                "verbose_name": "sponsorship",
                "verbose_name_plural": "sponsorships",
                "ordering": ["package__position", "package", "sort_name", "pk"],
                "constraints": [models.UniqueConstraint(fields=("order",), name="one_package_per_order")],
            },
        ),
        migrations.CreateModel(
            name="SponsorLogo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=16)),
                ("width", models.PositiveSmallIntegerField()),
                ("height", models.PositiveSmallIntegerField()),
                ("uploaded_at", models.DateTimeField(auto_now=True)),
                (
                    "sponsorship",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="logo",
                        to="registrations.sponsorship",
                    ),
                ),
            ],
            options={
                "verbose_name": "logo",
                "verbose_name_plural": "logos",
            },
        ),
        migrations.CreateModel(
            name="Ticket",
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
                    "vat_rate",
                    models.PositiveSmallIntegerField(db_default=2000, default=2000, verbose_name="VAT rate"),
                ),
                (
                    "vat_exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "VATEX-EU-132-1L",
                                "Exempt from VAT, article 261-4-9° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-EU-132-1I",
                                "Exempt from VAT, article 261-4-4° of the French tax code (CGI)",
                            ),
                            (
                                "VATEX-FR-FRANCHISE",
                                "VAT not applicable, article 293 B of the French tax code (CGI)",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                        verbose_name="reason for not charging VAT",
                    ),
                ),
                ("slug", models.SlugField(verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name in English")),
                ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                (
                    "description_en",
                    models.CharField(blank=True, max_length=300, verbose_name="description in English"),
                ),
                ("price", models.PositiveIntegerField(default=0, verbose_name="price, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="on sale from")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="on sale until")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("member", "member"),
                            ("guest", "guest"),
                            ("vendor", "vendor"),
                            ("speaker", "speaker"),
                            ("press", "press"),
                            ("staff", "staff"),
                        ],
                        default="guest",
                        max_length=20,
                        verbose_name="audience",
                    ),
                ),
                (
                    "company_cap",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="places per company"),
                ),
                (
                    "min_per_order",
                    models.PositiveIntegerField(db_default=1, default=1, verbose_name="minimum per order"),
                ),
                (
                    "max_per_order",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="maximum per order"),
                ),
                (
                    "uses_pass",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="free with a membership pass"
                    ),
                ),
                ("is_public", models.BooleanField(default=True, verbose_name="offered on the event page")),
                ("is_default", models.BooleanField(default=False, verbose_name="default ticket (imports)")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="events.event",
                    ),
                ),
                (
                    "quota",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tickets",
                        to="registrations.quota",
                        verbose_name="shared quota",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
                "ordering": ["position", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("event", "slug"), name="ticket_slug_once_per_event"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("event",),
                        name="one_default_ticket_per_event",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="ticket_never_oversold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("vat_rate", 0), models.Q(("vat_exemption", ""), _negated=True)),
                            models.Q(("vat_exemption", ""), ("vat_rate__gt", 0)),
                            _connector="OR",
                        ),
                        name="ticket_exempt_without_vat",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="registration",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="registrations",
                to="registrations.ticket",
            ),
        ),
        migrations.CreateModel(
            name="RefundRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("days_before", models.PositiveSmallIntegerField(verbose_name="days before the event")),
                (
                    "refund_percent",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="refund (%)",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refund_rules",
                        to="events.event",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refund_rules",
                        to="registrations.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund rule",
                "verbose_name_plural": "refund rules",
                "ordering": ["-days_before", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ticket__isnull", True)),
                        fields=("event", "days_before"),
                        name="refund_rule_once_per_event",
                    ),
                    models.UniqueConstraint(
                        fields=("ticket", "days_before"), name="refund_rule_once_per_ticket"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("refund_percent__lte", 100)), name="refund_share_is_a_part"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="question",
            name="tickets",
            field=models.ManyToManyField(
                blank=True, related_name="questions", to="registrations.ticket", verbose_name="tickets"
            ),
        ),
        migrations.CreateModel(
            name="PriceStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("price", models.PositiveIntegerField(verbose_name="price, in cents")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="price_steps",
                        to="registrations.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "price step",
                "verbose_name_plural": "price steps",
                "ordering": ["ends_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "ends_at"), name="one_price_per_moment")
                ],
            },
        ),
        migrations.AddField(
            model_name="package",
            name="badge_ticket",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registrations.ticket",
                verbose_name="ticket for the stand badges",
            ),
        ),
        migrations.AddField(
            model_name="package",
            name="pass_ticket",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registrations.ticket",
                verbose_name="ticket for the passes",
            ),
        ),
        migrations.CreateModel(
            name="CompanyShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reserved", models.PositiveIntegerField(default=0)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="club.company"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="registrations.ticket",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "company"), name="one_share_per_company")
                ],
            },
        ),
        migrations.AddField(
            model_name="addon",
            name="tickets",
            field=models.ManyToManyField(
                blank=True,
                related_name="addons",
                to="registrations.ticket",
                verbose_name="available with these tickets",
            ),
        ),
        migrations.CreateModel(
            name="Voucher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="places")),
                ("reserved", models.PositiveIntegerField(default=0, editable=False)),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("label", models.CharField(blank=True, max_length=120, verbose_name="what it is for")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("percent", "percentage off"),
                            ("amount", "amount off"),
                            ("fixed", "fixed price"),
                            ("access", "access only, at the ticket’s price"),
                        ],
                        default="percent",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                ("value", models.PositiveIntegerField(default=0, verbose_name="value")),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="valid from")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                ("for_company", models.CharField(blank=True, max_length=200, verbose_name="for one company")),
                (
                    "for_address",
                    models.CharField(
                        blank=True, max_length=254, verbose_name="for one e-mail address or domain"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vouchers",
                        to="events.event",
                    ),
                ),
                (
                    "tickets",
                    models.ManyToManyField(
                        blank=True,
                        related_name="vouchers",
                        to="registrations.ticket",
                        verbose_name="applies to these tickets",
                    ),
                ),
            ],
            options={
                "verbose_name": "voucher",
                "verbose_name_plural": "vouchers",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "code"), name="voucher_code_once_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity__isnull", True),
                            ("reserved__lte", models.F("capacity")),
                            _connector="OR",
                        ),
                        name="voucher_never_overused",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "percent"), _negated=True), ("value__lte", 100), _connector="OR"
                        ),
                        name="voucher_percent_at_most_100",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="registration",
            name="voucher",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="registrations",
                to="registrations.voucher",
            ),
        ),
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("first_name", models.CharField(blank=True, max_length=300, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=300, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("address", models.CharField(blank=True, editable=False, max_length=254)),
                ("company", models.CharField(blank=True, max_length=300, verbose_name="company")),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                ("joined_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="joined")),
                ("offered_at", models.DateTimeField(blank=True, null=True, verbose_name="offered")),
                (
                    "offer_expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="offered until"),
                ),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted")),
                ("declined_at", models.DateTimeField(blank=True, null=True, verbose_name="declined")),
                ("offer_expired_at", models.DateTimeField(blank=True, null=True, verbose_name="expired")),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="left the list")),
                ("held_back_at", models.DateTimeField(blank=True, null=True, verbose_name="held back")),
                (
                    "skip_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_a_member", "no member has this address"),
                            ("company_full", "the company has reached its limit"),
                            ("has_place", "already has a place"),
                            ("not_eligible", "cannot take part in this visit"),
                        ],
                        editable=False,
                        max_length=20,
                    ),
                ),
                ("offer_count", models.PositiveIntegerField(default=0, editable=False)),
                ("join_notified_at", models.DateTimeField(editable=False, null=True)),
                ("notified_offer_count", models.PositiveIntegerField(default=0, editable=False)),
                ("end_notified_at", models.DateTimeField(editable=False, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="registrations.order",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waiting_entries",
                        to="registrations.registration",
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
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waiting_entries",
                        to="registrations.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "waiting list entry",
                "verbose_name_plural": "waiting lists",
                "ordering": ["joined_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("declined_at__isnull", True),
                            ("left_at__isnull", True),
                            ("offer_expired_at__isnull", True),
                        ),
                        fields=["offer_expires_at"],
                        name="waiting_offers",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("registration__isnull", True),
                                ("session__isnull", True),
                                ("ticket__isnull", False),
                            ),
                            models.Q(
                                ("registration__isnull", False),
                                ("session__isnull", False),
                                ("ticket__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="waits_for_one_thing",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("declined_at__isnull", True),
                            ("left_at__isnull", True),
                            ("offer_expired_at__isnull", True),
                        ),
                        fields=("ticket", "address"),
                        name="one_wait_per_address_and_ticket",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("declined_at__isnull", True),
                            ("left_at__isnull", True),
                            ("offer_expired_at__isnull", True),
                        ),
                        fields=("session", "registration"),
                        name="one_wait_per_seat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "offer_hours",
                    models.PositiveIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="duration of an offer, in hours",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "waiting list rule",
                "verbose_name_plural": "waiting list rules",
            },
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(("passes", 0), ("pass_ticket__isnull", False), _connector="OR"),
                name="package_passes_of_a_ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(("badges", 0), ("badge_ticket__isnull", False), _connector="OR"),
                name="package_badges_of_a_ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("voucher__isnull", False)),
                fields=["voucher"],
                name="registration_voucher",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("person__isnull", False)),
                fields=["person", "ticket"],
                name="registration_person",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("hold_expires_at__isnull", False)),
                fields=["ticket", "hold_expires_at"],
                name="registration_held",
            ),
        ),
    ]
