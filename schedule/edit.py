"""Change a session. Two organizers may do so at once: what one did not touch stays as the other left it."""

import datetime
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.errors import ConventionError, InvalidFields
from convention.events.sequence import next_sequence

from .cast import cast
from .days import programme_day
from .fingerprints import fingerprint
from .models import Schedule, Session
from .revision import raise_revision

COLUMNS: Final = (
    *("title", "subtitle", "kind", "language", "track", "room", "starts_at", "ends_at"),
    *("capacity", "is_bookable", "abstract", "description", "url"),
)


class ChangedMeanwhile(ConventionError):
    """Someone else changed the same fields; `theirs` has the values they hold now."""

    kind = "changed-meanwhile"
    status = 409

    def __init__(self, theirs: dict[str, object]) -> None:
        super().__init__(
            _(
                "Someone else changed this session while you were editing it. Nothing is lost: what you "
                "wrote is still here, what they wrote stands beside it. Decide, and save again."
            )
        )
        self.theirs = theirs


def values_of(session: Session) -> dict[str, object]:
    """What can be edited: the columns, and `speakers` as names in order."""
    values: dict[str, object] = {name: getattr(session, name) for name in COLUMNS}
    appearances = session.appearances.select_related("speaker")
    values["speakers"] = [appearance.speaker.name for appearance in appearances]
    return values


@transaction.atomic
def edit(*, session: Session, seen: Mapping[str, str], values: Mapping[str, object]) -> list[str]:
    """Write what the editor changed and return the names of those fields.

    `seen` holds the fingerprints of the values that the editor started from. Fields that the editor left
    alone keep what is there by now. Raises ChangedMeanwhile where both changed the same field otherwise,
    and InvalidFields for fewer places than are taken.
    """
    locked = Session.objects.select_for_update().get(pk=session.pk)
    current = values_of(locked)
    mine = {name: value for name, value in values.items() if fingerprint(value) != seen.get(name, "")}
    differing = {
        name: value for name, value in mine.items() if fingerprint(value) != fingerprint(current[name])
    }
    clashing = {name: current[name] for name in differing if fingerprint(current[name]) != seen.get(name, "")}
    if clashing:
        raise ChangedMeanwhile(clashing)
    if differing:
        refuse_too_few(locked, differing)
        write(locked, differing)
        record("session.revise", locked, event=locked.event, fields=sorted(differing))
        raise_revision(event=locked.event)
    if "is_bookable" in differing:
        next_sequence(locked.event_id)  # its door has another rule from now on
    return sorted(differing)


def places_taken(number: int) -> str:
    """Why there cannot be fewer places."""
    sentence = ngettext("%(taken)s place is taken already.", "%(taken)s places are taken already.", number)
    return sentence % {"taken": number}


def refuse_too_few(session: Session, values: Mapping[str, object]) -> None:
    """Never fewer places than are taken, which nobody changes meanwhile. Raises InvalidFields."""
    capacity = values.get("capacity")
    if isinstance(capacity, int) and capacity < session.taken:
        sentence = places_taken(session.taken)
        raise InvalidFields(_("Some fields need another look."), {"capacity": [sentence]})


def write(session: Session, values: Mapping[str, object]) -> None:
    """Set the fields, the day that follows from the start, and who speaks."""
    for name in values.keys() - {"speakers"}:
        setattr(session, name, values[name])
    if "starts_at" in values:
        session.day = day_of(session)
    session.save()
    if "speakers" in values:
        names = values["speakers"]
        cast(session=session, names=[str(name) for name in names] if isinstance(names, list) else [])


def day_of(session: Session) -> datetime.date | None:
    """The day of the programme that the session's start belongs to."""
    if session.starts_at is None:
        return None
    schedule = Schedule.objects.filter(event=session.event).first() or Schedule()
    return programme_day(session.starts_at, session.event.zone, schedule.day_starts)
