"""Search all that the site stores for a person's values: rows, sessions, PDFs, files and mails."""

import json
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from convention.text.normalize import casefold_text, name_search_key
from tests.pdf_readers import pdf_text

FIRST, LAST = "Éwzanna", "Qvørtrup-Zwick"
ADDRESS = "wzanna.qvortrup@firm.example"
OLD_ADDRESS = "wzanna.before@old.example"
PHONE, STREET = "+33 6 99 88 77 66", "77 rue des Zmeurs"
VALUES = (FIRST, LAST, ADDRESS, OLD_ADDRESS, PHONE, STREET)
NAME = f"{FIRST} {LAST}"


def find_traces(values: Iterable[str] = VALUES) -> set[str]:
    """Return each place that holds one of the values in any spelling: `table.column`, `file:NAME`."""
    wanted = list_spellings(values)
    found = {f"{table}.{column}" for table, column, text in iterate_cells() if contains_any(text, wanted)}
    return found | {
        f"file:{path.name}" for path in files() if contains_any(decode_content(path.read_bytes()), wanted)
    }


def list_spellings(values: Iterable[str]) -> set[str]:
    """Return the values in each form in which a search might find them: normalized, and without spaces."""
    return {
        form
        for value in values
        for form in (casefold_text(value), name_search_key(value), casefold_text(value).replace(" ", ""))
    }


def contains_any(text: str, wanted: set[str]) -> bool:
    """Return whether one of the spellings is part of the text, however that is written."""
    forms = (casefold_text(text), name_search_key(text), casefold_text(text).replace(" ", ""))
    return any(word in form for word in wanted for form in forms)


def iterate_cells() -> Iterator[tuple[str, str, str]]:
    """Yield table, column and readable content of each cell of the database."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    yield table, name, decode_cell(table, name, value)


def decode_cell(table: str, name: str, value: Any) -> str:
    """Return what a cell says: sessions, JSON, PDFs and bytes decoded."""
    if (table, name) == ("django_session", "session_data"):
        return json.dumps(SessionStore().decode(value), ensure_ascii=False)
    if isinstance(value, bytes | memoryview):
        return decode_content(bytes(value))
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.dumps(json.loads(value), ensure_ascii=False)
        except ValueError:
            return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def decode_content(content: bytes) -> str:
    """Return the text of a PDF, of a mail, or of bytes in UTF-8 and Latin-1."""
    if content.startswith(b"%PDF-1."):
        try:
            return pdf_text(content)
        except Exception:
            return content.decode("latin-1")
    plain = f"{content.decode('utf-8', 'replace')} {content.decode('latin-1')}"
    return f"{plain} {mail_text(content)}" if b"\nMIME-Version:" in content else plain


def mail_text(content: bytes) -> str:
    """Return the headers and decoded parts of a mail."""
    message = message_from_bytes(content, policy=policy.default)
    parts = [part.get_payload(decode=True) or b"" for part in message.walk() if not part.is_multipart()]
    return f"{message.items()} {' '.join(part.decode('utf-8', 'replace') for part in parts)}"


def files() -> list[Path]:
    """Return all stored files; the database's own are read as tables."""
    found = [path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file()]
    # Each process of the suite adds its own name to its database: test.sqlite3_gw0, test.sqlite3_gw0-wal.
    return [path for path in found if ".sqlite3" not in path.name and path.suffix != ".db"]
