import re

from django.db import migrations, models

from registrations.invoices import triggers

AT_ONCE = 2000
OF_REGISTRATION = re.compile(r"[A-Z2-7]{13}(/.*)?")


def part_descriptions(apps, editor):
    """Move the attendee's name out of the description of what a registration costs.

    The charge of a registration, of its add-ons and of its cancellation fee has a key that begins with the
    registration's reference; its description was the ticket's name and, after the last comma, the attendee's.
    """
    charge = apps.get_model("invoices", "Charge")
    rows, last = charge.objects.order_by("pk"), 0
    while some := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        last = some[-1].pk
        changed = []
        for row in some:
            what, comma, name = row.description.rpartition(", ")
            if comma and OF_REGISTRATION.fullmatch(row.key):
                row.description, row.attendee = what, name
                changed.append(row)
        charge.objects.bulk_update(changed, ["description", "attendee"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0005_sent_again")]

    operations = [
        migrations.RunPython(triggers.unprotect, triggers.protect),
        migrations.AddField(
            model_name="charge",
            name="attendee",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="attendee"
            ),
        ),
        migrations.RunPython(part_descriptions, migrations.RunPython.noop),
        migrations.RunPython(triggers.protect, triggers.unprotect),
    ]
