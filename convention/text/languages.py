"""The languages of the site, and languages as programmes write them: “de”, “fr_FR”, “de, en”, “Français”."""

import re
from functools import cache
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from .normalize import casefold_text

# To choose the language of another person; people choose their own by its native name (settings.LANGUAGES).
LANGUAGE_CHOICES: Final = [("fr", _("French")), ("en", _("English"))]


def parse_languages(text: str) -> tuple[str, ...]:
    """Return the languages, as lower-case codes where they look like codes, else as written."""
    parts = [" ".join(part.split()) for part in re.split(r"[,;/|+]", text)]
    return tuple(dict.fromkeys(normalize_language(part) for part in parts if part))


def normalize_language(text: str) -> str:
    """Return “de” for “DE_de” and “de-DE”; a name stays as it is."""
    match = re.fullmatch(r"([A-Za-z]{2,3})([-_][A-Za-z]{2,4})?", text)
    return match[1].lower() if match else text


def get_language_name(language: str) -> str:
    """Return the name of a language in the active language; text that is no code is returned unchanged."""
    try:
        name = Locale.parse(language).get_display_name(translation.get_language() or "fr")
    except (UnknownLocaleError, ValueError):
        name = None
    return name or language


def choose_html_lang(text: str) -> str:
    """Return the `lang` attribute for a title: the code if there is exactly one, else ""."""
    languages = parse_languages(text)
    return languages[0] if len(languages) == 1 and re.fullmatch("[a-z]{2,3}", languages[0]) else ""


def find_language_code(text: str) -> str:
    """Return “de” for “German”, “allemand” and “de-DE”; other text is returned unchanged."""
    return load_codes_by_name().get(casefold_text(text)) or normalize_language(text)


@cache
def load_codes_by_name() -> dict[str, str]:
    """Return the codes of languages by their names in the languages of the site."""
    return {
        casefold_text(name): code
        for language, _name in LANGUAGE_CHOICES
        for code, name in Locale(language).languages.items()
        if "_" not in code
    }
