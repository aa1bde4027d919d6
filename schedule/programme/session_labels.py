"""Name kinds of sessions as programmes write them: “talk”, “Atelier”."""

from typing import Final

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


def get_kind_name(kind: str) -> str:
    """Return the name of a kind in the active language; one that is not known stays as written."""
    name = KIND_NAMES.get(casefold_text(kind))
    return str(name) if name else kind
