"""Send mails, each rendered from a text and an HTML template in the reader's language."""

import logging
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

from convention.web.accent_colours import make_dark_tones, make_light_tones
from convention.web.external_calls import ExternalServiceBusy, count_external_call

logger = logging.getLogger(__name__)

# Titles of events may be longer than any mail program shows; some servers refuse very long headers.
MAX_SUBJECT_LENGTH = 200

# Possessive (`++`) and only from the beginning of a word: a reply that is one long word without "@" must
# not be searched again from each of its letters.
ADDRESS_PATTERN = re.compile(r"<?(?<![^\s<>])[^\s<>@]++@[^\s<>]+>?")


@dataclass(frozen=True, kw_only=True)
class MailAttachment:
    """A file attached to a mail; `mimetype` may have parameters."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True, kw_only=True)
class MailMessage:
    """A mail to send. `template` names mail/TEMPLATE.txt and mail/TEMPLATE.html.

    `recipient_name` is greeted; leave it empty where a stranger may have entered the name. `reply_to` is also
    shown below the signature.
    Mails with the same `message_key` have the same Message-ID, so that mail programs drop a repeat.
    """

    to: str
    subject: str
    template: str
    context: dict[str, Any]
    language: str
    message_key: str
    recipient_name: str = ""
    accent: str = ""
    reply_to: str = ""
    attachments: Sequence[MailAttachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class MailRefused(Exception):
    """The mail server refused this mail for good; the address may be wrong."""


class MailNotSent(OSError):
    """The mail server could not take the mail now, or did not answer."""


class MailPostponed(MailNotSent):
    """The mail server postponed this mail (for example by greylisting) but accepts others."""


def send_mail_message(mail_message: MailMessage) -> str:
    """Send one mail; return the server's reply, if the backend knows it.

    Raise MailRefused for a permanent failure of this mail, MailNotSent if it should be retried. Neither
    error contains an address.
    """
    try:
        with count_external_call():
            return _send_over_connection(mailers.default, mail_message)
    except ExternalServiceBusy:
        # `from None` here and below: the library's errors name the recipient, and tracebacks are stored.
        raise MailNotSent("too many mails wait for the mail server") from None


def send_or_log(mail_message: MailMessage) -> None:
    """Send the mail; if its address is refused, log only its message key. Raise MailNotSent."""
    try:
        send_mail_message(mail_message)
    # A refusal is permanent: raising would only make the worker retry. The log names no address.
    except MailRefused:
        logger.warning("The mail server refused %s.", mail_message.message_key)


@contextmanager
def open_mail_connection() -> Iterator[Callable[[MailMessage], str]]:
    """Yield a `send` function for many mails over one connection, reopened when it breaks."""
    mailer = mailers.default
    try:
        yield partial(_send_over_open_connection, mailer)
    finally:
        _close_connection(mailer)


def _send_over_open_connection(mailer: Any, mail_message: MailMessage) -> str:
    """Send over the open connection; after a failure of the server, the next mail opens a new one."""
    try:
        mailer.open()
        return _send_over_connection(mailer, mail_message)
    # The server still answers: the connection stays open for the next mail.
    except (MailPostponed, MailRefused):
        raise
    except MailNotSent:
        _close_connection(mailer)
        raise
    except (smtplib.SMTPException, OSError) as error:
        _close_connection(mailer)
        raise MailNotSent(describe_smtp_error(error)) from None


def _close_connection(mailer: Any) -> None:
    # A connection that broke cannot say QUIT; it is closed all the same.
    with suppress(smtplib.SMTPException, OSError):
        mailer.close()


def _send_over_connection(mailer: Any, mail_message: MailMessage) -> str:
    # Outside the `try`: a template that fails is a fault of ours, not of the mail server.
    message = _build_message(mail_message)
    try:
        mailer.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        if is_permanent_failure(error):
            raise MailRefused(describe_smtp_error(error)) from None
        # A mailing continues after MailPostponed and stops after MailNotSent.
        kind = MailPostponed if is_about_single_message(error) else MailNotSent
        raise kind(describe_smtp_error(error)) from None
    return mask_addresses(getattr(mailer, "last_reply", ""))


def is_about_single_message(error: Exception) -> bool:
    """Return whether the error concerns this recipient or content alone, not the server (421)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # 421 (RFC 5321, 3.8): the server closes the connection, whatever the recipient.
        return all(code != 421 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code != 421


def is_permanent_failure(error: Exception) -> bool:
    """Return whether the server refused this recipient or content for good (5xx)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    # The address needs SMTPUTF8 (RFC 6531), which the server lacks: a retry would not help.
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return True
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def describe_smtp_error(error: Exception) -> str:
    """Return the server's reply or the name of the error, without addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, text), *_rest] = error.recipients.values()
        return mask_addresses(f"{code} {decode_reply(text)}")
    if isinstance(error, smtplib.SMTPResponseException):
        return mask_addresses(f"{error.smtp_code} {decode_reply(error.smtp_error)}")
    return type(error).__name__


def decode_reply(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def mask_addresses(reply: str) -> str:
    """Return the reply on one line, without addresses and at most 300 characters long."""
    return ADDRESS_PATTERN.sub("…", " ".join(reply.split()))[:300]


def render_mail_message(mail_message: MailMessage) -> tuple[str, str]:
    """Return the mail as text and as HTML."""
    context = {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "recipient_name": mail_message.recipient_name,
        "contact_email": mail_message.reply_to,
        **_accent_context(mail_message.accent),
        **mail_message.context,
    }
    with translation.override(mail_message.language):
        return (
            render_to_string(f"mail/{mail_message.template}.txt", context),
            render_to_string(f"mail/{mail_message.template}.html", context),
        )


# Python encodes an unbreakable long value as RFC 2047 words, in which mail programs find no link.
class _UnbrokenHeader(UnstructuredHeader):
    """A header that is neither folded nor encoded, however long: programs could not read it otherwise."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_header_registry: Any = HeaderRegistry()
for _name in ("List-Unsubscribe", "Message-ID"):
    _header_registry.map_to_type(_name, _UnbrokenHeader)


class _MultipartMessage(EmailMultiAlternatives):
    """Django's message with unbroken headers."""

    def message(self, *, policy: Any = default_policy) -> EmailMessage:
        return super().message(policy=policy.clone(header_factory=_header_registry))


def _build_message(mail_message: MailMessage) -> EmailMultiAlternatives:
    text, html = render_mail_message(mail_message)
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    message = _MultipartMessage(
        # A line break in a subject, for example from a name, would let its author add headers.
        subject=" ".join(mail_message.subject.splitlines())[:MAX_SUBJECT_LENGTH],
        body=text,
        to=[mail_message.to],
        reply_to=[mail_message.reply_to] if mail_message.reply_to else None,
        headers={
            "Message-ID": f"<{mail_message.message_key}@{host}>",
            # Keeps out-of-office programs from replying (RFC 3834).
            "Auto-Submitted": "auto-generated",
            **mail_message.headers,
        },
    )
    # After the text: programs show the last alternative that they can (RFC 2046, 5.1.4).
    message.attach_alternative(html, "text/html")
    for file in mail_message.attachments:
        message.attach(file.name, file.content, file.mimetype)
    return message


def _accent_context(accent: str) -> dict[str, str]:
    if not accent:
        return {}
    return {
        "mail_accent": make_light_tones(accent).accent,
        # Mail programs with a dark mode choose by `prefers-color-scheme`, as pages do.
        "mail_accent_dark": make_dark_tones(accent).accent,
    }
