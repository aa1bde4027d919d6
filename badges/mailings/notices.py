"""Notices: what a mail server reports of a mail that it could not deliver (RFC 3464)."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import Message

from django.utils.translation import gettext as _

from convention.errors import Unreadable
from convention.mail import masked

FAILED = "failed"
MAX_BYTES = 1024 * 1024
MAX_HEADER_CHARS = 2_000
LONG_HEADER = re.compile(rb"^content-type:(?:[^\n]|\n[ \t]){10000}", re.IGNORECASE | re.MULTILINE)
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
    """Read a report; only final failures count, a delay is no bounce. Raises Unreadable for other mails.

    Of a long mail the beginning is read: the report stands before what it encloses. Headers are read by the
    older of Python's policies, since the newer takes minutes for a header of a megabyte.
    """
    content = content[:MAX_BYTES]
    if LONG_HEADER.search(content):
        raise not_a_report()
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if not reports:
        raise not_a_report()
    blocks = [block for report in reports for block in _blocks(report)]
    return Notice([failure for block in blocks if (failure := _failure(block))], _key(message))


def not_a_report() -> Unreadable:
    """The error for any other mail."""
    return Unreadable(_("This is no delivery status notification (RFC 3464)."))


def _blocks(report: Message) -> list[Message]:
    """The groups of headers of a report: the first is of the message, each other of one recipient."""
    payload = report.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _failure(block: Message) -> Failure | None:
    if _line(block, "Action").casefold() != FAILED:
        return None
    named = [_value(block, name) for name in ("Original-Recipient", "Final-Recipient")]
    addresses = tuple(dict.fromkeys(address for address in named if "@" in address))
    said = [_line(block, "Status"), _value(block, "Diagnostic-Code")]
    return Failure(addresses, masked(" ".join(words for words in said if words)))


def _value(block: Message, name: str) -> str:
    """What stands behind the type: “rfc822; zoe@example.org”."""
    return _line(block, name).partition(";")[2].strip().strip("<>")


def _line(block: Message, name: str) -> str:
    """A header in one line, up to as much as a report needs."""
    return " ".join(str(block.get(name, ""))[:MAX_HEADER_CHARS].split())


def _key(message: Message) -> str:
    """The Message-ID of the mail that came back, from its headers where they are quoted."""
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            headers = part.get_payload(decode=True)
            quoted = headers if isinstance(headers, bytes) else b""
            return _key_of(email.message_from_bytes(quoted, policy=email.policy.compat32))
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            if isinstance(payload, list) and isinstance(payload[0], Message):
                return _key_of(payload[0])
    return ""


def _key_of(message: Message) -> str:
    found = MESSAGE_ID.search(_line(message, "Message-ID"))
    return found["key"] if found else ""
