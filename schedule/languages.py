"""Languages of sessions, as programmes write them: “de”, “fr_FR”, “de, en”, “Formal German”."""

import re

from babel import Locale
from babel.core import UnknownLocaleError
from django.utils import translation


def tongues(text: str) -> tuple[str, ...]:
    """The languages named, each as a lower-case code where it looks like one, else as written."""
    parts = [" ".join(part.split()) for part in re.split(r"[,;/|+]", text)]
    return tuple(dict.fromkeys(code(part) for part in parts if part))


def code(text: str) -> str:
    """“DE_de” and “de-DE” are “de”; a name stays a name."""
    found = re.fullmatch(r"([A-Za-z]{2,3})([-_][A-Za-z]{2,4})?", text)
    return found[1].lower() if found else text


def tongue_name(tongue: str) -> str:
    """The name of a language in the language of the moment; what is no code stays as written."""
    try:
        name = Locale.parse(tongue).get_display_name(translation.get_language() or "fr")
    except (UnknownLocaleError, ValueError):
        name = None
    return name or tongue


def html_lang(text: str) -> str:
    """What the `lang` attribute of a title may say: the code, where there is exactly one."""
    found = tongues(text)
    return found[0] if len(found) == 1 and re.fullmatch("[a-z]{2,3}", found[0]) else ""
