"""Small repairs of single values, the same for every format."""

import re
import unicodedata
import uuid
from collections.abc import Iterable
from itertools import islice
from typing import Any

from convention.text import TRICKS

from ..prose import MAX_TEXT_CHARS
from .notes import Notes, Reason

MAX_ITEMS = 500
"""Speakers, links or attachments of one session; the largest of real files has ten."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
WEB = re.compile(r"https?://\S", re.I)
HARMFUL = re.compile(r"\s*(?:javascript|data|vbscript|file|blob):", re.I)
LARGEST_NUMBER = 2**31 - 1
LANGUAGES = ("fr", "en")
MAX_LIST_DEPTH = 10


def without_controls(text: str, notes: Notes) -> str:
    """The text without NUL and its kin, which neither XML nor a database takes."""
    cleaned, count = CONTROL.subn("", text)
    if count:
        notes.add(Reason.CONTROL_CHARACTERS, count)
    return cleaned


def said(value: Any, depth: int = 0) -> str | None:
    """Any value of a JSON file as text; of several languages, French, English or the first.

    `depth` is how deep the value lies in lists; what lies too deep says nothing.
    """
    if value is None or depth > MAX_LIST_DEPTH:
        return None
    if isinstance(value, dict):
        texts = {name: text for name, text in value.items() if isinstance(text, str) and text.strip()}
        found = next((texts[language] for language in LANGUAGES if language in texts), None)
        return found or next(iter(texts.values()), "")
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, (said(item, depth + 1) for item in value)))
    return str(value)


def one_line(value: str | None, limit: int, notes: Notes) -> str | None:
    """A title, a name: spaces tidied, cut only at the limit of its field."""
    if value is None:
        return None
    line = tidied(value)
    if len(line) > limit:
        notes.add(Reason.TOO_LONG, line)
        line = line[:limit].rstrip()
    return line


def tidied(text: str) -> str:
    """One line in NFC without controls, characters that turn or hide others, and superfluous spaces."""
    composed = unicodedata.normalize("NFC", CONTROL.sub("", text))
    return " ".join("".join(char for char in composed if char not in TRICKS).split())


def name(value: str | None) -> str:
    """The name of a room or track, as `one_line` leaves it in the sessions."""
    return tidied(value or "")[:500].rstrip()


def paragraphs(value: str | None) -> str | None:
    """A long text: line ends alike, nothing around it."""
    if value is None:
        return None
    return CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def long_text(value: str | None, notes: Notes) -> str | None:
    """The same of a text that is stored, cut at the longest that organizers can write themselves."""
    text = paragraphs(value)
    if text is not None and len(text) > MAX_TEXT_CHARS:
        notes.add(Reason.TOO_LONG, text)
        return text[:MAX_TEXT_CHARS].rstrip()
    return text


def first_ones[Item](items: Iterable[Item], notes: Notes) -> tuple[Item, ...]:
    """The speakers or links of a session, as many as it may have."""
    found = tuple(islice(items, MAX_ITEMS + 1))
    if len(found) > MAX_ITEMS:
        notes.add(Reason.TOO_MANY)
    return found[:MAX_ITEMS]


def web(value: str | None, limit: int = 2000) -> str | None:
    """An http(s) address, empty for anything else."""
    if value is None:
        return None
    address = value.strip()
    return address if WEB.match(address) and len(address) <= limit and not re.search(r"\s", address) else ""


def harmless(address: str) -> bool:
    """Whether a link may be kept at all."""
    return bool(address) and not HARMFUL.match(address)


def guid(value: str | None) -> uuid.UUID | None:
    """A UUID, or nothing."""
    try:
        return uuid.UUID(value) if value and len(value) <= 64 else None
    except ValueError:
        return None


def number(value: str | None) -> int | None:
    """A positive number that fits, or nothing."""
    text = (value or "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    found = int(text)
    return found if 1 <= found <= LARGEST_NUMBER else None


def color(value: str | None) -> str:
    """#rrggbb in small letters, or nothing."""
    text = (value or "").strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(letter * 2 for letter in text[1:])
    return text if re.fullmatch(r"#[0-9a-f]{6}", text) else ""


def truth(value: str | None) -> bool | None:
    """What a file means by true and false."""
    text = (value or "").strip().lower()
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text)
