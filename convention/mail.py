"""Mails: one template for text, one for HTML, in the reader's language."""

import re
import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy as Policy
from email.policy import default as default_policy
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.template.loader import render_to_string
from django.utils import translation

from .colours import dark_tones, light_tones
from .outside_calls import OutsideBusy, outside_call

ADDRESS = re.compile(r"<?(?<![^\s<>])[^\s<>@]++@[^\s<>]+>?")


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that travels with a mail; `mimetype` may carry parameters."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is sent: `template` names mail/TEMPLATE.txt and mail/TEMPLATE.html; `key` tells repeats apart."""

    to: str
    subject: str
    template: str
    context: dict[str, Any]
    language: str
    key: str
    accent: str = ""
    reply_to: str = ""
    attachments: Sequence[Attachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The mail server will never take this mail, and said why; the address may be wrong."""


class NotSent(OSError):
    """The mail server could not take this mail now, and said why or did not answer."""


class Postponed(NotSent):
    """The mail server is well and will take this one mail later, such as behind a greylist."""


def send(letter: Letter) -> str:
    """Send one mail now; what the mail server answered, where there is one.

    The same key gives the same Message-ID, by which mail programs drop a repeat. Raises Refused for a final
    answer about this mail, and NotSent for what may pass, to be tried again; neither names an address.
    """
    try:
        with outside_call():
            return _hand_over(mailers.default, letter)
    except OutsideBusy:
        raise NotSent("too many mails wait for the mail server") from None


@contextmanager
def one_connection() -> Iterator[Callable[[Letter], str]]:
    """A `send` for many mails one after the other, over one connection that is made anew where it breaks."""
    mailer = mailers.default
    try:
        yield partial(_hand_over_kept, mailer)
    finally:
        _hang_up(mailer)


def _hand_over_kept(mailer: Any, letter: Letter) -> str:
    """Send over the connection that stands; where the server fails, the next mail gets a new one."""
    try:
        mailer.open()
        return _hand_over(mailer, letter)
    except (Postponed, Refused):
        raise
    except NotSent:
        _hang_up(mailer)
        raise
    except (smtplib.SMTPException, OSError) as error:
        _hang_up(mailer)
        raise NotSent(answer_of(error)) from None


def _hang_up(mailer: Any) -> None:
    with suppress(smtplib.SMTPException, OSError):
        mailer.close()


def _hand_over(mailer: Any, letter: Letter) -> str:
    message = _message(letter)
    try:
        mailer.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        if is_final(error):
            raise Refused(answer_of(error)) from None
        kind = Postponed if concerns_one(error) else NotSent
        raise kind(answer_of(error)) from None
    return masked(getattr(mailer, "last_answer", ""))


def concerns_one(error: Exception) -> bool:
    """Whether the server spoke of this recipient or content alone, and not of itself (421: it goes away)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code != 421 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code != 421


def is_final(error: Exception) -> bool:
    """Whether the server refused this recipient or this content for good (5xx), not us or just now."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return True
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def answer_of(error: Exception) -> str:
    """What the server said, or what stood in the way; without addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, text), *_rest] = error.recipients.values()
        return masked(f"{code} {as_text(text)}")
    if isinstance(error, smtplib.SMTPResponseException):
        return masked(f"{error.smtp_code} {as_text(error.smtp_error)}")
    return type(error).__name__


def as_text(said: bytes | str) -> str:
    """A server's words."""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def masked(said: str) -> str:
    """One line without addresses, short enough to keep."""
    return ADDRESS.sub("…", " ".join(said.split()))[:300]


def shown(letter: Letter) -> tuple[str, str]:
    """The letter as text and as HTML, as it is sent."""
    context = {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        **_accents(letter.accent),
        **letter.context,
    }
    with translation.override(letter.language):
        return (
            render_to_string(f"mail/{letter.template}.txt", context),
            render_to_string(f"mail/{letter.template}.html", context),
        )


class _Whole(UnstructuredHeader):
    """A header for programs: its address is neither broken nor encoded, however long, or none finds it."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        """On one line."""
        return f"{self.name}: {self}{policy.linesep}"


_headers: Any = HeaderRegistry()
for _name in ("List-Unsubscribe", "Message-ID"):
    _headers.map_to_type(_name, _Whole)


class _Message(EmailMultiAlternatives):
    """Django’s message, with whole headers."""

    def message(self, *, policy: Any = default_policy) -> EmailMessage:
        """For the wire."""
        return super().message(policy=policy.clone(header_factory=_headers))


def _message(letter: Letter) -> EmailMultiAlternatives:
    text, html = shown(letter)
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    message = _Message(
        subject=" ".join(letter.subject.splitlines()),
        body=text,
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={
            "Message-ID": f"<{letter.key}@{host}>",
            "Auto-Submitted": "auto-generated",
            **letter.headers,
        },
    )
    message.attach_alternative(html, "text/html")
    for file in letter.attachments:
        message.attach(file.name, file.content, file.mimetype)
    return message


def _accents(accent: str) -> dict[str, str]:
    if not accent:
        return {}
    return {"mail_accent": light_tones(accent).accent, "mail_accent_dark": dark_tones(accent).accent}
