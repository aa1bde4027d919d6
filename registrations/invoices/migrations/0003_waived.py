from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0002_quotations")]

    operations = [
        migrations.AddField(
            model_name="charge",
            name="waived_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
