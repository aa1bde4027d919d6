from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0008_previous_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="registrationaddon",
            name="pay_by",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
