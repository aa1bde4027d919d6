"""Text as people and programs send it, tidied before it is kept."""

import unicodedata

# Characters that turn or hide the text around them; joiners and directional marks are letters' business.
TRICKS = frozenset("\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def tidy(text: str) -> str:
    """One line in NFC, without control characters, overrides and superfluous spaces."""
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    kept = "".join(" " if _is_control(c) else c for c in composed if c not in TRICKS)
    return " ".join(kept.split())


def fold(text: str) -> str:
    """For comparing: without accents and case, so that “Éloïse” is found by “eloise”."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"}
