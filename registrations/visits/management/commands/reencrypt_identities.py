"""Re-encrypt identities and visitor lists with the newest key."""

from typing import Any

from django.utils.translation import gettext as _

from convention.commands import ConventionCommand
from registrations.visits.identity.reencrypt import reencrypt_rows


class Command(ConventionCommand):
    """`manage.py reencrypt_identities`."""

    help = (
        "Encrypt identities and visitor lists again with the first of IDENTITY_KEYS. "
        "Older keys can then be removed."
    )
    # One transaction would lock all identities for the whole run, and lose its progress when interrupted.
    runs_in_transaction = False

    def run(self, **_options: Any) -> None:
        """Re-encrypt the rows and print how many there were."""
        self.print_lines([_("Encrypted again with the newest key: %(count)d.") % {"count": reencrypt_rows()}])
