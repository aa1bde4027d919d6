"""Record changes of internal notes, find the last one, and join the notes of two merged records.

A note has its own entries in the audit trail, so that its page says who changed it last.
"""

import datetime
from dataclasses import dataclass

from convention.audit.record import find_last_entry, record_action
from convention.club.models import Company, Person

type AnnotatedRow = Person | Company

NOTE_COLUMN = "note"


@dataclass(frozen=True)
class NoteChange:
    """The last change of a note; nobody is named for changes on the server or of a deleted account."""

    changed_at: datetime.datetime
    changed_by: Person | None


def record_change(verb: str, row: AnnotatedRow, *, fields: list[str]) -> None:
    """Record a change of a person or a company, with an entry of its own for the note."""
    if fields != [NOTE_COLUMN]:
        record_action(verb, row, fields=[name for name in fields if name != NOTE_COLUMN])
    if NOTE_COLUMN in fields:
        record_note_change(row)


def record_note_change(row: AnnotatedRow) -> None:
    record_action(_get_note_verb(row), row, fields=[NOTE_COLUMN])


def find_last_note_change(row: AnnotatedRow) -> NoteChange | None:
    """Return the last change of the note; None without a note, and if the audit trail has none."""
    entry = find_last_entry(_get_note_verb(row), row, event="") if row.note else None
    return NoteChange(entry.created_at, entry.actor) if entry else None


def _get_note_verb(row: AnnotatedRow) -> str:
    return f"{row._meta.model_name}.note"


def join_notes(own_note: str, other_note: str) -> str:
    """Return both notes, one below the other; a note that the other contains is not repeated."""
    if not other_note or other_note in own_note:
        return own_note
    return f"{own_note}\n\n{other_note}" if own_note and own_note not in other_note else other_note
