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
from tests.registrations.visits.hosts import make_identity_answers

CODES = {"nationality", "document_kind", "document_expiry"}
"""Answers that many others give too."""


def list_identity_values(*numbers: int) -> list[str]:
    """Return the values that identify these visitors, as they typed them."""
    return [
        value
        for number in numbers
        for name, value in make_identity_answers(number).items()
        if name not in CODES
    ]


def dump_database() -> str:
    """Return every row of every table, also of those in no backup; binary values as base64 too."""
    said = []
    for model in list_tables().values():
        for row in model._base_manager.values_list():
            said.append(json.dumps(row, default=encode_value, ensure_ascii=False))
            binary = [bytes(cell) for cell in row if isinstance(cell, bytes | memoryview)]
            said += [cell.decode("latin-1") for cell in binary]
    return "\n".join(said)


def decrypt_words(text: str) -> str:
    """Return the words of the text that our keys decrypt, decrypted."""
    box, found = MultiFernet(make_fernets(settings.IDENTITY_KEYS)), []
    words = set(text.replace('"', " ").replace(",", " ").replace("[", " ").replace("]", " ").split())
    for word in words:
        for token in (word, decode_base64(word)):
            try:
                found.append(box.decrypt(token).decode())
            except (InvalidToken, TypeError, ValueError):
                continue
    return "\n".join(found)


def decode_base64(word: str) -> str:
    """Return a word decoded from base64; "" if it is none."""
    try:
        return base64.b64decode(word, validate=True).decode()
    except ValueError:
        return ""


def read_files() -> str:
    """Return the content of all files of the site but the test's own database."""
    found = [
        path.read_bytes().decode("latin-1")
        for path in settings.VAR_DIR.rglob("*")
        if path.is_file() and "sqlite3" not in path.name
    ]
    return "\n".join(found)


def find_identity_values(*numbers: int, mails: Iterable[EmailMessage], log: str) -> set[tuple[str, str]]:
    """Return the identity values of these visitors that are found, plain or encrypted, and where."""
    everything = {
        "dump": dump_database(),
        "audit trail": "\n".join(str(vars(entry)) for entry in AuditEntry.objects.all()),
        "files": read_files(),
        "mails": "\n".join(f"{mail.subject} {mail.body} {mail.message().as_string()}" for mail in mails),
        "log": log,
    }
    searched = {where: (text, decrypt_words(text)) for where, text in everything.items()}
    return {
        (where, value)
        for where, texts in searched.items()
        for value in list_identity_values(*numbers)
        if any(value in text for text in texts)
    }
