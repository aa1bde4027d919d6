"""Where what identifies visitors could be, and what our keys would open of it: for tests of the purge."""

import base64
import json
from collections.abc import Iterable

from cryptography.fernet import InvalidToken, MultiFernet
from django.conf import settings
from django.core.mail import EmailMessage

from convention.audit.models import AuditEntry
from convention.backup.table_rows import encode_value, list_tables
from convention.codes.encryption import make_fernets
from tests.registrations.visits.hosts import answers_of

CODES = {"nationality", "document_kind", "document_expiry"}
"""Answers that many others give too."""


def values_of(*numbers: int) -> list[str]:
    """What identifies these visitors, as they typed it."""
    return [value for number in numbers for name, value in answers_of(number).items() if name not in CODES]


def dump() -> str:
    """Every row of every table, also what no backup takes; what is binary as base64, and as it is."""
    said = []
    for model in list_tables().values():
        for row in model._base_manager.values_list():
            said.append(json.dumps(row, default=encode_value, ensure_ascii=False))
            binary = [bytes(cell) for cell in row if isinstance(cell, bytes | memoryview)]
            said += [cell.decode("latin-1") for cell in binary]
    return "\n".join(said)


def opened(text: str) -> str:
    """What our keys would open of a text: each word of it that is sealed."""
    box, found = MultiFernet(make_fernets(settings.IDENTITY_KEYS)), []
    words = set(text.replace('"', " ").replace(",", " ").replace("[", " ").replace("]", " ").split())
    for word in words:
        for token in (word, plain_of(word)):
            try:
                found.append(box.decrypt(token).decode())
            except (InvalidToken, TypeError, ValueError):
                continue
    return "\n".join(found)


def plain_of(word: str) -> str:
    """A word that is base64, as it was before."""
    try:
        return base64.b64decode(word, validate=True).decode()
    except ValueError:
        return ""


def files() -> str:
    """Every file that the site keeps, whatever it is; the test's own database aside."""
    found = [
        path.read_bytes().decode("latin-1")
        for path in settings.VAR_DIR.rglob("*")
        if path.is_file() and "sqlite3" not in path.name
    ]
    return "\n".join(found)


def found_of(*numbers: int, mails: Iterable[EmailMessage], log: str) -> set[tuple[str, str]]:
    """Where something of these visitors is found, plain or by our keys, and what."""
    everything = {
        "dump": dump(),
        "audit trail": "\n".join(str(vars(entry)) for entry in AuditEntry.objects.all()),
        "files": files(),
        "mails": "\n".join(f"{mail.subject} {mail.body} {mail.message().as_string()}" for mail in mails),
        "log": log,
    }
    searched = {where: (text, opened(text)) for where, text in everything.items()}
    return {
        (where, value)
        for where, texts in searched.items()
        for value in values_of(*numbers)
        if any(value in text for text in texts)
    }
