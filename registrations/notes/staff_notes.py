"""Write, delete and find notes about attendees for organizers and the staff on site."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record_action
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.text.normalize import name_search_key, normalize_whitespace
from registrations.models import Registration

from .models import MAX_NOTE_LENGTH, StaffNote

if TYPE_CHECKING:
    from convention.club.models import Person


@transaction.atomic
def write_staff_note(*, registration: Registration, text: str, written_by: "Person | None") -> None:
    """Replace the note about an attendee; an empty text removes it. Cut what is longer than the column."""
    # The lock keeps two desks from inserting a note for the same attendee at once.
    Registration.objects.select_for_update(no_key=True).get(pk=registration.pk)
    text = normalize_whitespace(text)[:MAX_NOTE_LENGTH]
    notes = StaffNote.objects.filter(registration=registration)
    if notes.values_list("text", flat=True).first() == (text or None):
        return
    if text:
        values = {"text": text, "written_by": written_by, "written_at": timezone.now()}
        StaffNote.objects.update_or_create(registration=registration, defaults=values)
    else:
        notes.delete()
    record_action("registration.note", registration, event=registration.event, fields=["note"])
    # Scanners show the note.
    sequence = advance_sequence(registration.event_id)
    Registration.objects.filter(pk=registration.pk).update(sequence=sequence)


def copy_staff_note(*, survivor: Registration, duplicate: Registration) -> None:
    """Add the note about a merged duplicate to that about the survivor. The caller holds both rows locked."""
    note = StaffNote.objects.filter(registration=duplicate).first()
    if note is None:
        return
    own_text = load_note_texts([survivor.pk]).get(survivor.pk, "")
    text = " · ".join(dict.fromkeys(filter(None, (own_text, note.text))))[:MAX_NOTE_LENGTH]
    values = {"text": text, "written_by": note.written_by, "written_at": note.written_at}
    StaffNote.objects.update_or_create(registration=survivor, defaults=values)


def delete_staff_note(registration: Registration) -> None:
    """Delete the note about an attendee whose place another person gets."""
    StaffNote.objects.filter(registration=registration).delete()


def load_note_texts(registrations: Collection[int]) -> dict[int, str]:
    """Return the texts of the notes about these registrations, by the registration's id."""
    notes = StaffNote.objects.filter(registration__in=registrations)
    return dict(notes.values_list("registration", "text"))


def find_registration_ids_by_note(event: Event, words: str) -> list[int]:
    """Return the ids of the registrations whose note contains every word, in any case and without accents."""
    search_words = name_search_key(words).split()
    if not search_words:
        return []
    # In Python, since databases do not fold accents; few registrations have a note.
    notes = StaffNote.objects.filter(registration__event=event).values_list("registration", "text")
    return [pk for pk, text in notes if all(word in name_search_key(text) for word in search_words)]
