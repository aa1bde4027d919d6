import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "__first__"),
        ("invoices", "0001_initial"),
        ("registrations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64, unique=True)),
                ("booked_on", models.DateField(verbose_name="booked")),
                ("amount", models.BigIntegerField(verbose_name="amount, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("counterparty", models.CharField(blank=True, max_length=200, verbose_name="from")),
                ("payer_iban", models.CharField(blank=True, max_length=34, verbose_name="payer’s IBAN")),
                ("text", models.CharField(blank=True, max_length=500, verbose_name="communication")),
                (
                    "reference",
                    models.CharField(blank=True, max_length=140, verbose_name="structured reference"),
                ),
                ("is_reversal", models.BooleanField(default=False, editable=False)),
                ("ignored_at", models.DateTimeField(null=True, verbose_name="set aside")),
                ("ignore_reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "payout",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.payout",
                    ),
                ),
                (
                    "refund",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.refund",
                    ),
                ),
            ],
            options={
                "verbose_name": "bank statement line",
                "verbose_name_plural": "bank statement lines",
                "ordering": ["-booked_on", "-pk"],
                "indexes": [models.Index(fields=["-booked_on", "-id"], name="bank_line_by_day")],
            },
        ),
        migrations.CreateModel(
            name="BankLineAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.PositiveBigIntegerField(verbose_name="amount, in cents")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="payments.bankline",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="invoices.payment"
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.receivable",
                    ),
                ),
                (
                    "reversal_refund",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.refund",
                    ),
                ),
            ],
            options={
                "verbose_name": "assignment",
                "verbose_name_plural": "assignments",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="BankStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("account", models.CharField(blank=True, max_length=34, verbose_name="account")),
                (
                    "imported_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="imported"),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "bank statement",
                "verbose_name_plural": "bank statements",
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="bankline",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="payments.bankstatement"
            ),
        ),
        migrations.CreateModel(
            name="CardPaymentAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("amount", models.PositiveIntegerField(verbose_name="amount, in cents")),
                ("currency", models.CharField(max_length=3)),
                ("idempotency_key", models.CharField(max_length=60, unique=True)),
                ("session_id", models.CharField(max_length=120, null=True, unique=True)),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("polled_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.order",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "card payment",
                "verbose_name_plural": "card payments",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True), ("payment__isnull", True)),
                        fields=["polled_at"],
                        name="attempt_unsettled",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "number"), name="attempt_number_once_per_order")
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(max_length=120, unique=True)),
                ("amount", models.PositiveBigIntegerField(verbose_name="amount, in cents")),
                ("reason", models.CharField(blank=True, max_length=60, verbose_name="reason")),
                ("status", models.CharField(max_length=40)),
                ("evidence_due_at", models.DateTimeField(null=True, verbose_name="respond by")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="invoices.payment",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.refund",
                    ),
                ),
            ],
            options={
                "verbose_name": "dispute",
                "verbose_name_plural": "disputes",
                "ordering": ["-opened_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="PayoutLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(max_length=120, unique=True)),
                ("kind", models.CharField(max_length=40)),
                ("gross", models.BigIntegerField()),
                ("fee", models.BigIntegerField()),
                ("source_id", models.CharField(blank=True, max_length=120)),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.payment",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="invoices.payout"
                    ),
                ),
            ],
            options={
                "verbose_name": "payout line",
                "verbose_name_plural": "payout lines",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.CharField(max_length=120, unique=True)),
                ("kind", models.CharField(max_length=80)),
                ("object_id", models.CharField(blank=True, max_length=120)),
                ("happened_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("handled_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "Stripe event",
                "verbose_name_plural": "Stripe events",
                "ordering": ["-happened_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("handled_at__isnull", True)),
                        fields=["received_at"],
                        name="stripe_event_waits",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeRefund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stripe_id", models.CharField(max_length=120, unique=True)),
                (
                    "refund",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="invoices.refund"
                    ),
                ),
            ],
            options={
                "verbose_name": "Stripe refund",
                "verbose_name_plural": "Stripe refunds",
            },
        ),
    ]
