"""`manage.py restore FILE`: a backup into an empty database, or only the check that it is whole."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.backup.archive import open_backup, say_contents
from convention.backup.manifest import Manifest
from convention.backup.restore import Restored, restore
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
            with open_backup(options["file"]) as backup:
                sentence = _("%(summary)s Every checksum is right.")
                self.say(sentence % {"summary": summary_of(backup.manifest)})
            return
        restored = restore(path=options["file"])
        self.say(_("Restored: %(summary)s") % {"summary": summary_of(restored.manifest)})
        self.say(_("Everyone signs in again: a backup holds no sessions."))
        if not restored.manifest.has_known_key:
            self.say_what_ended(restored)

    def say_what_ended(self, restored: Restored) -> None:
        """Say what another SECRET_KEY voids, for good or until the old key is named."""
        self.say(
            _(
                "SECRET_KEY is not the one of the site that was saved. Until that key is in "
                "SECRET_KEY_FALLBACKS, the links in e-mails sent and the addresses of personal programmes "
                "open nothing, authenticator apps and recovery codes are refused, and badges are signed with "
                "a new key. Badges already printed stay valid where the scanner has a network."
            )
        )
        for kind, count in restored.replaced.items():
            self.say(
                ngettext(
                    "%(kind)s: %(count)d code, encrypted under that key, was replaced by a new one. To get "
                    "the old one back, restore into a new database with that key in SECRET_KEY_FALLBACKS.",
                    "%(kind)s: %(count)d codes, encrypted under that key, were replaced by new ones. To get "
                    "the old ones back, restore into a new database with that key in SECRET_KEY_FALLBACKS.",
                    count,
                )
                % {"kind": f"{kind[:1].upper()}{kind[1:]}", "count": count}
            )


def summary_of(manifest: Manifest) -> str:
    """Return what a backup holds, in a sentence."""
    return _("%(contents)s, saved from %(site)s at %(made_at)s UTC.") % {
        "contents": say_contents(manifest),
        "site": manifest.site,
        "made_at": manifest.made_at[:19],
    }
