"""What a reader skipped, mended or wants to tell: many notes, read as few lines."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

EXAMPLES = 3
MOST_NAMED = 50
EXAMPLE_LENGTH = 80
MAX_ABOUT_CHARS = 2_000
"""Of a text of megabytes the beginning is enough to find its first words."""


class Kind(enum.Enum):
    """What was done about it."""

    SKIPPED = gettext_lazy("Skipped")
    MENDED = gettext_lazy("Mended")
    TOLD = gettext_lazy("To know")


class Reason(enum.Enum):
    """Everything that a note may say."""

    NO_TITLE = Kind.SKIPPED, gettext_lazy("no title")
    NO_START = Kind.SKIPPED, gettext_lazy("no start that can be read")
    NOT_CONFIRMED = Kind.SKIPPED, gettext_lazy("not confirmed in its own system")
    UNREADABLE_ENTRY = Kind.SKIPPED, gettext_lazy("an entry that cannot be read")
    NOT_AN_EVENT = Kind.SKIPPED, gettext_lazy("calendar entries other than events")
    REPEATED_ENTRY = Kind.SKIPPED, gettext_lazy("the same entry again, alike in everything")
    BAD_LINK = Kind.SKIPPED, gettext_lazy("a link that could harm or says nothing")
    NAMELESS_SPEAKER = Kind.SKIPPED, gettext_lazy("a speaker without a name")
    UNKNOWN_FIELD = Kind.SKIPPED, gettext_lazy("a field that is not kept")

    ENCODING = Kind.MENDED, gettext_lazy("text not in the encoding it should have: read as Western European")
    CONTROL_CHARACTERS = Kind.MENDED, gettext_lazy("control characters removed")
    BAD_XML = Kind.MENDED, gettext_lazy("characters that XML does not allow so, such as a bare “&”")
    FOLDING = Kind.MENDED, gettext_lazy("broken lines joined")
    PARAMETERS = Kind.MENDED, gettext_lazy("parameters of old calendar versions left out")
    NO_DURATION = (
        Kind.MENDED,
        gettext_lazy("no duration that can be read: length zero, or the length of the session that is known"),
    )
    ZERO_LENGTH = Kind.TOLD, gettext_lazy("length zero")
    BAD_END = Kind.MENDED, gettext_lazy("an end before the start: length zero")
    AFTER_MIDNIGHT = (
        Kind.MENDED,
        gettext_lazy("a start after midnight without a date: put in the night that follows"),
    )
    NO_DATE = Kind.MENDED, gettext_lazy("no date of its own: taken from the day of the programme")
    WRONG_OFFSET = Kind.MENDED, gettext_lazy("an offset that is not the time zone's: the local time was kept")
    BAD_OFFSET = Kind.MENDED, gettext_lazy("an offset that cannot be: read as local time")
    SKIPPED_HOUR = (
        Kind.MENDED,
        gettext_lazy("a local time that the clocks skip when they change: put as much later"),
    )
    REPEATED_HOUR = (
        Kind.MENDED,
        gettext_lazy("a local time that the clocks show twice when they change: the first was taken"),
    )
    TIMES_DISAGREE = Kind.MENDED, gettext_lazy("date and start disagree: the date was kept")
    WRONG_DAY = Kind.MENDED, gettext_lazy("days of the programme dated in another time zone: dated again")
    BAD_DATE = Kind.MENDED, gettext_lazy("a date of the whole event that cannot be: left out")
    NO_ZONE = Kind.MENDED, gettext_lazy("no time zone in the file: local times were read in this one")
    GUESSED_ZONE = Kind.MENDED, gettext_lazy("no time zone in the file: chosen to fit its offsets")
    UNKNOWN_ZONE = Kind.MENDED, gettext_lazy("a time zone that nobody knows: left out")
    FOREIGN_ZONE = (
        Kind.TOLD,
        gettext_lazy("the file's time zone is not the event's: the moments stay the same"),
    )
    NO_ID = Kind.MENDED, gettext_lazy("no guid or id: one was made from title, start and room")
    REPEATED_ID = Kind.MENDED, gettext_lazy("an id used twice: told apart by start and room")
    SHARED_SPEAKER_ID = Kind.MENDED, gettext_lazy("an id shared by several speakers: told apart by name")
    TOO_LONG = Kind.MENDED, gettext_lazy("text too long for its field: cut")
    TOO_MANY = (
        Kind.MENDED,
        gettext_lazy("more speakers or links than a session may have: the first were kept"),
    )
    ALL_DAY = Kind.MENDED, gettext_lazy("whole days: kept from midnight to midnight")

    REPEATS = Kind.TOLD, gettext_lazy("entries that repeat, each time as a session of its own")
    RECURRENCE = (
        Kind.TOLD,
        gettext_lazy(
            "repeats that were left out: they have no end, go on for a year or come more than 100 times"
        ),
    )
    OTHER_DATES = Kind.TOLD, gettext_lazy("the dates of the whole event are not those of its sessions")
    FAR_AWAY = Kind.TOLD, gettext_lazy("far from all other sessions in time, and kept")
    OUTSIDE_EVENT = Kind.TOLD, gettext_lazy("outside the dates of the event, and kept")
    GONE = (
        Kind.TOLD,
        gettext_lazy("in the event but not in this file, and kept; cancel what no longer takes place"),
    )
    CLASH = Kind.TOLD, gettext_lazy("sessions at the same time in one room")

    def __reduce_ex__(self, _protocol: object) -> tuple[Any, ...]:
        """Pickle by name: the values are words, which depend on the language."""
        return getattr, (type(self), self.name)

    @property
    def kind(self) -> Kind:
        """What was done about it."""
        return self.value[0]

    @property
    def text(self) -> str | Promise:
        """Why, in a few words."""
        return self.value[1]

    @property
    def most_examples(self) -> int:
        """How many of those it is about are named: who runs the event looks at each time that was guessed."""
        return MOST_NAMED if self in GUESSED_TIMES else EXAMPLES


GUESSED_TIMES = {Reason.NO_DURATION, Reason.BAD_OFFSET, Reason.SKIPPED_HOUR, Reason.REPEATED_HOUR}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to tell, and what it is about."""

    reason: Reason
    about: str = ""


class Notes:
    """A growing list of notes."""

    def __init__(self) -> None:
        self.all: list[Note] = []

    def add(self, reason: Reason, about: object = "") -> None:
        """Take one down."""
        self.all.append(Note(reason, shortened(str(about)[:MAX_ABOUT_CHARS])))


@dataclass(frozen=True, slots=True)
class Group:
    """Notes of one reason: how many, and the first of them."""

    reason: Reason
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        if not self.examples:
            return _("%(kind)s (%(count)s): %(why)s.") % self._values()
        told = _("%(kind)s (%(count)s): %(why)s. %(examples)s.") % self._values()
        return told.replace("….", "…")

    def _values(self) -> dict[str, object]:
        examples = "; ".join([*self.examples, *["…"] * (self.count > len(self.examples))])
        return {
            "kind": self.reason.kind.value,
            "count": self.count,
            "why": self.reason.text,
            "examples": examples.rstrip("."),
        }


def grouped(notes: Iterable[Note]) -> Iterator[Group]:
    """A thousand alike read as one: groups in the order of the reasons above."""
    abouts: dict[Reason, list[str]] = {}
    for note in notes:
        abouts.setdefault(note.reason, []).append(note.about)
    for reason in Reason:
        if reason in abouts:
            examples = [about for about in dict.fromkeys(abouts[reason]) if about][: reason.most_examples]
            yield Group(reason, len(abouts[reason]), tuple(examples))


def shortened(text: str) -> str:
    """One line that is not too long to be an example."""
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE_LENGTH else line[: EXAMPLE_LENGTH - 1] + "…"
