from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0011_self_service"),
    ]

    operations = [
        migrations.AlterField(
            model_name="waitingentry",
            name="passed_over",
            field=models.CharField(
                blank=True,
                choices=[
                    ("not_a_member", "no member has this address"),
                    ("company_full", "their company has all its places"),
                    ("has_place", "has a place already"),
                    ("not_eligible", "may not come on this visit"),
                ],
                editable=False,
                max_length=20,
            ),
        ),
    ]
