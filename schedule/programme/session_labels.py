"""Name languages and kinds of sessions as programmes write them: “de”, “fr_FR”, “de, en”, “Atelier”."""

import re
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from convention.text.normalize import casefold_text

TALK: Final = pgettext_lazy("session kind", "talk")
WORKSHOP: Final = pgettext_lazy("session kind", "workshop")
PLENARY: Final = pgettext_lazy("session kind", "plenary session")
KIND_NAMES: Final[dict[str, Promise]] = {
    **dict.fromkeys(["talk", "conference"], TALK),
    **dict.fromkeys(["workshop", "atelier"], WORKSHOP),
    **dict.fromkeys(["plenary", "plenary session", "pleniere", "session pleniere"], PLENARY),
}


def parse_languages(text: str) -> tuple[str, ...]:
    """Return the languages, as lower-case codes where they look like codes, else as written."""
    parts = [" ".join(part.split()) for part in re.split(r"[,;/|+]", text)]
    return tuple(dict.fromkeys(normalize_language(part) for part in parts if part))


def normalize_language(text: str) -> str:
    """Return “de” for “DE_de” and “de-DE”; a name stays as it is."""
    match = re.fullmatch(r"([A-Za-z]{2,3})([-_][A-Za-z]{2,4})?", text)
    return match[1].lower() if match else text


def get_language_name(language: str) -> str:
    """Return the name of a language in the active language; what is no code stays as written."""
    try:
        name = Locale.parse(language).get_display_name(translation.get_language() or "fr")
    except (UnknownLocaleError, ValueError):
        name = None
    return name or language


def choose_html_lang(text: str) -> str:
    """Return the `lang` attribute for a title: the code if there is exactly one, else ""."""
    languages = parse_languages(text)
    return languages[0] if len(languages) == 1 and re.fullmatch("[a-z]{2,3}", languages[0]) else ""


def get_kind_name(kind: str) -> str:
    """Return the name of a kind in the active language; one that is not known stays as written."""
    name = KIND_NAMES.get(casefold_text(kind))
    return str(name) if name else kind
