import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0005_presence_indexes"),
        ("visits", "0001_visits"),
    ]

    operations = [
        migrations.AlterField(
            model_name="checkpoint",
            name="kind",
            field=models.CharField(
                choices=[
                    ("entrance", "entrance"),
                    ("session", "session"),
                    ("coach", "coach"),
                    ("exit", "way out"),
                    ("other", "other"),
                ],
                default="entrance",
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="leg",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="visits.leg",
                verbose_name="ride",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("leg__isnull", False)), fields=("leg",), name="one_checkpoint_per_ride"
            ),
        ),
    ]
