"""Normalize text before it is stored, searched or sorted."""

import re
import textwrap
import unicodedata
from collections.abc import Container
from itertools import chain, count

from django.utils.text import slugify

# Characters that reorder or hide the text around them. Joiners and directional marks stay: scripts need them.
INVISIBLE_CHARACTERS = frozenset("\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


# Letters that Unicode does not decompose.
LETTER_REPLACEMENTS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "þ": "th", "ı": "i"}
)


# Apostrophes and hyphens: people type them in several ways, or not at all.
PUNCTUATION_TO_SPACE = str.maketrans(dict.fromkeys("'\u2018\u2019\u02bc\u2032`-\u2010\u2011\u2013", " "))


# Fits into 64 bits, the range of the databases.
MAX_DIGITS = 18


# RFC 5322, 2.1.1.
MAIL_LINE_WIDTH = 78


# The line before a mail's signature, with its trailing space (RFC 3676).
SIGNATURE_LINE = "-- "


def normalize_whitespace(text: str) -> str:
    """Return one line in NFC, without control characters, overrides and superfluous spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    # Encoding drops lone surrogates, which no database stores.
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    visible = "".join(" " if _is_control(c) else c for c in composed if c not in INVISIBLE_CHARACTERS)
    return " ".join(visible.split())


def parse_digits(text: str) -> int | None:
    """Return the number of plain digits; None for anything else and beyond MAX_DIGITS."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def parse_signed_digits(text: str) -> int | None:
    """Return the number of plain digits, with or without a minus sign; None for anything else."""
    number = parse_digits(text.removeprefix("-"))
    return -number if number is not None and text.startswith("-") else number


def strip_accents(text: str) -> str:
    """Return lower-case text without accents; ligatures and barred letters become plain letters."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(LETTER_REPLACEMENTS)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def casefold_text(text: str) -> str:
    """Return text for comparing and sorting: “Éloïse” equals “eloise”, “Œuvrard” sorts before “Petit”."""
    return " ".join(strip_accents(text).split())


def name_search_key(text: str) -> str:
    """Return a name for searching and sorting: “Jean-Noël d’Aix” is “jean noel d aix”."""
    return " ".join(strip_accents(text).translate(PUNCTUATION_TO_SPACE).split())


def wrap_mail_lines(text: str) -> str:
    """Wrap lines at 78 characters, at spaces only (links stay whole), without double empty lines."""
    lines = [wrapped for line in text.strip().split("\n") for wrapped in _wrap_line(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _wrap_line(line: str) -> list[str]:
    # `textwrap` would drop the trailing space, by which mail programs recognize the signature.
    if line == SIGNATURE_LINE:
        return [line]
    indent = "  " if line.startswith("- ") else ""
    return textwrap.wrap(
        line, MAIL_LINE_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"}


# Scripts without spaces between words: there a search matches anywhere, elsewhere at the start of words.
UNSPACED_SCRIPTS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


WORD_PATTERN = re.compile(r"[^\W_]+")


def search_text(text: str) -> str:
    """Return lower-case words without accents, each after one space: " l ete a la plage"."""
    letters = "".join(c for c in strip_accents(text) if not unicodedata.category(c).startswith("M"))
    return " " + " ".join(WORD_PATTERN.findall(letters))


def split_search_words(query: str) -> list[str]:
    """Return the normalized words of a query, at most twelve."""
    return search_text(query).split()[:12]


def anchor_search_word(search_word: str) -> str:
    """Return the word as it is to be found in a text: at a word's start (anywhere, in unspaced scripts)."""
    return search_word if UNSPACED_SCRIPTS.search(search_word) else f" {search_word}"


def matches_search_words(search_words: list[str], text: str) -> bool:
    """Return whether each word begins a word of the text (or is anywhere, in unspaced scripts)."""
    return all(anchor_search_word(word) in text for word in search_words)


MAX_SLUG_LENGTH = 40


def make_unique_slug(label: str, *, taken: Container[str], fallback: str) -> str:
    """Return a slug of the label (else `fallback`), numbered if it is in `taken`."""
    stem = slugify(label.replace("’", "-"))[:MAX_SLUG_LENGTH].strip("-") or fallback
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)
