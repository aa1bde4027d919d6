"""Add, edit, cancel and restore sessions."""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.text.normalize import search_text
from schedule.models import Schedule, Session, Speaker
from schedule.programme.days import get_programme_day

from .appearances import replace_appearances
from .revision import raise_revision


def set_speakers(*, session: Session, speaker_names: Sequence[str]) -> None:
    """Set the session's speakers by name, in order; an unknown name becomes a new speaker.

    Of several speakers with one name, one who has the session already is preferred, then the oldest.
    """
    # The last of equal keys wins in a dict, hence the descending order.
    known = {search_text(speaker.name): speaker for speaker in session.event.speakers.order_by("-pk")}
    known |= {search_text(speaker.name): speaker for speaker in session.speakers.all()}
    unique: dict[str, str] = {}
    for name in speaker_names:
        unique.setdefault(search_text(name), name)
    speakers = [
        known.get(key) or Speaker.objects.create(event=session.event, name=name)
        for key, name in unique.items()
    ]
    replace_appearances([(session, speakers)])


def compute_fingerprint(value: object) -> str:
    """Return a hash that is equal for values a form cannot tell apart: line ends, seconds, outer spaces.

    Browsers send CRLF, and datetime-local has no seconds: else every saved form would change every field.
    """
    return hashlib.sha256(to_plain_text(value).encode()).hexdigest()[:10]


def compute_fingerprints(values: Mapping[str, object]) -> dict[str, str]:
    """Return a fingerprint for each field."""
    return {name: compute_fingerprint(value) for name, value in values.items()}


def to_plain_text(value: object) -> str:
    """Return a value as text: rows by their key, times by the minute."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, list | tuple):
        return "\n".join(to_plain_text(item) for item in value)
    return "\n".join(line.rstrip() for line in str(value).splitlines()).strip()


EDITABLE_FIELDS: Final = (
    *("title", "subtitle", "kind", "language", "track", "room", "starts_at", "ends_at"),
    *("capacity", "is_bookable", "abstract", "description", "url"),
)


class SessionChangedMeanwhile(ConventionError):
    """Another organizer changed the same fields; `current_values` has their current values."""

    kind = "changed-meanwhile"
    status = 409

    def __init__(self, current_values: dict[str, object]) -> None:
        super().__init__(
            _(
                "Someone else changed this session while you were editing it. Nothing is lost: what you "
                "wrote is still here, what they wrote stands beside it. Decide, and save again."
            )
        )
        self.current_values = current_values


def get_session_values(session: Session) -> dict[str, object]:
    """Return the editable values: columns, and `speakers` as names in order."""
    values: dict[str, object] = {name: getattr(session, name) for name in EDITABLE_FIELDS}
    appearances = session.appearances.select_related("speaker")
    values["speakers"] = [appearance.speaker.name for appearance in appearances]
    return values


@transaction.atomic
def edit_session(
    *, session: Session, seen_fingerprints: Mapping[str, str], values: Mapping[str, object]
) -> list[str]:
    """Write the fields that the editor changed and return their names.

    `seen_fingerprints` belong to the values that the editor started from. Fields that the editor left alone
    keep their current value. Raise SessionChangedMeanwhile if another organizer changed the same field to
    another value, and InvalidFields for a capacity below the number of places taken.
    """
    locked = Session.objects.select_for_update().get(pk=session.pk)
    current = get_session_values(locked)
    own_values = {
        name: value
        for name, value in values.items()
        if compute_fingerprint(value) != seen_fingerprints.get(name, "")
    }
    # If both made the same change, there is nothing to write and no conflict.
    differing = {
        name: value
        for name, value in own_values.items()
        if compute_fingerprint(value) != compute_fingerprint(current[name])
    }
    conflicting = {
        name: current[name]
        for name in differing
        if compute_fingerprint(current[name]) != seen_fingerprints.get(name, "")
    }
    if conflicting:
        raise SessionChangedMeanwhile(conflicting)
    if differing:
        check_capacity(locked, differing)
        save_session(locked, differing)
        record_action("session.revise", locked, event=locked.event, fields=sorted(differing))
        raise_revision(event=locked.event)
    if "is_bookable" in differing:
        # Scanners fetch the event again: the session's checkpoint now admits other attendees.
        advance_sequence(locked.event_id)
    return sorted(differing)


def describe_taken_places(number: int) -> str:
    """Return the error for a capacity below the number of places taken."""
    sentence = ngettext("%(taken)s place is taken already.", "%(taken)s places are taken already.", number)
    return sentence % {"taken": number}


def check_capacity(session: Session, values: Mapping[str, object]) -> None:
    """Refuse a capacity below the number of places taken. Raise InvalidFields.

    The form checked it already, but places may have been booked since; now the row is locked.
    """
    capacity = values.get("capacity")
    if isinstance(capacity, int) and capacity < session.reserved:
        sentence = describe_taken_places(session.reserved)
        raise InvalidFields(_("Some fields need another look."), {"capacity": [sentence]})


def save_session(session: Session, values: Mapping[str, object]) -> None:
    """Set the fields, the programme day that follows from the start, and the speakers."""
    for name in values.keys() - {"speakers"}:
        setattr(session, name, values[name])
    if "starts_at" in values:
        session.day = get_session_day(session)
    session.save()
    if "speakers" in values:
        names = values["speakers"]
        set_speakers(
            session=session, speaker_names=[str(name) for name in names] if isinstance(names, list) else []
        )


def get_session_day(session: Session) -> datetime.date | None:
    if session.starts_at is None:
        return None
    schedule = Schedule.objects.filter(event=session.event).first() or Schedule()
    return get_programme_day(session.starts_at, session.event.zone, schedule.day_starts_at)


@transaction.atomic
def add_session(*, event: Event, values: Mapping[str, object]) -> Session:
    """Create a session with the event's next number; `values` as in `edit_session`."""
    # Locked, since two sessions added at once would get the same number.
    Event.objects.select_for_update().get(pk=event.pk)
    last = event.sessions.aggregate(last=Max("number"))["last"] or 0
    session = Session(event=event, number=last + 1, slug=slugify(str(values["title"]))[:300])
    save_session(session, values)
    record_action("session.add", session, event=event)
    raise_revision(event=event)
    return session


@transaction.atomic
def cancel_session(*, session: Session, reason: str = "") -> None:
    """Cancel a session. A second call changes nothing, also at the same time: the update has a condition."""
    if Session.objects.filter(pk=session.pk, cancelled_at=None).update(cancelled_at=timezone.now()):
        record_action("session.cancel", session, event=session.event, reason=reason[:300])
        raise_revision(event=session.event)


@transaction.atomic
def restore_session(*, session: Session) -> None:
    """Undo a cancellation; a second call changes nothing."""
    if Session.objects.filter(pk=session.pk).exclude(cancelled_at=None).update(cancelled_at=None):
        record_action("session.restore", session, event=session.event)
        raise_revision(event=session.event)
