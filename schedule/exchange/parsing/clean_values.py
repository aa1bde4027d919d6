"""Clean single values, the same for every format."""

import re
import unicodedata
import uuid
from collections.abc import Iterable
from itertools import islice
from typing import Any

from convention.rich_text.sanitize import MAX_TEXT_CHARS
from convention.text.normalize import INVISIBLE_CHARACTERS
from schedule.exchange.import_notes import ImportNotes, NoteReason

# Speakers, links or attachments of one session; the largest real file has ten.
MAX_ITEMS_PER_SESSION = 500
# No database stores NUL or lone surrogates, which JSON escapes can produce; XML 1.0 allows no control
# character but tab, line feed and carriage return.
CONTROL_PATTERN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
WEB_ADDRESS_PATTERN = re.compile(r"https?://\S", re.I)
# Other schemes and relative addresses stay, since real files have them: pages link http(s) only.
HARMFUL_SCHEME_PATTERN = re.compile(r"\s*(?:javascript|data|vbscript|file|blob):", re.I)
# The largest value of a PositiveIntegerField in PostgreSQL.
MAX_NUMBER = 2**31 - 1
PREFERRED_LANGUAGES = ("fr", "en")
# Lists that json can still read would exceed Python's recursion limit in `value_to_text`.
MAX_LIST_DEPTH = 10
# To clean a value as a file's would be, without cutting it.
UNLIMITED_CHARS = 10**9


def strip_controls(text: str, notes: ImportNotes) -> str:
    """Remove NUL and other control characters, which neither XML nor a database accepts."""
    cleaned, count = CONTROL_PATTERN.subn("", text)
    if count:
        notes.add(NoteReason.CONTROL_CHARACTERS, count)
    return cleaned


def value_to_text(value: Any, depth: int = 0) -> str | None:
    """Return any JSON value as text; of translations, French, English or the first.

    `depth` counts nested lists; values nested too deeply are ignored.
    """
    if value is None or depth > MAX_LIST_DEPTH:
        return None
    if isinstance(value, dict):
        texts = {name: text for name, text in value.items() if isinstance(text, str) and text.strip()}
        preferred = next((texts[language] for language in PREFERRED_LANGUAGES if language in texts), None)
        return preferred or next(iter(texts.values()), "")
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, (value_to_text(item, depth + 1) for item in value)))
    return str(value)


def clean_line(value: str | None, max_chars: int, notes: ImportNotes) -> str | None:
    """Return a title or name on one line, cut to the limit of its column."""
    if value is None:
        return None
    line = normalize_line(value)
    if len(line) > max_chars:
        notes.add(NoteReason.TOO_LONG, line)
        line = line[:max_chars].rstrip()
    return line


def normalize_line(text: str) -> str:
    """Normalize to one line of NFC, without control, bidirectional and invisible characters."""
    # NFC, since the same name typed with combining accents must be the same room, track or speaker.
    if text.isprintable():  # most texts have neither control nor invisible characters
        return " ".join(unicodedata.normalize("NFC", text).split())
    composed = unicodedata.normalize("NFC", CONTROL_PATTERN.sub("", text))
    # Invisible characters go before the split: one between two spaces would keep both of them.
    return " ".join("".join(char for char in composed if char not in INVISIBLE_CHARACTERS).split())


def clean_name(value: str | None) -> str:
    """Return the name of a room or track, as `clean_line` leaves it in sessions."""
    # The limit that `clean_line` gets for rooms and tracks, since names in header and sessions must match.
    return normalize_line(value or "")[:500].rstrip()


def clean_paragraphs(value: str | None) -> str | None:
    """Normalize line ends and strip a long text."""
    if value is None:
        return None
    return CONTROL_PATTERN.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def clean_long_text(value: str | None, notes: ImportNotes) -> str | None:
    """Clean a long text, cut to the limit of the organizers' forms."""
    text = clean_paragraphs(value)
    if text is not None and len(text) > MAX_TEXT_CHARS:
        notes.add(NoteReason.TOO_LONG, text)
        return text[:MAX_TEXT_CHARS].rstrip()
    return text


def limit_items[Item](items: Iterable[Item], notes: ImportNotes) -> tuple[Item, ...]:
    """Return as many speakers or links as a session may have."""
    first_items = tuple(islice(items, MAX_ITEMS_PER_SESSION + 1))
    if len(first_items) > MAX_ITEMS_PER_SESSION:
        notes.add(NoteReason.TOO_MANY_ITEMS)
    return first_items[:MAX_ITEMS_PER_SESSION]


def clean_web_address(value: str | None, max_chars: int = 2000) -> str | None:
    """Return an http(s) address, "" for anything else; None stays None, for a field that the file lacks."""
    if value is None:
        return None
    address = value.strip()
    return (
        address
        if WEB_ADDRESS_PATTERN.match(address) and len(address) <= max_chars and not re.search(r"\s", address)
        else ""
    )


def is_harmless(address: str) -> bool:
    """Return whether a link may be stored at all."""
    return bool(address) and not HARMFUL_SCHEME_PATTERN.match(address)


def parse_guid(value: str | None) -> uuid.UUID | None:
    """Parse a UUID; None for any other text."""
    try:
        # 64 characters are enough for “urn:uuid:” and braces, which uuid.UUID accepts too.
        return uuid.UUID(value) if value and len(value) <= 64 else None
    except ValueError:
        return None


def parse_number(value: str | None) -> int | None:
    """Parse a positive number in range; None for any other text."""
    text = (value or "").strip()
    # str.isdigit alone is true for “²”, which int() refuses.
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    number = int(text)
    return number if 1 <= number <= MAX_NUMBER else None


def parse_color(value: str | None) -> str:
    """Parse a colour to lower-case #rrggbb; "" for any other text."""
    text = (value or "").strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(letter * 2 for letter in text[1:])
    return text if re.fullmatch(r"#[0-9a-f]{6}", text) else ""


def parse_boolean(value: str | None) -> bool | None:
    """Parse the words that files use for true and false."""
    text = (value or "").strip().lower()
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text)
