import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0006_coach_and_exit"),
        ("events", "0003_delegations"),
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
        migrations.AddField(
            model_name="presence",
            name="sequence",
            field=models.PositiveBigIntegerField(editable=False, null=True),
        ),
        migrations.RemoveIndex(model_name="presence", name="attendance__event_i_b24882_idx"),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                condition=Q(sequence__isnull=False),
                fields=["checkpoint", "sequence"],
                name="presence_numbered",
            ),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(
                condition=Q(sequence__isnull=True), fields=["event"], name="presence_to_number"
            ),
        ),
    ]
