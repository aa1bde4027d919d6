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
    ]

    operations = [
        migrations.CreateModel(
            name="Unsubscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("unsubscribed_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "unsubscription",
                "verbose_name_plural": "unsubscriptions",
            },
        ),
        migrations.CreateModel(
            name="Mailing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_fr", models.CharField(blank=True, max_length=200)),
                ("text_fr", models.TextField(blank=True, max_length=20000)),
                ("subject_en", models.CharField(blank=True, max_length=200)),
                ("text_en", models.TextField(blank=True, max_length=20000)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("information", "information needed for the event"),
                            ("news", "news, with a link to unsubscribe"),
                        ],
                        default="information",
                        max_length=20,
                    ),
                ),
                ("segment", models.JSONField(default=dict)),
                ("reminder_days", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("send_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(db_index=True, null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("faults", models.PositiveIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=300)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "mailing",
                "verbose_name_plural": "mailings",
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "reminder_days"), name="each_reminder_once_per_event"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=5)),
                (
                    "left_out",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unsubscribed", "already unsubscribed"),
                            ("bounced", "this address has bounced before"),
                            ("gone", "no longer has an address"),
                            ("changed", "no longer matches the criteria"),
                        ],
                        max_length=20,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
                ("bounced_at", models.DateTimeField(null=True)),
                ("unsubscribed_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=300)),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recipients",
                        to="mailings.mailing",
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
                ("registrations", models.ManyToManyField(related_name="+", to="registrations.registration")),
                (
                    "waiting_entries",
                    models.ManyToManyField(related_name="+", to="registrations.waitingentry"),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("accepted_at__isnull", True), ("left_out", ""), ("refused_at__isnull", True)
                        ),
                        fields=["mailing", "due_at"],
                        name="recipient_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_fr", models.CharField(blank=True, max_length=200)),
                ("text_fr", models.TextField(blank=True, max_length=20000)),
                ("subject_en", models.CharField(blank=True, max_length=200)),
                ("text_en", models.TextField(blank=True, max_length=20000)),
                ("is_enabled", models.BooleanField(default=False)),
                ("days", models.JSONField(default=list)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "reminders",
                "verbose_name_plural": "reminders",
            },
        ),
        migrations.CreateModel(
            name="DateChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("former_start", models.DateTimeField()),
                ("former_end", models.DateTimeField()),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "mailing",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mailings.mailing",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of dates",
                "verbose_name_plural": "changes of dates",
            },
        ),
    ]
