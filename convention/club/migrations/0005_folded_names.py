"""Companies, people, groups and markets are found and sorted by folded names, kept beside them."""

from typing import Any

from django.db import migrations, models

from convention.findable import fold_again
from convention.text import filed

BOTH = ("search", "sort_name")


def _file_company(row: Any) -> None:
    row.sort_name = filed(row.name)[:100]
    row.search = filed(f"{row.name} {row.city} {row.siren}")


def _file_person(row: Any) -> None:
    row.sort_name = filed(f"{row.last_name} {row.first_name}")[:100]
    row.search = filed(f"{row.first_name} {row.last_name} {row.email or ''}")


def _file_name(row: Any) -> None:
    row.sort_name = filed(row.name)[:100]


def fold_names(apps: Any, _editor: Any) -> None:
    """Write the new columns of every row."""
    fold_again(apps.get_model("club", "Company"), BOTH, _file_company)
    fold_again(apps.get_model("club", "Person"), BOTH, _file_person)
    for name in ("Market", "WorkingGroup"):
        fold_again(apps.get_model("club", name), ("sort_name",), _file_name)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("club", "0004_people"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="company",
            options={
                "ordering": ["sort_name", "pk"],
                "verbose_name": "company",
                "verbose_name_plural": "companies",
            },
        ),
        migrations.AlterModelOptions(
            name="market",
            options={
                "ordering": ["sort_name", "pk"],
                "verbose_name": "market",
                "verbose_name_plural": "markets",
            },
        ),
        migrations.AlterModelOptions(
            name="person",
            options={
                "ordering": ["sort_name", "pk"],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.AlterModelOptions(
            name="workinggroup",
            options={
                "ordering": ["sort_name", "pk"],
                "verbose_name": "working group",
                "verbose_name_plural": "working groups",
            },
        ),
        migrations.RemoveIndex(
            model_name="person",
            name="person_by_name",
        ),
        migrations.AddField(
            model_name="company",
            name="search",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="company",
            name="sort_name",
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name="market",
            name="sort_name",
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name="person",
            name="search",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="person",
            name="sort_name",
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name="workinggroup",
            name="sort_name",
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(fields=["sort_name", "id"], name="company_by_name"),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["sort_name", "id"], name="person_by_sort_name"),
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
