"""Mails: one template for text, one for HTML, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from .colours import dark_tones, light_tones


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


def send(letter: Letter) -> None:
    """Send one mail now; raises what the mail server's library raises, so that a task can try again.

    The same key gives the same Message-ID, by which mail programs drop a repeat.
    """
    with translation.override(letter.language):
        message = _message(letter)
    message.send()


def _message(letter: Letter) -> EmailMultiAlternatives:
    context = {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        **_accents(letter.accent),
        **letter.context,
    }
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.splitlines()),
        body=render_to_string(f"mail/{letter.template}.txt", context),
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={"Message-ID": f"<{letter.key}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"mail/{letter.template}.html", context), "text/html")
    for file in letter.attachments:
        message.attach(file.name, file.content, file.mimetype)
    return message


def _accents(accent: str) -> dict[str, str]:
    if not accent:
        return {}
    return {"mail_accent": light_tones(accent).accent, "mail_accent_dark": dark_tones(accent).accent}
