from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0003_waived")]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="failed_on",
            field=models.DateField(editable=False, null=True, verbose_name="sent back"),
        ),
        migrations.AddField(
            model_name="payout",
            name="fees",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="payout",
            name="settled",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="failed_on",
            field=models.DateField(editable=False, null=True),
        ),
    ]
