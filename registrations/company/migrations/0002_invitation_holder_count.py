"""Count holders instead of badge versions: a badge that is reissued stays with its holder's invitation."""

from django.db import migrations, models


def count_holders(apps, schema_editor):
    """Lower the numbers of places whose badge was reissued; of two for one holder the later row stays."""
    rows = apps.get_model("company_desk", "Invitation").objects.select_related("registration")
    seen = set()
    for invitation in rows.filter(registration__reissue_count__gt=0).order_by(
        "registration", "-holder_count"
    ):
        registration = invitation.registration
        is_cancelled = registration.cancelled_at is not None
        current = registration.badge_version - registration.reissue_count - is_cancelled
        invitation.holder_count = min(invitation.holder_count, current)
        key = (registration.pk, invitation.holder_count)
        if key in seen:
            invitation.delete()
        else:
            invitation.save(update_fields=["holder_count"])
        seen.add(key)


class Migration(migrations.Migration):
    dependencies = [
        ("company_desk", "0001_initial"),
        ("registrations", "0006_reissue_count"),
    ]

    operations = [
        migrations.RemoveConstraint("invitation", "one_invitation_per_holder"),
        migrations.RenameField("invitation", "badge_version", "holder_count"),
        migrations.RunPython(count_holders, migrations.RunPython.noop),
        migrations.AddConstraint(
            "invitation",
            models.UniqueConstraint(
                fields=["registration", "holder_count"], name="one_invitation_per_holder"
            ),
        ),
    ]
