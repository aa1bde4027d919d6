"""Add, edit, cancel, restore and remove sessions.

Texts are public as saved; time, room, pins and cancellation are changed in the current draft.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event, Room
from convention.events.sequence import advance_sequence
from convention.text.normalize import search_text
from convention.web.edit_conflicts import compare_edits
from schedule.drafts.slot_state import SlotState
from schedule.models import Session, Speaker

from .appearances import replace_appearances
from .draft_slots import change_cancellation, load_state, lock_current_draft, lock_session, move_session
from .programme_parts import remove_programme_item
from .related_rows import check_related_rows
from .revision import raise_revision


def set_speakers(*, session: Session, speaker_names: Sequence[str]) -> None:
    """Set the session's speakers by name, in order; an unknown name becomes a new speaker.

    Of several speakers with one name, one who has the session already is preferred, then the oldest.
    """
    known = index_speakers(session.event)
    known |= {search_text(speaker.name): speaker for speaker in session.speakers.all()}
    replace_appearances([(session, get_or_create_speakers(session.event, speaker_names, known))])


def index_speakers(event: Event) -> dict[str, Speaker]:
    """Return the event's speakers by search key; of several with one name, the oldest."""
    # The last of equal keys wins in a dict, hence the descending order.
    return {search_text(speaker.name): speaker for speaker in event.speakers.order_by("-pk")}


def get_or_create_speakers(event: Event, names: Sequence[str], known: dict[str, Speaker]) -> list[Speaker]:
    """Return the speakers of these names, in order; add new ones to `known`."""
    unique: dict[str, str] = {}
    for name in names:
        unique.setdefault(search_text(name), name)
    for key, name in unique.items():
        if key not in known:
            known[key] = Speaker.objects.create(event=event, name=name)
    return [known[key] for key in unique]


# Fields that the planner and the conflicts use.
PLANNING_FIELDS: Final = ("role", "planned_minutes", "expected_attendance", "needed_features", "follows")
LIVE_FIELDS: Final = (
    *("title", "subtitle", "kind", "language", "track"),
    *("capacity", "is_bookable", "is_for_members", "abstract", "description", "url"),
    *PLANNING_FIELDS,
)
SLOT_FIELDS: Final = ("room", "starts_at", "ends_at", "is_time_pinned", "is_room_pinned")
# The fields of both lists that are columns of Session, in the order of the form.
EDITABLE_FIELDS: Final = (*LIVE_FIELDS, "room", "starts_at", "ends_at")


class SessionChangedMeanwhile(ConventionError):
    """Another organizer changed the same fields; `current_values` has their current values."""

    kind = "changed-meanwhile"
    status = 409

    def __init__(self, current_values: dict[str, object]) -> None:
        super().__init__(
            _(
                "Someone else changed this session while you were editing it. Your text is still "
                "here, with theirs beside it. Choose what to keep, then save again."
            )
        )
        self.current_values = current_values


def get_session_values(session: Session) -> dict[str, object]:
    """Return the editable values: columns, the slot in the draft, and `speakers` as names in order."""
    values: dict[str, object] = {name: getattr(session, name) for name in LIVE_FIELDS}
    values |= get_slot_values(load_state(session), session.event)
    appearances = session.appearances.select_related("speaker")
    values["speakers"] = [appearance.speaker.name for appearance in appearances]
    return values


def get_slot_values(state: SlotState | None, event: Event) -> dict[str, object]:
    """Return the values of SLOT_FIELDS."""
    if state is None:
        return dict.fromkeys(("room", "starts_at", "ends_at")) | {
            "is_time_pinned": False,
            "is_room_pinned": False,
        }
    return {
        "room": event.rooms.filter(pk=state.room_id).first() if state.room_id else None,
        "starts_at": state.starts_at,
        "ends_at": state.ends_at,
        "is_time_pinned": state.is_time_pinned,
        "is_room_pinned": state.is_room_pinned,
    }


def build_slot_state(values: Mapping[str, object], before: SlotState | None) -> SlotState | None:
    """Return the slot for the values of SLOT_FIELDS; None without a time."""
    starts_at, ends_at, room = values["starts_at"], values["ends_at"], values["room"]
    if not isinstance(starts_at, datetime.datetime):
        return None
    is_moved = before is None or before.starts_at != starts_at
    return SlotState(
        room_id=room.pk if isinstance(room, Room) else None,
        starts_at=starts_at.astimezone(datetime.UTC),
        ends_at=(ends_at if isinstance(ends_at, datetime.datetime) else starts_at).astimezone(datetime.UTC),
        # A day that a file has set is valid for that start only.
        day=None if is_moved or before is None else before.day,
        is_cancelled=before is not None and before.is_cancelled,
        is_time_pinned=bool(values["is_time_pinned"]),
        is_room_pinned=bool(values["is_room_pinned"]),
    )


@transaction.atomic
def edit_session(
    *,
    session: Session,
    seen_fingerprints: Mapping[str, str],
    values: Mapping[str, object],
    author: Person | None = None,
) -> list[str]:
    """Write the fields that the editor changed and return their names.

    `seen_fingerprints` belong to the values that the editor started from. Fields that the editor left alone
    keep their current value. Raise SessionChangedMeanwhile if another organizer changed the same field to
    another value, InvalidFields for a capacity below the number of places taken and for a track, room or
    session that was removed, and NotFound.
    """
    locked = lock_session(session, author=author)
    current = get_session_values(locked)
    edits = compare_edits(values=values, current=current, seen_fingerprints=seen_fingerprints)
    if edits.conflicting_values:
        raise SessionChangedMeanwhile(edits.conflicting_values)
    differing = edits.changes
    if differing:
        check_related_rows(locked, differing)
        write_session(locked, differing, current, author)
    if "is_bookable" in differing:
        # Scanners fetch the event again: the session's checkpoint now admits other attendees.
        advance_sequence(locked.event_id)
    return sorted(differing)


def write_session(
    session: Session, changes: Mapping[str, object], current: Mapping[str, object], author: Person | None
) -> None:
    """Write changed values of a locked session: its texts, and its slot in the draft."""
    slot_changes = {name: value for name, value in changes.items() if name in SLOT_FIELDS}
    if slot_changes:
        state = build_slot_state({**current, **slot_changes}, load_state(session))
        move_session(session, state, author)
    if live_changes := {name: value for name, value in changes.items() if name not in SLOT_FIELDS}:
        check_capacity(session, live_changes)
        save_session(session, live_changes)
    record_action("session.revise", session, event=session.event, fields=sorted(changes))
    if live_changes:
        raise_revision(event=session.event)


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
        raise InvalidFields(_("Some fields need to be corrected."), {"capacity": [sentence]})


def save_session(session: Session, values: Mapping[str, object]) -> None:
    """Set the fields that are public as saved, and the speakers."""
    for name in values.keys() & set(LIVE_FIELDS):
        setattr(session, name, values[name])
    session.save()
    if "speakers" in values:
        names = values["speakers"]
        set_speakers(
            session=session, speaker_names=[str(name) for name in names] if isinstance(names, list) else []
        )


@transaction.atomic
def add_session(*, event: Event, values: Mapping[str, object], author: Person | None = None) -> Session:
    """Create a session with the event's next number; `values` as in `edit_session`.

    It is not public until the draft is published. Raise InvalidFields for a track, a room or a session to
    follow that was removed.
    """
    # Locked, since two sessions added at once would get the same number. Lock order: draft, then event.
    lock_current_draft(event, author=author)
    Event.objects.select_for_update().get(pk=event.pk)
    last = event.sessions.aggregate(last=Max("number"))["last"] or 0
    session = Session(event=event, number=last + 1, slug=slugify(str(values["title"]))[:300])
    check_related_rows(session, values)
    save_session(session, values)
    slot_values = get_slot_values(None, event) | {name: values.get(name) for name in SLOT_FIELDS}
    if state := build_slot_state(slot_values, None):
        move_session(session, state, author)
    record_action("session.add", session, event=event)
    raise_revision(event=event)
    return session


@transaction.atomic
def cancel_session(*, session: Session, author: Person | None = None, reason: str = "") -> None:
    """Cancel a session in the draft. A second call changes nothing. Raise SessionNotPlaced."""
    change_cancellation(session=session, verb="session.cancel", author=author, reason=reason)


@transaction.atomic
def restore_session(*, session: Session, author: Person | None = None) -> None:
    """Undo a cancellation in the draft; a second call changes nothing. Raise SessionNotPlaced."""
    change_cancellation(session=session, verb="session.restore", author=author)


@transaction.atomic
def remove_session(*, session: Session, author: Person | None = None) -> bool:
    """Delete a session that is not public, and return True.

    A public one is taken out of the draft, so that the next publication removes it; return False. Raise
    ProgrammeItemInUse if people have booked it, and NotFound.
    """
    # Decided on the locked row: a publication may have made it public since it was loaded.
    locked = lock_session(session, author=author)
    if locked.starts_at is None or locked.reserved:
        remove_programme_item(event=locked.event, item=locked)
        return True
    move_session(locked, None, author)
    record_action("session.remove", locked, event=locked.event)
    return False
