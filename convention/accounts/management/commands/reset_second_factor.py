"""`manage.py reset_second_factor EMAIL`: for a person who lost phone, passkey and recovery codes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.accounts.second_factors import reset_second_factor
from convention.commands import ConventionCommand


class Command(ConventionCommand):
    """Remove a person's second factors; they sign in by mail or password and set up new ones."""

    help = "Remove a person's lost second factors and end their sessions. Verify who is asking first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address of the person's account")
        parser.add_argument("--reason", default="", help="reason, stored in the audit trail")

    def run(self, **options: Any) -> None:
        person = reset_second_factor(email=options["email"], reason=options["reason"][:300])
        sentence = _("%(address)s: second factors removed, all sessions ended. An e-mail has been sent.")
        self.stdout.write(sentence % {"address": person.email})
