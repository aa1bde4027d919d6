"""`manage.py demo_passwords`: new random passwords for the demo's accounts."""

from typing import Any

from django.utils.translation import gettext as _

from convention.accounts.demo_credentials import find_people_with_demo_password, replace_credentials
from convention.club.demo_accounts import get_demo_people, is_demo
from convention.commands import ConventionCommand
from convention.errors import ConventionError
from convention.management.welcome import format_new_password_lines


class Command(ConventionCommand):
    """Replace all credentials of the demo's accounts; the passwords are printed and stored nowhere."""

    help = "Give the demo's accounts new random passwords and print them once."

    def run(self, **options: Any) -> None:
        if not is_demo():
            raise ConventionError(
                _("This is not a demo: give each person a password with `manage.py changepassword ADDRESS`.")
            )
        # People who were added to the demo by hand may have the published password too.
        people = {person.pk: person for person in [*get_demo_people(), *find_people_with_demo_password()]}
        for line in format_new_password_lines(replace_credentials(people.values())):
            self.stdout.write(line)
