"""Each order's link is with whoever placed it, until another contact takes it over."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def give_links_to_buyers(apps, _schema_editor):
    apps.get_model("company_desk", "CompanyOrder").objects.update(managed_by=F("placed_by"))


class Migration(migrations.Migration):
    dependencies = [
        ("company_desk", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="companyorder",
            name="managed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(give_links_to_buyers, migrations.RunPython.noop),
    ]
