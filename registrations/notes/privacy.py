"""Declare the personal data of notes about attendees."""

import datetime

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource, RetentionRule

from .models import StaffNote


def delete_old_notes(before: datetime.datetime) -> int:
    """Delete the notes of events that ended before `before`. Return how many."""
    count, _by_model = StaffNote.objects.filter(registration__event__ends_at__lt=before).delete()
    return count


PERSONAL_DATA = [
    PersonalDataSource(
        model=StaffNote,
        purpose=_("the notes about you by organizers and the desk"),
        parent_columns=("registration",),
        # The author is another person, whose name the attendee's copy must not reveal.
        hidden_columns=("written_by",),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=StaffNote,
        name=_("notes you wrote about attendees"),
        purpose=_("notes about attendees that you wrote as an organizer or at the desk"),
        actor_columns=("written_by",),
        exported_columns=("id", "written_at"),
        retention_reason=_(
            "the note is about an attendee; it is kept until its own deletion date, without your name"
        ),
        leads_to_other_tables=False,
    ),
]
FREE_TEXT = {StaffNote: ("text",)}
RETENTION = [
    RetentionRule(
        slug="staff-notes",
        name=_("Notes about attendees"),
        counted_from=_("after the end of the event"),
        days=30,
        delete_older_than=delete_old_notes,
    ),
]
