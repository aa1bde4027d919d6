"""Notices: what a mail server reports of a mail that it could not deliver (RFC 3464)."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage, Message

from django.utils.translation import gettext as _

from convention.errors import Unreadable
from convention.mail import masked

FAILED = "failed"
MESSAGE_ID = re.compile(r"<(?P<key>[^@<>\s]+)@[^<>\s]+>")


@dataclass(frozen=True)
class Failure:
    """One recipient: the addresses by which the report knows it, and why the mail came back."""

    addresses: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class Notice:
    """A report: who did not get which mail; `key` is what our Message-ID is made of, empty if not told."""

    failures: list[Failure]
    key: str


def read_notice(content: bytes) -> Notice:
    """Read a report; only final failures count, a delay is no bounce. Raises Unreadable for other mails."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if not reports:
        raise Unreadable(_("This is no delivery status notification (RFC 3464)."))
    blocks = [block for report in reports for block in _blocks(report)]
    return Notice([failure for block in blocks if (failure := _failure(block))], _key(message))


def _blocks(report: Message) -> list[Message]:
    """The groups of headers of a report: the first is of the message, each other of one recipient."""
    payload = report.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _failure(block: Message) -> Failure | None:
    if str(block.get("Action", "")).strip().casefold() != FAILED:
        return None
    named = [_value(block, name) for name in ("Original-Recipient", "Final-Recipient")]
    addresses = tuple(dict.fromkeys(address for address in named if "@" in address))
    said = [str(block.get("Status", "")).strip(), _value(block, "Diagnostic-Code")]
    return Failure(addresses, masked(" ".join(words for words in said if words)))


def _value(block: Message, name: str) -> str:
    """What stands behind the type: “rfc822; zoe@example.org”."""
    return str(block.get(name, "")).partition(";")[2].strip().strip("<>")


def _key(message: EmailMessage) -> str:
    """The Message-ID of the mail that came back, from its headers where they are quoted."""
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            quoted = email.message_from_string(str(part.get_content()), policy=email.policy.default)
            return _key_of(quoted)
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            if isinstance(payload, list) and isinstance(payload[0], Message):
                return _key_of(payload[0])
    return ""


def _key_of(message: Message) -> str:
    found = MESSAGE_ID.search(str(message.get("Message-ID", "")))
    return found["key"] if found else ""
