"""`manage.py restore FILE`: a backup into an empty database, or only the check that it is whole."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.backup.archive import Manifest, check, contents, knows_key
from convention.backup.restore import restore
from convention.commands import SentenceCommand


class Command(SentenceCommand):
    """Whole or not at all."""

    help = "Bring a file made by `backup` into an empty database (made ready where needed), or check it."
    transactional = False

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE [--check]."""
        parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
        parser.add_argument(
            "--check",
            action="store_true",
            help="only read it wholly and compare its checksums; needs no database",
        )

    def run(self, **options: Any) -> None:
        """Check or restore, and say what."""
        if options["check"]:
            sentence = _("%(told)s Every checksum is right.")
            self.say(sentence % {"told": told(check(options["file"]))})
            return
        manifest = restore(path=options["file"])
        self.say(_("Restored: %(told)s") % {"told": told(manifest)})
        if not knows_key(manifest):
            self.say(
                _(
                    "SECRET_KEY is not the one of the site that was saved: some links in e-mails sent do not "
                    "open here until that key stands in SECRET_KEY or SECRET_KEY_FALLBACKS."
                )
            )


def told(manifest: Manifest) -> str:
    """What a backup holds, in a sentence."""
    return _("%(contents)s, saved from %(site)s at %(made_at)s UTC.") % {
        "contents": contents(manifest),
        "site": manifest["site"],
        "made_at": manifest["made_at"][:19],
    }
