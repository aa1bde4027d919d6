"""Mails kept as files in development, read back for /dev/mail/."""

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

from .errors import NotFound

RULER = re.compile(rb"\n-{79}\n")
NAME = re.compile(r"^[\w.-]+\.log$")


@dataclass(frozen=True)
class Attachment:
    """A file that came with a mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Kept:
    """One mail, by its file and its place in it."""

    file: str
    number: int
    message: EmailMessage

    @property
    def sent_at(self) -> datetime | None:
        """By its own Date header."""
        return parsedate_to_datetime(self.message["Date"]) if self.message["Date"] else None

    @property
    def text(self) -> str:
        """The plain version."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part else ""

    @property
    def html(self) -> str:
        """The HTML version; empty where there is none."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part else ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """As they stand in the mail, readable."""
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def attachments(self) -> list[Attachment]:
        """Calendar, badge and the like."""
        return [
            Attachment(
                part.get_filename() or f"attachment-{number}",
                part.get_content_type(),
                cast("bytes", part.get_payload(decode=True)) or b"",
            )
            for number, part in enumerate(self.message.iter_attachments(), start=1)
        ]


def kept_mails(*, most: int = 200) -> list[Kept]:
    """The latest mails, newest first."""
    files = sorted(settings.MAIL_DIR.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = [mail for path in files[:most] for mail in read(path)]
    mails.sort(key=lambda mail: mail.sent_at.timestamp() if mail.sent_at else 0, reverse=True)
    return mails[:most]


def kept_mail(file: str, number: int) -> Kept:
    """One mail. Raises NotFound."""
    path = settings.MAIL_DIR / file
    mails = read(path) if NAME.match(file) and path.exists() else []
    if number >= len(mails):
        raise NotFound(_("This e-mail is no longer there."))
    return mails[number]


def remove_mails(is_meant: Callable[[str], bool]) -> None:
    """Remove each stored mail whose headers or text the function recognizes; files left empty go too."""
    for path in settings.MAIL_DIR.glob("*.log"):
        sources = [source for source in RULER.split(path.read_bytes()) if source.strip()]
        stay = [source for source in sources if not is_meant(_text_of_mail(source))]
        if not stay:
            path.unlink()
        elif len(stay) < len(sources):
            path.write_bytes(b"".join(source + b"\n" + b"-" * 79 + b"\n" for source in stay))


def _text_of_mail(source: bytes) -> str:
    """Return headers and texts of a mail, decoded."""
    message = message_from_bytes(source, policy=policy.default)
    texts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    headers = [str(value) for value in message.values()]
    return "\n".join([*headers, *(str(part.get_content()) for part in texts)])


def read(path: Path) -> list[Kept]:
    """Every mail of one file."""
    sources = [source for source in RULER.split(path.read_bytes()) if source.strip()]
    return [
        Kept(path.name, number, message_from_bytes(source, policy=policy.default))
        for number, source in enumerate(sources)
    ]
