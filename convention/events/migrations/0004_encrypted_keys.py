"""Private keys of badges are encrypted under SECRET_KEY."""

from typing import Any

from django.db import migrations

from convention.secret_keys import fernet_for

PURPOSE = "event keys"


def encrypt(apps: Any, _editor: Any) -> None:
    """Encrypt the keys that stand in clear."""
    for key in apps.get_model("events", "EventKey").objects.all():
        key.encrypted_private_key = fernet_for(PURPOSE).encrypt(bytes(key.encrypted_private_key))
        key.save(update_fields=["encrypted_private_key"])


def decrypt(apps: Any, _editor: Any) -> None:
    """Write them in clear again."""
    for key in apps.get_model("events", "EventKey").objects.all():
        key.encrypted_private_key = fernet_for(PURPOSE).decrypt(bytes(key.encrypted_private_key))
        key.save(update_fields=["encrypted_private_key"])


class Migration(migrations.Migration):
    """Under another name: what stands there is no key any more."""

    dependencies = [("events", "0003_delegations")]

    operations = [
        migrations.RenameField("eventkey", "private_key", "encrypted_private_key"),
        migrations.RunPython(encrypt, decrypt),
    ]
