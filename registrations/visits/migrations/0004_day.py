import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0003_identities"),
    ]

    operations = [
        migrations.AlterField(
            model_name="leg",
            name="latitude",
            field=models.DecimalField(
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
        migrations.AlterField(
            model_name="leg",
            name="longitude",
            field=models.DecimalField(
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
                        verbose_name="kind",
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
                "verbose_name": "mail about the day",
                "verbose_name_plural": "e-mails about the day",
                "constraints": [
                    models.UniqueConstraint(fields=("application", "kind"), name="day_mail_once")
                ],
            },
        ),
    ]
