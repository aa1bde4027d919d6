from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schedule", "0009_print_page_counts")]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="embedding_sites",
            field=models.TextField(
                blank=True, default="", verbose_name="sites that may show the programme in their pages"
            ),
        )
    ]
