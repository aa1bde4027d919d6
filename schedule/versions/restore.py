"""Set the current draft back to a published version; the version itself never changes."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event
from schedule.drafts.current_draft import load_slot_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.draft_slots import lock_current_draft
from schedule.models import Move, ScheduleDraft, ScheduleVersion, Session

from .differences import ChangeKind, TimetableDifferences, TimetableSlot, compare_timetables
from .timetables import load_draft_timetable, load_version_timetable


class ScheduleDraftChanged(ConventionError):
    """The draft is not what the organizer saw in the preview."""

    kind = "changed-meanwhile"
    status = 409


class NothingToRestore(ConventionError):
    kind = "nothing-to-restore"
    status = 409


@dataclass(frozen=True, slots=True)
class Restoration:
    """The effect of setting a draft back to a version.

    `states` are the slots to set, None for a session that the version does not have. `deleted_titles` and
    `removed_rooms` name what the version has and the event no longer does.
    """

    states: Mapping[int, SlotState | None]
    differences: TimetableDifferences
    deleted_titles: list[str]
    removed_rooms: list[str]

    @property
    def moved(self) -> TimetableDifferences:
        """Return the differences of the sessions that have a time before and after."""
        changes = [change for change in self.differences.changes if change.before and change.after]
        return replace(self.differences, changes=changes)

    @property
    def scheduled(self) -> list[TimetableSlot]:
        """Return the slots of the sessions that get their time back."""
        return [change.slot for change in self.differences.changes if ChangeKind.ADDED in change.kinds]

    @property
    def unscheduled(self) -> list[TimetableSlot]:
        """Return the slots of the sessions that lose their time."""
        return [change.slot for change in self.differences.changes if ChangeKind.REMOVED in change.kinds]


def plan_restoration(*, draft: ScheduleDraft, version: ScheduleVersion) -> Restoration:
    """Return what restoring the version would change in the draft.

    Pins and blocked times stay as they are: no version has them. A session that was deleted and imported
    again is the one of the version, by its guid.
    """
    event, current = draft.event, load_draft_timetable(draft)
    session_ids = dict(event.sessions.exclude(role=Session.Role.BLOCKER).values_list("guid", "pk"))
    stored = load_version_timetable(version)
    target = _replace_removed(event, {guid: slot for guid, slot in stored.items() if guid in session_ids})
    differences = compare_timetables(current, target)
    own_states = load_slot_states(draft)
    states: dict[int, SlotState | None] = {}
    for change in differences.changes:
        session_id = session_ids[change.slot.guid]
        states[session_id] = _build_state(change.after, own_states.get(session_id))
    return Restoration(
        states,
        differences,
        deleted_titles=[slot.title for guid, slot in stored.items() if guid not in session_ids],
        removed_rooms=_list_removed_rooms(stored, target),
    )


@transaction.atomic
def restore_version(
    *, draft: ScheduleDraft, version: ScheduleVersion, seen_revision: int, author: Person
) -> list[Move]:
    """Set the slots of the current draft as they are in the version, as one batch that can be undone.

    Raise ScheduleDraftChanged if the draft is no longer at `seen_revision`, and NothingToRestore.
    """
    # Locked first, so that nobody moves a session between comparing and writing.
    locked = lock_current_draft(draft.event, author=author)
    locked.event = draft.event
    if locked.revision != seen_revision:
        raise ScheduleDraftChanged(
            _("The draft has changed since you saw this preview. Nothing was restored; check it again.")
        )
    restoration = plan_restoration(draft=locked, version=version)
    if not restoration.states:
        raise NothingToRestore(_("Nothing to restore: the draft already matches this version."))
    counts = " ".join(f"{kind}:{count}" for kind, count in restoration.differences.count_by_kind().items())
    record_action("schedule.restore_version", version, event=draft.event, fields=["slots"], reason=counts)
    return make_moves(draft=locked, states=restoration.states, author=author)


def _replace_removed(
    event: Event, slots: Mapping[uuid.UUID, TimetableSlot]
) -> dict[uuid.UUID, TimetableSlot]:
    """Return the slots with the rooms' current names, without rooms that no longer exist."""
    rooms = dict(event.rooms.values_list("pk", "name"))
    titles = dict(event.sessions.filter(guid__in=slots).values_list("guid", "title"))
    return {
        guid: replace(
            slot,
            title=titles[guid],
            room_id=slot.room_id if slot.room_id in rooms else None,
            room_name=rooms.get(slot.room_id or 0, ""),
        )
        for guid, slot in slots.items()
    }


def _list_removed_rooms(
    stored: Mapping[uuid.UUID, TimetableSlot], target: Mapping[uuid.UUID, TimetableSlot]
) -> list[str]:
    """Return the names of the rooms that the target's slots have lost."""
    return sorted({stored[guid].room_name for guid, slot in target.items() if slot.room_id is None} - {""})


def _build_state(slot: TimetableSlot | None, current: SlotState | None) -> SlotState | None:
    """Return the state of a slot, with the pins of the current one."""
    if slot is None:
        return None
    starts_at = slot.starts_at.astimezone(datetime.UTC)
    # Versions do not store the day of the programme; after another move, the start decides.
    day = current.day if current and current.starts_at == starts_at else None
    return SlotState(
        slot.room_id,
        starts_at,
        slot.ends_at.astimezone(datetime.UTC),
        day,
        is_cancelled=slot.is_cancelled,
        is_time_pinned=current is not None and current.is_time_pinned,
        is_room_pinned=current is not None and current.is_room_pinned,
    )
