"""Mails stored as files in development, shown at /dev/mail/."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import cast

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.errors import NotFound

# Django's file backend ends each mail with a line of 79 dashes.
MAIL_SEPARATOR = re.compile(rb"\n-{79}\n")
# No slash: the name comes from the address of a page, and must not lead out of the folder.
MAIL_FILE_PATTERN = re.compile(r"^[\w.-]+\.log$")


@dataclass(frozen=True)
class StoredAttachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class StoredMail:
    """One mail, identified by its file and its position in it."""

    file: str
    number: int
    message: EmailMessage

    @property
    def sent_at(self) -> datetime | None:
        """Return the time of the Date header."""
        return parsedate_to_datetime(self.message["Date"]) if self.message["Date"] else None

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part else ""

    @property
    def html(self) -> str:
        """Return the HTML version, or ""."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part else ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Return the headers, decoded."""
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def attachments(self) -> list[StoredAttachment]:
        return [
            StoredAttachment(
                part.get_filename() or f"attachment-{number}",
                part.get_content_type(),
                cast("bytes", part.get_payload(decode=True)) or b"",
            )
            for number, part in enumerate(self.message.iter_attachments(), start=1)
        ]


def list_stored_mails(*, max_count: int = 200) -> list[StoredMail]:
    """Return the latest mails, newest first."""
    # Only the newest files are read: an old mailbox may have thousands.
    files = sorted(settings.MAIL_DIR.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = [mail for path in files[:max_count] for mail in read_mail_file(path)]
    mails.sort(key=lambda mail: mail.sent_at.timestamp() if mail.sent_at else 0, reverse=True)
    return mails[:max_count]


def get_stored_mail(file: str, number: int) -> StoredMail:
    """Return one mail. Raise NotFound."""
    path = settings.MAIL_DIR / file
    mails = read_mail_file(path) if MAIL_FILE_PATTERN.match(file) and path.exists() else []
    if number >= len(mails):
        raise NotFound(_("This e-mail is no longer there."))
    return mails[number]


def remove_stored_mails(matches_text: Callable[[str], bool]) -> None:
    """Remove each mail for whose headers and text `matches_text` is true, and files left empty."""
    for path in settings.MAIL_DIR.glob("*.log"):
        sources = [source for source in MAIL_SEPARATOR.split(path.read_bytes()) if source.strip()]
        remaining = [source for source in sources if not matches_text(_decode_mail_text(source))]
        if not remaining:
            path.unlink()
        # A file without a match is not rewritten: its modification time orders the list.
        elif len(remaining) < len(sources):
            path.write_bytes(b"".join(source + b"\n" + b"-" * 79 + b"\n" for source in remaining))


def _decode_mail_text(source: bytes) -> str:
    """Return the headers and texts of a mail, decoded."""
    message = message_from_bytes(source, policy=policy.default)
    texts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    headers = [str(value) for value in message.values()]
    return "\n".join([*headers, *(str(part.get_content()) for part in texts)])


def read_mail_file(path: Path) -> list[StoredMail]:
    """Return every mail of one file."""
    sources = [source for source in MAIL_SEPARATOR.split(path.read_bytes()) if source.strip()]
    return [
        StoredMail(path.name, number, message_from_bytes(source, policy=policy.default))
        for number, source in enumerate(sources)
    ]
