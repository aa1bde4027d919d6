import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0003_checkpoint_entitlements"),
    ]

    operations = [
        migrations.AddField(
            model_name="device",
            name="invitation",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="devices",
                to="attendance.pairinginvitation",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="last_checkpoint",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="attendance.checkpoint",
            ),
        ),
    ]
