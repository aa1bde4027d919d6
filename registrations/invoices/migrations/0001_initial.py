import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import registrations.invoices.models.issuers
import uuid
from django.db import migrations, models

from registrations.invoices import triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "external_id",
                    models.CharField(max_length=120, unique=True, verbose_name="processor’s reference"),
                ),
                ("amount", models.BigIntegerField(verbose_name="amount, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("arrived_on", models.DateField(verbose_name="arrived")),
                ("booked_on", models.DateField(editable=False, null=True)),
                ("settled_amount", models.BigIntegerField(editable=False, null=True)),
                ("other_fees", models.BigIntegerField(editable=False, null=True)),
                ("resent_amount", models.BigIntegerField(editable=False, null=True)),
                ("failed_on", models.DateField(editable=False, null=True, verbose_name="sent back")),
                (
                    "bank_line",
                    models.CharField(blank=True, max_length=140, verbose_name="bank statement line"),
                ),
            ],
            options={
                "verbose_name": "payout",
                "verbose_name_plural": "payouts",
                "ordering": ["-arrived_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                            ("invoice", "invoice"),
                            ("deposit", "deposit invoice"),
                            ("credit_note", "credit note"),
                        ],
                        max_length=12,
                        verbose_name="type",
                    ),
                ),
                ("series", models.CharField(max_length=4, verbose_name="series")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("sequence", models.PositiveIntegerField(verbose_name="number in the series")),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="number")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("seller", models.JSONField(verbose_name="seller")),
                ("buyer", models.JSONField(verbose_name="buyer")),
                ("buyer_name", models.CharField(max_length=300, verbose_name="buyer")),
                ("details", models.JSONField(verbose_name="references, period and sentences")),
                ("taxes", models.JSONField(verbose_name="totals per rate")),
                ("language", models.CharField(max_length=5, verbose_name="language")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("issued_on", models.DateField(verbose_name="issued")),
                ("due_on", models.DateField(verbose_name="due")),
                ("net", models.BigIntegerField(verbose_name="without VAT, in cents")),
                ("vat", models.BigIntegerField(verbose_name="VAT, in cents")),
                ("total", models.BigIntegerField(verbose_name="total, in cents")),
                ("line_count", models.PositiveSmallIntegerField(verbose_name="lines")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "origin",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="invoices.invoice",
                        verbose_name="credited invoice",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "ordering": ["issued_on", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("series", "year", "sequence"), name="invoice_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net"), "+", models.F("vat")
                                ),
                            )
                        ),
                        name="invoice_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "credit_note"),
                                ("origin__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("kind", "credit_note"), _negated=True), ("origin__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="credit_note_has_origin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "requested_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="requested"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("refused_at", models.DateTimeField(blank=True, null=True, verbose_name="refused")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice e-mail",
                "verbose_name_plural": "invoice e-mails",
                "ordering": ["-requested_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="InvoicePdf",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pdf", to="invoices.invoice"
                    ),
                ),
            ],
            options={
                "verbose_name": "PDF",
                "verbose_name_plural": "PDFs",
            },
        ),
        migrations.CreateModel(
            name="Issuer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account_customers",
                    models.CharField(
                        default="411000",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="customers",
                    ),
                ),
                (
                    "account_advances",
                    models.CharField(
                        default="419100",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="deposits received",
                    ),
                ),
                (
                    "account_sales",
                    models.CharField(
                        default="706000",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="services sold",
                    ),
                ),
                (
                    "account_exempt",
                    models.CharField(
                        default="756000",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="services sold without VAT",
                    ),
                ),
                (
                    "account_reverse_charge",
                    models.CharField(
                        default="706100",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="services sold with reverse charge",
                    ),
                ),
                (
                    "account_vat",
                    models.CharField(
                        default="445710",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="VAT due",
                    ),
                ),
                (
                    "account_vat_pending",
                    models.CharField(
                        default="445800",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="VAT awaiting payment",
                    ),
                ),
                (
                    "account_bank",
                    models.CharField(
                        default="512000",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="bank",
                    ),
                ),
                (
                    "account_processor",
                    models.CharField(
                        default="511500",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="card processor",
                    ),
                ),
                (
                    "account_cash",
                    models.CharField(
                        default="530000",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="cash",
                    ),
                ),
                (
                    "account_fees",
                    models.CharField(
                        default="627800",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="card processor fees",
                    ),
                ),
                (
                    "account_suspense",
                    models.CharField(
                        default="471000",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9A-Z]{2,11}$",
                                "Enter an account number of 3 to 12 digits, for example 411000.",
                            )
                        ],
                        verbose_name="suspense account",
                    ),
                ),
                ("legal_name", models.CharField(max_length=200, verbose_name="legal name")),
                (
                    "legal_form",
                    models.CharField(blank=True, max_length=200, verbose_name="legal form and share capital"),
                ),
                ("street", models.CharField(max_length=200, verbose_name="street")),
                ("postcode", models.CharField(max_length=20, verbose_name="postcode")),
                ("city", models.CharField(max_length=100, verbose_name="city")),
                ("country", models.CharField(default="FR", max_length=2, verbose_name="country")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("siren", models.CharField(max_length=9, verbose_name="SIREN")),
                ("siret", models.CharField(blank=True, max_length=14, verbose_name="SIRET")),
                ("vat_number", models.CharField(blank=True, max_length=20, verbose_name="VAT number")),
                ("iban", models.CharField(blank=True, max_length=34, verbose_name="IBAN")),
                ("bic", models.CharField(blank=True, max_length=11, verbose_name="BIC")),
                (
                    "payment_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[django.core.validators.MaxValueValidator(60)],
                        verbose_name="days to pay",
                    ),
                ),
                (
                    "late_penalties",
                    models.CharField(
                        default="Pénalités de retard : trois fois le taux d’intérêt légal en vigueur.",
                        max_length=300,
                        verbose_name="late penalties",
                    ),
                ),
                (
                    "late_penalties_en",
                    models.CharField(
                        default="Late payment penalties: three times the French legal interest rate in force.",
                        max_length=300,
                        verbose_name="late penalties in English",
                    ),
                ),
                (
                    "vat_due",
                    models.CharField(
                        choices=[
                            ("collection", "when the payment is received (on collection)"),
                            ("debits", "when the invoice is issued (on debits)"),
                        ],
                        default="collection",
                        max_length=10,
                        verbose_name="VAT is due",
                    ),
                ),
                (
                    "invoice_series",
                    models.CharField(
                        default="F",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{1,4}$", "Enter one to four capital letters, for example F."
                            )
                        ],
                        verbose_name="invoice series",
                    ),
                ),
                (
                    "credit_series",
                    models.CharField(
                        default="AV",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{1,4}$", "Enter one to four capital letters, for example F."
                            )
                        ],
                        verbose_name="credit note series",
                    ),
                ),
                (
                    "number_pattern",
                    models.CharField(
                        default="{series}{year}-{number:06}", max_length=40, verbose_name="number pattern"
                    ),
                ),
                (
                    "issues_on",
                    models.CharField(
                        choices=[
                            ("by_hand", "only when the treasurer issues them"),
                            ("order", "as soon as an order is confirmed"),
                            ("payment", "as soon as an order is paid in full"),
                            ("day", "a set number of days before the event"),
                        ],
                        default="by_hand",
                        max_length=10,
                        verbose_name="issue invoices",
                    ),
                ),
                (
                    "issue_days_before",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[django.core.validators.MaxValueValidator(365)],
                        verbose_name="days before the event",
                    ),
                ),
                ("issues_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("sends_since", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "closed_until",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="accounts closed until"
                    ),
                ),
                (
                    "reminder_days",
                    models.JSONField(
                        default=registrations.invoices.models.issuers.default_reminder_days,
                        verbose_name="reminders",
                    ),
                ),
            ],
            options={
                "verbose_name": "issuer",
                "verbose_name_plural": "issuers",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_issuer")],
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=4, verbose_name="series")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("last_number", models.PositiveIntegerField(default=0, verbose_name="last number")),
                ("last_issued_on", models.DateField(blank=True, null=True, verbose_name="given")),
            ],
            options={
                "verbose_name": "series",
                "verbose_name_plural": "series",
                "constraints": [
                    models.UniqueConstraint(fields=("code", "year"), name="series_once_per_year")
                ],
            },
        ),
        migrations.CreateModel(
            name="Quotation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_version", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="number")),
                ("seller", models.JSONField(verbose_name="seller")),
                ("buyer", models.JSONField(verbose_name="buyer")),
                ("buyer_name", models.CharField(max_length=300, verbose_name="buyer")),
                ("details", models.JSONField(verbose_name="references, period and sentences")),
                ("lines", models.JSONField(verbose_name="lines")),
                ("taxes", models.JSONField(verbose_name="totals per rate")),
                ("net", models.BigIntegerField(verbose_name="without VAT, in cents")),
                ("vat", models.BigIntegerField(verbose_name="VAT, in cents")),
                ("total", models.BigIntegerField(verbose_name="total, in cents")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("language", models.CharField(max_length=5, verbose_name="language")),
                ("issued_on", models.DateField(verbose_name="given")),
                ("valid_until", models.DateField(verbose_name="valid until")),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="withdrawn"),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "quotation",
                "verbose_name_plural": "quotations",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Receivable",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=40, unique=True, verbose_name="reference")),
                ("subject", models.CharField(blank=True, max_length=300, verbose_name="for")),
                ("name", models.CharField(max_length=300, verbose_name="buyer")),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("postcode", models.CharField(blank=True, max_length=20, verbose_name="postcode")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("country", models.CharField(default="FR", max_length=2, verbose_name="country")),
                ("siren", models.CharField(blank=True, max_length=9, verbose_name="SIREN")),
                ("vat_number", models.CharField(blank=True, max_length=20, verbose_name="VAT number")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                (
                    "purchase_order",
                    models.CharField(blank=True, max_length=60, verbose_name="purchase order"),
                ),
                (
                    "service_code",
                    models.CharField(blank=True, max_length=100, verbose_name="service code (Chorus Pro)"),
                ),
                (
                    "engagement_number",
                    models.CharField(
                        blank=True, max_length=50, verbose_name="engagement number (Chorus Pro)"
                    ),
                ),
                (
                    "service_from",
                    models.DateField(blank=True, null=True, verbose_name="first day of the service"),
                ),
                (
                    "service_to",
                    models.DateField(blank=True, null=True, verbose_name="last day of the service"),
                ),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                ("details_asked_at", models.DateTimeField(editable=False, null=True)),
                ("search_text", models.TextField(blank=True, editable=False)),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "receivable",
                "verbose_name_plural": "receivables",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("card", "card"),
                            ("sepa_debit", "SEPA debit"),
                            ("transfer", "bank transfer"),
                            ("cash", "cash"),
                            ("cheque", "cheque"),
                            ("terminal", "card terminal"),
                            ("test", "test payment"),
                        ],
                        max_length=20,
                        verbose_name="method",
                    ),
                ),
                ("amount", models.PositiveBigIntegerField(verbose_name="amount, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("received_on", models.DateField(verbose_name="received on")),
                ("booked_on", models.DateField(editable=False, null=True)),
                (
                    "external_id",
                    models.CharField(
                        blank=True, max_length=120, null=True, unique=True, verbose_name="external reference"
                    ),
                ),
                ("fee", models.PositiveBigIntegerField(default=0, verbose_name="fee, in cents")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="invoices.payout",
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="invoices.receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "ordering": ["received_on", "pk"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="payment_of_something")
                ],
            },
        ),
        migrations.AddField(
            model_name="invoice",
            name="receivable",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="invoices.receivable"
            ),
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, verbose_name="key")),
                ("description", models.CharField(max_length=300, verbose_name="description")),
                (
                    "attendee",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=300, verbose_name="attendee"
                    ),
                ),
                ("quantity", models.PositiveIntegerField(default=1, verbose_name="quantity")),
                ("unit_price", models.IntegerField(verbose_name="unit price, in cents")),
                (
                    "vat_rate",
                    models.PositiveSmallIntegerField(verbose_name="VAT rate, in hundredths of a percent"),
                ),
                ("exemption", models.CharField(blank=True, max_length=30, verbose_name="exemption")),
                ("amount", models.BigIntegerField(editable=False, verbose_name="amount, in cents")),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="added")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                ("waived_at", models.DateTimeField(editable=False, null=True)),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="invoices.receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge",
                "verbose_name_plural": "charges",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("receivable", "key"),
                        name="one_charge_per_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="charge_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "amount",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("quantity"), "*", models.F("unit_price")
                                ),
                            )
                        ),
                        name="charge_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("vat_rate", 0), models.Q(("exemption", ""), _negated=True)),
                            models.Q(("exemption", ""), ("vat_rate__gt", 0)),
                            _connector="OR",
                        ),
                        name="charge_exempt_without_vat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("card", "card"),
                            ("sepa_debit", "SEPA debit"),
                            ("transfer", "bank transfer"),
                            ("cash", "cash"),
                            ("cheque", "cheque"),
                            ("terminal", "card terminal"),
                            ("test", "test payment"),
                        ],
                        max_length=20,
                        verbose_name="method",
                    ),
                ),
                ("amount", models.PositiveBigIntegerField(verbose_name="amount, in cents")),
                (
                    "external_id",
                    models.CharField(
                        blank=True, max_length=120, null=True, unique=True, verbose_name="external reference"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("requested", "requested"), ("done", "done"), ("failed", "failed")],
                        default="requested",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "occasion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cancellation", "cancellation"),
                            ("change", "change"),
                            ("dispute", "dispute"),
                        ],
                        editable=False,
                        max_length=20,
                    ),
                ),
                ("charge_key", models.CharField(blank=True, editable=False, max_length=120)),
                ("refunded_on", models.DateField(verbose_name="refunded")),
                ("booked_on", models.DateField(editable=False, null=True)),
                ("failed_on", models.DateField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="recorded"),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="invoices.payment",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="invoices.payout",
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="invoices.receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund",
                "verbose_name_plural": "refunds",
                "ordering": ["refunded_on", "pk"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="refund_of_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.SmallIntegerField(verbose_name="days after the due date")),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="sent")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "ordering": ["sent_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "step"), name="reminder_once_per_step")
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("description", models.CharField(max_length=400, verbose_name="description")),
                ("quantity", models.IntegerField(verbose_name="quantity")),
                (
                    "vat_rate",
                    models.PositiveSmallIntegerField(verbose_name="VAT rate, in hundredths of a percent"),
                ),
                ("exemption", models.CharField(blank=True, max_length=30, verbose_name="exemption")),
                ("amount", models.BigIntegerField(verbose_name="amount, in cents")),
                ("net", models.BigIntegerField(verbose_name="without VAT, in cents")),
                (
                    "charge",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="invoices.charge",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "origin",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credited_by",
                        to="invoices.invoiceline",
                    ),
                ),
            ],
            options={
                "verbose_name": "line",
                "verbose_name_plural": "lines",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "position"), name="line_position_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ClosedVatAmount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_on", models.DateField(verbose_name="due")),
                (
                    "vat_rate",
                    models.PositiveSmallIntegerField(verbose_name="VAT rate, in hundredths of a percent"),
                ),
                ("exemption", models.CharField(blank=True, max_length=30, verbose_name="exemption")),
                ("net", models.BigIntegerField(verbose_name="without VAT, in cents")),
                ("vat", models.BigIntegerField(verbose_name="VAT, in cents")),
            ],
            options={
                "verbose_name": "VAT of a closed period",
                "verbose_name_plural": "VAT of closed periods",
                "ordering": ["due_on", "-vat_rate", "exemption"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("due_on", "vat_rate", "exemption"), name="closed_vat_once_per_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number of the entry")),
                ("booked_on", models.DateField(verbose_name="day of the entry")),
                ("journal", models.CharField(max_length=2, verbose_name="journal")),
                ("account_role", models.CharField(max_length=40)),
                ("account", models.CharField(max_length=12, verbose_name="account")),
                ("account_label", models.CharField(max_length=200, verbose_name="account name")),
                (
                    "customer_reference",
                    models.CharField(blank=True, max_length=40, verbose_name="customer account"),
                ),
                ("customer_name", models.CharField(blank=True, max_length=300, verbose_name="buyer")),
                ("document_reference", models.CharField(max_length=120, verbose_name="document")),
                ("documented_on", models.DateField(verbose_name="document date")),
                ("label", models.CharField(max_length=300, verbose_name="label")),
                ("amount", models.BigIntegerField(verbose_name="amount, in cents")),
                (
                    "receivable",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "closed accounting entry",
                "verbose_name_plural": "closed accounting entries",
                "ordering": ["booked_on", "number", "pk"],
                "indexes": [models.Index(fields=["booked_on", "number"], name="entry_row_by_day")],
            },
        ),
        migrations.RunPython(triggers.install_triggers, triggers.drop_triggers),
    ]
