"""Parse delivery reports: a mail server's notice that it could not deliver a mail.

Most follow RFC 3464 and name an address, a status and the mail. In reports of servers with a format of their
own, flufl.bounce finds the addresses, but not the reason.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import Message

from django.utils.translation import gettext as _
from flufl.bounce import scan_message

from convention.errors import UnreadableFile
from convention.mail.messages import mask_addresses

FAILED_ACTION = "failed"
MAX_BYTES = 1024 * 1024
MAX_HEADER_CHARS = 2_000
# Python takes minutes to parse the parameters of a very long Content-Type: refuse it beforehand.
LONG_HEADER = re.compile(rb"^content-type:(?:[^\n]|\n[ \t]){10000}", re.IGNORECASE | re.MULTILINE)
MESSAGE_ID = re.compile(r"<(?P<key>[^@<>\s]+)@[^<>\s]+>")
# The Message-ID of a mail that is quoted as text below the notice.
QUOTED_MESSAGE_ID = re.compile(
    rb"^[> \t]{0,9}message-id:[ \t]{0,9}([^\n]{1,500})$", re.IGNORECASE | re.MULTILINE
)
# flufl.bounce searches texts line by line with many patterns; what it looks for is at the beginning.
MAX_HEURISTIC_BYTES = 64 * 1024


@dataclass(frozen=True)
class DeliveryFailure:
    """One recipient of a report: the addresses it is known by, and why the mail bounced."""

    addresses: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class DeliveryReport:
    """The failures of one mail; `message_key` is the key in our Message-ID, "" if it is not quoted."""

    failures: list[DeliveryFailure]
    message_key: str


def parse_delivery_report(content: bytes) -> DeliveryReport:
    """Parse a report; delays are left out, only final failures count.

    Raise UnreadableFile for a mail that is no report.

    Only the beginning of a long mail is read, since the report precedes what it encloses. Headers are parsed
    by Python's compat32 policy: the newer one takes minutes for a header of a megabyte.
    """
    content = content[:MAX_BYTES]
    if LONG_HEADER.search(content):
        raise make_not_a_report_error()
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if not reports:
        return _parse_unusual_report(content[:MAX_HEURISTIC_BYTES])
    blocks = [block for report in reports for block in _list_status_blocks(report)]
    return DeliveryReport(
        [failure for block in blocks if (failure := _parse_failure(block))], _find_message_key(message)
    )


def _parse_unusual_report(content: bytes) -> DeliveryReport:
    """Parse a report that does not follow RFC 3464. Raise UnreadableFile where no address is found."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    try:
        found = scan_message(message)
    # scan_message raises various exceptions on malformed mails, none of which is a report.
    except Exception as error:
        raise make_not_a_report_error() from error
    addresses = sorted(address.decode("ascii", "replace") for address in found if b"@" in address)
    if not addresses:
        raise make_not_a_report_error()
    key = _find_message_key(message) or _find_quoted_key(content)
    return DeliveryReport([DeliveryFailure((address,), "") for address in addresses], key)


def _find_quoted_key(content: bytes) -> str:
    """Return the key in the last Message-ID of the text: the first one is the report's own."""
    quoted = QUOTED_MESSAGE_ID.findall(content)[1:]
    match = MESSAGE_ID.search(quoted[-1].decode("ascii", "replace")) if quoted else None
    return match["key"] if match else ""


def make_not_a_report_error() -> UnreadableFile:
    return UnreadableFile(_("This is not a delivery failure notice from a mail server."))


def _list_status_blocks(report: Message) -> list[Message]:
    """Return the header groups of a report: the first is about the mail, each other about one recipient."""
    payload = report.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _parse_failure(block: Message) -> DeliveryFailure | None:
    # "delayed" and "relayed" are no final failures (RFC 3464, section 2.3.3).
    if _get_header(block, "Action").casefold() != FAILED_ACTION:
        return None
    # Final-Recipient can differ from the address we wrote to, which Original-Recipient gives.
    named = [_get_typed_value(block, name) for name in ("Original-Recipient", "Final-Recipient")]
    addresses = tuple(dict.fromkeys(address for address in named if "@" in address))
    details = [_get_header(block, "Status"), _get_typed_value(block, "Diagnostic-Code")]
    # Masked, since the log of a mailing stores no address (see models.py).
    return DeliveryFailure(addresses, mask_addresses(" ".join(words for words in details if words)))


def _get_typed_value(block: Message, name: str) -> str:
    """Return the value behind its type: “rfc822; zoe@example.org”."""
    return _get_header(block, name).partition(";")[2].strip().strip("<>")


def _get_header(block: Message, name: str) -> str:
    """Return a header on one line, cut to a sensible length."""
    # Cut before split(): headers of a report come from strangers and may be a megabyte long.
    return " ".join(str(block.get(name, ""))[:MAX_HEADER_CHARS].split())


def _find_message_key(message: Message) -> str:
    """Return the key in the Message-ID of the bounced mail, if the report quotes its headers."""
    for part in message.walk():
        # A server may return the whole mail or only its headers (RFC 6522).
        if part.get_content_type() == "text/rfc822-headers":
            headers = part.get_payload(decode=True)
            quoted = headers if isinstance(headers, bytes) else b""
            return _parse_message_key(email.message_from_bytes(quoted, policy=email.policy.compat32))
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            if isinstance(payload, list) and isinstance(payload[0], Message):
                return _parse_message_key(payload[0])
    return ""


def _parse_message_key(message: Message) -> str:
    match = MESSAGE_ID.search(_get_header(message, "Message-ID"))
    return match["key"] if match else ""
