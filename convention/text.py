"""Text as people and programs send it, tidied before it is kept."""

import re
import textwrap
import unicodedata

# Characters that turn or hide the text around them; joiners and directional marks are letters' business.
TRICKS = frozenset("\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")

# Letters that Unicode does not take apart.
TYPED = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "þ": "th", "ı": "i"}
)

# Apostrophes and hyphens: typed in several ways, or left out.
SIGNS = str.maketrans(dict.fromkeys("'\u2018\u2019\u02bc\u2032`-\u2010\u2011\u2013", " "))

MOST_DIGITS = 18
MAIL_WIDTH = 78
SIGNATURE = "-- "
"""What stands before the sender at the end of a mail, its space included (RFC 3676)."""


def tidy(text: str) -> str:
    """One line in NFC, without control characters, overrides and superfluous spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    kept = "".join(" " if _is_control(c) else c for c in composed if c not in TRICKS)
    return " ".join(kept.split())


def whole_number(text: str) -> int | None:
    """The number that plain digits write; None for anything else, and for more digits than ours have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def plain(text: str) -> str:
    """Small letters without accents, each ligature or barred letter as the letters that one types for it."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(TYPED)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold(text: str) -> str:
    """For comparing and sorting: “Éloïse” is found by “eloise”, and “Œuvrard” stands before “Petit”."""
    return " ".join(plain(text).split())


def filed(text: str) -> str:
    """As a name is looked up and stands in a list: folded, and “Jean-Noël d’Aix” is “jean noel d aix”."""
    return " ".join(plain(text).translate(SIGNS).split())


def mail_lines(text: str) -> str:
    """Lines of at most 78 characters, broken at spaces: a link or a long word stays whole; no double gaps."""
    lines = [wrapped for line in text.strip().split("\n") for wrapped in _wrapped(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _wrapped(line: str) -> list[str]:
    if line == SIGNATURE:
        return [line]
    indent = "  " if line.startswith("- ") else ""
    return textwrap.wrap(
        line, MAIL_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"}
