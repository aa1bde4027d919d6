import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
        ("schedule", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedbackReceipt",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="schedule.session"
                    ),
                ),
            ],
            options={
                "verbose_name": "feedback receipt",
                "verbose_name_plural": "feedback receipts",
            },
        ),
        migrations.CreateModel(
            name="FeedbackSettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "is_enabled",
                    models.BooleanField(default=True, verbose_name="ask attendees for feedback on sessions"),
                ),
                (
                    "days_open",
                    models.PositiveSmallIntegerField(
                        default=14,
                        help_text="Attendees can give feedback for this many days after the event.",
                        validators=[django.core.validators.MaxValueValidator(60)],
                        verbose_name="days open after the event",
                    ),
                ),
                (
                    "min_answers",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="With fewer answers, nobody sees a session’s stars or comments. The minimum cannot be lower than 3.",
                        validators=[
                            django.core.validators.MinValueValidator(3),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="minimum number of answers",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("summaries_sent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback_settings",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "feedback settings",
                "verbose_name_plural": "feedback settings",
            },
        ),
        migrations.CreateModel(
            name="SessionFeedback",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("stars", models.PositiveSmallIntegerField(verbose_name="stars")),
                ("comment", models.TextField(blank=True, max_length=2000, verbose_name="comment")),
                ("hidden_reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback",
                        to="schedule.session",
                    ),
                ),
            ],
            options={
                "verbose_name": "feedback on a session",
                "verbose_name_plural": "feedback on sessions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("stars__gte", 1), ("stars__lte", 5)),
                        name="session_feedback_one_to_five_stars",
                    )
                ],
            },
        ),
    ]
