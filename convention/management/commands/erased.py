"""`manage.py erased`: list erased people by number; `--again 12 17` erases them again after a restore."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.commands import ConventionCommand
from convention.errors import NotFound
from convention.privacy.erase import erase_people
from convention.privacy.models import PrivacyCase


class Command(ConventionCommand):
    """Print the numbers, or erase people by their numbers."""

    help = (
        "List the numbers of erased people. After restoring an older backup, erase them again with --again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", metavar="NUMBER", nargs="+", type=int, default=[])

    def run(self, **options: Any) -> None:
        """Print the numbers, or erase all given people in one transaction."""
        if options["again"]:
            self.print_lines(str(_erase_again(number)) for number in options["again"])
        else:
            # Numbers only: nothing else is left of an erased person. Print them before a restore.
            erasure_cases = PrivacyCase.objects.filter(answer=PrivacyCase.Answer.ERASED, person__isnull=False)
            self.print_lines(
                str(number) for number in erasure_cases.order_by("person").values_list("person", flat=True)
            )


def _erase_again(number: int) -> int:
    person = Person.objects.filter(pk=number).first()
    if person is None:
        raise NotFound(_("There is no person with the number %(number)d.") % {"number": number})
    # Not skipped as in the nightly run: the operator has to know who was not erased.
    if not erase_people(people=[person]):
        sentence = _("Person %(number)d cannot be erased yet. Open a request under “Privacy requests”.")
        raise NotFound(sentence % {"number": number})
    return number
