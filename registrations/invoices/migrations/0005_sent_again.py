from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0004_payouts")]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="sent_again",
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
