import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef


def keep_presences(apps, schema_editor):
    """Count the scans that counted until now: admitted ones, and double reads that the operator let pass."""
    scans = apps.get_model("attendance", "Scan").objects
    counted = scans.filter(verdict__in=["admitted", "already_in"])
    counted.exclude(local_verdict="already_in").update(let_in=True)


def give_repeated_ids_new_ones(apps, schema_editor):
    """Give a scan whose id another device of the event used before an id made of both, so that none is lost."""
    scans = apps.get_model("attendance", "Scan").objects
    repeated = scans.filter(
        Exists(scans.filter(event=OuterRef("event"), uid=OuterRef("uid"), pk__lt=OuterRef("pk")))
    )
    for scan in repeated.iterator():
        scans.filter(pk=scan.pk).update(uid=uuid.uuid5(scan.uid, str(scan.device_id)))


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0001_initial"),
        ("events", "0003_call_for_proposals"),
        ("registrations", "0005_transferred_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CapacityLease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("places", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PairingInvitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("can_override", models.BooleanField(default=False)),
                ("nonce", models.CharField(editable=False, max_length=64)),
                ("used_count", models.PositiveIntegerField(default=0)),
                ("code_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "pairing code",
                "verbose_name_plural": "pairing codes",
            },
        ),
        migrations.RemoveConstraint(
            model_name="scan",
            name="scan_once_per_device",
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="alarm_percent",
            field=models.PositiveSmallIntegerField(
                default=90,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(100),
                ],
                verbose_name="alarm at (% of the capacity)",
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="pairing_code_expires_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="device",
            name="pairing_code_hash",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="device",
            name="public_key",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="device",
            name="state",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="scan",
            name="delivered_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="attendance.device",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="let_in",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="scan",
            name="undoes",
            field=models.UUIDField(null=True),
        ),
        migrations.RunPython(keep_presences, migrations.RunPython.noop),
        migrations.RunPython(give_repeated_ids_new_ones, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(fields=["device", "device_sequence"], name="scans_of_device"),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("undoes__isnull", False)), fields=["event", "undoes"], name="scans_undone"
            ),
        ),
        migrations.AddConstraint(
            model_name="scan",
            constraint=models.UniqueConstraint(fields=("event", "uid"), name="scan_once_per_event"),
        ),
        migrations.AddField(
            model_name="capacitylease",
            name="checkpoint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="leases", to="attendance.checkpoint"
            ),
        ),
        migrations.AddField(
            model_name="capacitylease",
            name="device",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="attendance.device"
            ),
        ),
        migrations.AddField(
            model_name="pairinginvitation",
            name="checkpoint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="attendance.checkpoint"
            ),
        ),
        migrations.AddField(
            model_name="pairinginvitation",
            name="event",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
            ),
        ),
        migrations.AddField(
            model_name="pairinginvitation",
            name="shown_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="capacitylease",
            constraint=models.UniqueConstraint(
                fields=("checkpoint", "device"), name="one_lease_per_device_and_door"
            ),
        ),
    ]
