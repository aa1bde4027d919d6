"""`manage.py erased`: who was erased, as numbers; `--again 12 17` erases them once more after a restore."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.commands import SentenceCommand
from convention.errors import NotFound
from convention.privacy.erase import erase_quietly
from convention.privacy.models import Case


class Command(SentenceCommand):
    """Print the numbers, or erase people by theirs."""

    help = "Numbers of the people who were erased; an older backup brings them back: erase them --again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which to erase once more."""
        parser.add_argument("--again", metavar="NUMBER", nargs="+", type=int, default=[])

    def run(self, **options: Any) -> None:
        """Print, or erase: all of them or nobody."""
        if options["again"]:
            self.tell(str(_again(number)) for number in options["again"])
        else:
            gone = Case.objects.filter(answer=Case.Answer.ERASED, person__isnull=False)
            self.tell(str(number) for number in gone.order_by("person").values_list("person", flat=True))


def _again(number: int) -> int:
    person = Person.objects.filter(pk=number).first()
    if person is None:
        raise NotFound(_("There is nobody with the number %(number)d.") % {"number": number})
    if not erase_quietly(people=[person]):
        sentence = _("Number %(number)d cannot be erased yet: open a request at the privacy desk.")
        raise NotFound(sentence % {"number": number})
    return number
