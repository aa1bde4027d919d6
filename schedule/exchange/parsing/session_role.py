"""Recognize breaks and plenaries, which the formats do not mark in one way: by flags, kinds or titles."""

from typing import Final, Literal

from convention.text.normalize import casefold_text

from .clean_values import parse_boolean

# Values of `Session.Role`; the parsing modules import no models.
type RoleName = Literal["talk", "plenary", "break"]
# Without accents and capitals; the whole text must match, so that “Break the monolith” stays a talk.
BREAK_KINDS: Final = frozenset(
    [
        *("break", "coffee break", "lunch", "lunch break", "tea break", "meal", "break/lunch"),
        *("pause", "pause cafe", "pause dejeuner", "dejeuner", "repas"),
    ]
)
PLENARY_KINDS: Final = frozenset(
    ["plenary", "plenary session", "plenum", "pleniere", "session pleniere", "seance pleniere"]
)
BREAK_TITLES: Final = frozenset(
    [
        *("break", "coffee break", "lunch", "lunch break", "tea break", "morning break", "afternoon break"),
        *("pause", "pause cafe", "pause-cafe", "pause dejeuner", "dejeuner", "pause du matin"),
        "pause de l'apres-midi",
    ]
)


def recognize_role(
    *, title: str, kind: str, speaker_count: int, service_flag: str | None, plenum_flag: str | None
) -> RoleName:
    """Return the role of a session of a file, a talk by default.

    The flags are those of Sessionize, None where a file has none. A title alone decides only for a session
    without speakers: a talk may be about breaks.
    """
    kind, title = (" ".join(casefold_text(text).replace("’", "'").split()) for text in (kind, title))
    if parse_boolean(service_flag) or kind in BREAK_KINDS:
        return "break"
    if parse_boolean(plenum_flag) or kind in PLENARY_KINDS:
        return "plenary"
    is_break = title in BREAK_TITLES and not speaker_count
    return "break" if is_break else "talk"
