"""Collect what a reader skipped, repaired or noticed, and group many notes into a few lines."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.tables.row_errors import format_number_spans
from convention.text.punctuation import join_items

MAX_EXAMPLES = 3
MAX_GUESSED_EXAMPLES = 50
MAX_EXAMPLE_CHARS = 80
MAX_ROWS = 200
# Normalizing a text of megabytes only to show its first words would be slow.
MAX_SUBJECT_CHARS = 2_000


class NoteKind(enum.Enum):
    """How a reader dealt with a flaw of the file."""

    SKIPPED = gettext_lazy("Skipped")
    REPAIRED = gettext_lazy("Repaired")
    NOTICED = gettext_lazy("Good to know")


class NoteReason(enum.Enum):
    """Every reason for a note, with the kind of note and its text."""

    # Texts must differ within a kind: enum takes a second member of equal value for an alias.
    NO_TITLE = NoteKind.SKIPPED, gettext_lazy("no title")
    NO_START = NoteKind.SKIPPED, gettext_lazy("no readable start time")
    NOT_CONFIRMED = NoteKind.SKIPPED, gettext_lazy("not confirmed in the original system")
    UNREADABLE_ENTRY = NoteKind.SKIPPED, gettext_lazy("an entry that cannot be read")
    NOT_AN_EVENT = NoteKind.SKIPPED, gettext_lazy("calendar entries other than events")
    REPEATED_ENTRY = NoteKind.SKIPPED, gettext_lazy("a duplicate of another entry")
    BAD_LINK = NoteKind.SKIPPED, gettext_lazy("an unsafe or empty link")
    NAMELESS_SPEAKER = NoteKind.SKIPPED, gettext_lazy("a speaker without a name")
    UNKNOWN_FIELD = NoteKind.SKIPPED, gettext_lazy("a field that is not imported")
    UNREADABLE_VALUE = NoteKind.SKIPPED, gettext_lazy("a value that cannot be read")
    HOUR_PAST_MIDNIGHT = (
        NoteKind.SKIPPED,
        gettext_lazy("a time after 23:59: enter the date of the next day and a time from 0:00"),
    )
    NEITHER_YES_NOR_NO = NoteKind.SKIPPED, gettext_lazy("a cell that is neither yes nor no")

    ENCODING = (
        NoteKind.REPAIRED,
        gettext_lazy("text in a different encoding from the one declared: read as Western European"),
    )
    CONTROL_CHARACTERS = NoteKind.REPAIRED, gettext_lazy("control characters removed")
    BAD_XML = NoteKind.REPAIRED, gettext_lazy("characters that XML does not allow, such as an unescaped “&”")
    BROKEN_FOLDING = NoteKind.REPAIRED, gettext_lazy("broken lines joined")
    OLD_PARAMETERS = NoteKind.REPAIRED, gettext_lazy("parameters of old calendar versions: ignored")
    NO_DURATION = (
        NoteKind.REPAIRED,
        gettext_lazy(
            "no readable end or duration: an existing session keeps its length, a new one has no end"
        ),
    )
    ZERO_LENGTH = NoteKind.NOTICED, gettext_lazy("length zero")
    BAD_END = NoteKind.REPAIRED, gettext_lazy("an end before the start: duration set to zero")
    AFTER_MIDNIGHT = (
        NoteKind.REPAIRED,
        gettext_lazy("a start after midnight without a date: placed in the following night"),
    )
    NO_DATE = NoteKind.REPAIRED, gettext_lazy("no date: the day of the programme was used")
    WRONG_OFFSET = (
        NoteKind.REPAIRED,
        gettext_lazy("a UTC offset that does not match the time zone: the local time was used"),
    )
    BAD_OFFSET = NoteKind.REPAIRED, gettext_lazy("an impossible UTC offset: read as local time")
    SKIPPED_HOUR = (
        NoteKind.REPAIRED,
        gettext_lazy("a local time skipped by the clock change: moved later by the same amount"),
    )
    REPEATED_HOUR = (
        NoteKind.REPAIRED,
        gettext_lazy("a local time that occurs twice at the clock change: the first one was used"),
    )
    TIMES_DISAGREE = NoteKind.REPAIRED, gettext_lazy("date and start time differ: the date was used")
    DAY_DISAGREES = NoteKind.REPAIRED, gettext_lazy("day and start differ: the start was used")
    DURATION_DISAGREES = (
        NoteKind.REPAIRED,
        gettext_lazy("end and duration differ: the changed one was used (for a new session, the end)"),
    )
    WRONG_DAY = (
        NoteKind.REPAIRED,
        gettext_lazy("days dated in another time zone: corrected"),
    )
    BAD_DATE = NoteKind.REPAIRED, gettext_lazy("an impossible date for the event: ignored")
    NO_ZONE = NoteKind.REPAIRED, gettext_lazy("no time zone in the file: this one was used")
    GUESSED_ZONE = (
        NoteKind.REPAIRED,
        gettext_lazy("no time zone in the file: one was chosen that matches its UTC offsets"),
    )
    UNKNOWN_ZONE = NoteKind.REPAIRED, gettext_lazy("an unknown time zone: ignored")
    FOREIGN_ZONE = (
        NoteKind.NOTICED,
        gettext_lazy(
            "the file’s time zone differs from the event’s: sessions still take place at the same moment"
        ),
    )
    NO_ID = NoteKind.REPAIRED, gettext_lazy("no id: one was created from title, start and room")
    REPEATED_ID = (
        NoteKind.REPAIRED,
        gettext_lazy("an id used twice: the sessions were distinguished by start and room"),
    )
    SHARED_SPEAKER_ID = (
        NoteKind.REPAIRED,
        gettext_lazy("an id shared by several speakers: they were distinguished by name"),
    )
    TOO_LONG = NoteKind.REPAIRED, gettext_lazy("text too long for its field: shortened")
    TOO_MANY_ITEMS = (
        NoteKind.REPAIRED,
        gettext_lazy("more speakers or links than a session can have: only the first ones were imported"),
    )
    ALL_DAY = NoteKind.REPAIRED, gettext_lazy("all-day entries: imported from midnight to midnight")

    NO_START_YET = (
        NoteKind.NOTICED,
        gettext_lazy("no start: a new session waits for a time, an existing session keeps its time"),
    )
    REPEATING_ENTRY = NoteKind.NOTICED, gettext_lazy("recurring entries: each occurrence became a session")
    UNEXPANDED_RECURRENCE = (
        NoteKind.NOTICED,
        gettext_lazy("recurrences ignored: without an end, longer than a year or more than 100 times"),
    )
    OTHER_DATES = NoteKind.NOTICED, gettext_lazy("the event’s dates do not match its sessions")
    FAR_AWAY = NoteKind.NOTICED, gettext_lazy("far from all other sessions in time: imported as is")
    OUTSIDE_EVENT = NoteKind.NOTICED, gettext_lazy("outside the dates of the event: imported as is")
    MISSING_SESSION = (
        NoteKind.NOTICED,
        gettext_lazy(
            "in the event but not in this file: left unchanged; cancel the sessions that no longer take place"
        ),
    )
    ROOM_CONFLICT = NoteKind.NOTICED, gettext_lazy("sessions at the same time in the same room")

    def __reduce_ex__(self, _protocol: object) -> tuple[Any, ...]:
        """Pickle by name: the values are lazy translations."""
        return getattr, (type(self), self.name)

    @property
    def kind(self) -> NoteKind:
        return self.value[0]

    @property
    def label(self) -> str | Promise:
        return self.value[1]

    @property
    def max_examples(self) -> int:
        """Return how many examples a group names; more for guessed times, which organizers check one
        by one.
        """
        return MAX_GUESSED_EXAMPLES if self in GUESSED_TIME_REASONS else MAX_EXAMPLES


# After the class, since a name in the body of an Enum would become a member.
GUESSED_TIME_REASONS = {
    NoteReason.NO_DURATION,
    NoteReason.BAD_OFFSET,
    NoteReason.SKIPPED_HOUR,
    NoteReason.REPEATED_HOUR,
}


@dataclass(frozen=True, slots=True)
class ImportNote:
    """A note; `row` is that of a table, 0 for other files."""

    reason: NoteReason
    subject_text: str = ""
    row: int = 0


class ImportNotes:
    """A growing list of notes; `row` is the row of a table that is being read."""

    def __init__(self) -> None:
        self.collected: list[ImportNote] = []
        self.row = 0

    def add(self, reason: NoteReason, subject: object = "") -> None:
        subject_text = shorten_example(str(subject)[:MAX_SUBJECT_CHARS])
        self.collected.append(ImportNote(reason, subject_text, self.row))


@dataclass(frozen=True, slots=True)
class NoteGroup:
    """Notes of one reason: how many, the first examples, and the rows of a table."""

    reason: NoteReason
    count: int
    examples: tuple[str, ...]
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        if not self.examples and not self.rows:
            return _("%(kind)s (%(count)s): %(why)s.") % self._format_values()
        # An example that was cut ends in “…”, which the sentence's full stop must not follow.
        sentence = _("%(kind)s (%(count)s): %(why)s. %(examples)s.") % self._format_values()
        return sentence.replace("….", "…")

    def _format_values(self) -> dict[str, object]:
        examples = join_items([*self.examples, *["…"] * (self.count > len(self.examples) > 0)])
        if self.rows:
            rows = format_number_spans(list(self.rows[:MAX_ROWS])) + "…" * (len(self.rows) > MAX_ROWS)
            label = ngettext("Row %(rows)s", "Rows %(rows)s", len(self.rows)) % {"rows": rows}
            examples = (
                _("%(rows)s: %(examples)s") % {"rows": label, "examples": examples} if examples else label
            )
        return {
            "kind": self.reason.kind.value,
            "count": self.count,
            "why": self.reason.label,
            "examples": examples.rstrip("."),
        }


def group_notes(notes: Iterable[ImportNote]) -> Iterator[NoteGroup]:
    """Group notes by reason, in the order of NoteReason."""
    subjects: dict[NoteReason, list[str]] = {}
    rows: dict[NoteReason, set[int]] = {}
    for note in notes:
        subjects.setdefault(note.reason, []).append(note.subject_text)
        rows.setdefault(note.reason, set()).update([note.row] if note.row else [])
    for reason in NoteReason:
        if reason in subjects:
            examples = [subject for subject in dict.fromkeys(subjects[reason]) if subject][
                : reason.max_examples
            ]
            yield NoteGroup(reason, len(subjects[reason]), tuple(examples), tuple(sorted(rows[reason])))


def shorten_example(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_EXAMPLE_CHARS else line[: MAX_EXAMPLE_CHARS - 1] + "…"
