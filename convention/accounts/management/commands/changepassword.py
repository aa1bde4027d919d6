"""`manage.py changepassword ADDRESS`: Django's command, which also ends sessions and API tokens."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.utils.translation import gettext as _

from convention.accounts.password_change import revoke_access
from convention.club.models import Person


class Command(changepassword.Command):
    """Set a new password for an account that a stranger may have used."""

    def handle(self, *args: Any, **options: Any) -> str:
        """Ask for the password, then end all sessions and revoke all API tokens."""
        # Django raises CommandError if no password was set: then nothing is revoked.
        answer = str(super().handle(*args, **options))
        person = Person.objects.filter(email=options["username"]).first()
        if person is not None:
            revoked = revoke_access(person=person)
            self.stderr.write(
                _("All sessions have ended; API tokens revoked: %(count)d.") % {"count": revoked},
                style_func=lambda text: text,
            )
        return answer
