"""`manage.py restore FILE`: restore a backup into an empty database, or only check the file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.backup.archive import describe_contents, open_backup
from convention.backup.manifest import BackupManifest
from convention.backup.restore_backup import RestoreResult, restore_backup
from convention.commands import ConventionCommand


class Command(ConventionCommand):
    """Restore all of it or nothing."""

    help = "Restore a file made by `backup` into an empty database (migrated if needed), or check the file."
    # `restore_backup` opens a durable transaction, which must be the outermost one.
    runs_in_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a file made by `backup`")
        parser.add_argument(
            "--check",
            action="store_true",
            help="only read the whole file and compare its checksums; needs no database",
        )

    def run(self, **options: Any) -> None:
        if options["check"]:
            # Opening reads every part and compares its checksum.
            with open_backup(options["file"]) as backup:
                sentence = _("%(summary)s All checksums match.")
                self.print_notice(sentence % {"summary": describe_backup(backup.manifest)})
            return
        restored = restore_backup(path=options["file"])
        self.print_notice(_("Restored: %(summary)s") % {"summary": describe_backup(restored.manifest)})
        self.print_notice(_("Everyone has to sign in again: backups contain no sessions."))
        if not restored.manifest.has_known_key:
            self.print_key_consequences(restored)

    def print_key_consequences(self, restored: RestoreResult) -> None:
        """Say what another SECRET_KEY invalidates, for good or until the old key is a fallback."""
        self.print_notice(
            _(
                "SECRET_KEY differs from that of the saved site. Until that key is in "
                "SECRET_KEY_FALLBACKS, links in earlier e-mails and links to personal "
                "programmes do not work, authenticator apps and recovery codes are refused, "
                "and badges are signed with a new key. Badges already printed stay valid where "
                "the scanner is online."
            )
        )
        for kind, count in restored.replaced_counts.items():
            self.print_notice(
                ngettext(
                    "%(kind)s: %(count)d code, encrypted under that key, was replaced by a new one. To get "
                    "the old one back, restore into a new database with that key in SECRET_KEY_FALLBACKS.",
                    "%(kind)s: %(count)d codes, encrypted under that key, were replaced by new ones. To get "
                    "the old ones back, restore into a new database with that key in SECRET_KEY_FALLBACKS.",
                    count,
                )
                % {"kind": f"{kind[:1].upper()}{kind[1:]}", "count": count}
            )


def describe_backup(manifest: BackupManifest) -> str:
    """Return a sentence about content, site and time of a backup."""
    return _("%(contents)s, saved from %(site)s at %(made_at)s UTC.") % {
        "contents": describe_contents(manifest),
        "site": manifest.site,
        "made_at": manifest.made_at[:19],
    }
