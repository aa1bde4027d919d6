"""Load timetables as plain data: the published one, that of a draft, and those of versions."""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.events.models import Event
from convention.events.publishing.publish import ReadinessItem
from schedule.models import (
    DEFAULT_DAY_START,
    ProgrammeAudience,
    ScheduleDraft,
    ScheduleVersion,
    Session,
    VersionSlot,
)
from schedule.programme.days import get_programme_day

from .differences import SlotDifference, TimetableDifferences, TimetableSlot, compare_timetables


def load_published_timetable(event: Event) -> dict[uuid.UUID, TimetableSlot]:
    """Return the published timetable, from the sessions' columns: one query."""
    rows = Session.objects.filter(event=event, starts_at__isnull=False).values_list(
        *("guid", "title", "starts_at", "ends_at", "room", "room__name", "day", "cancelled_at", "pk"),
        *("is_for_members", "event__schedule__day_starts_at"),
    )
    return {row[0]: _build_slot(event, row) for row in rows}


def load_draft_timetable(draft: ScheduleDraft) -> dict[uuid.UUID, TimetableSlot]:
    """Return the timetable that a draft would publish: one query. Blocked times are never published."""
    event = draft.event
    rows = draft.slots.exclude(session__role=Session.Role.BLOCKER).values_list(
        *("session__guid", "session__title", "starts_at", "ends_at", "room", "room__name"),
        *("day", "is_cancelled", "session", "session__is_for_members"),
        "draft__event__schedule__day_starts_at",
    )
    return {row[0]: _build_slot(event, row) for row in rows}


def _build_slot(event: Event, row: tuple[Any, ...]) -> TimetableSlot:
    """Return the slot of a row with the columns that both timetables select, in their order."""
    guid, title, starts_at, ends_at, room_id, room_name, day, cancelled, pk, is_for_members, day_start = row
    return TimetableSlot(
        guid=guid,
        title=title,
        starts_at=starts_at,
        ends_at=ends_at or starts_at,
        room_id=room_id,
        room_name=room_name or "",
        day=day or _get_day(event, starts_at, day_start),
        # A moment in the sessions, a flag in the drafts.
        is_cancelled=bool(cancelled),
        session_id=pk,
        is_for_members=is_for_members,
    )


def load_version_timetable(
    version: ScheduleVersion | None, *, session_ids: Collection[int] | None = None
) -> dict[uuid.UUID, TimetableSlot]:
    """Return the timetable of a version, an empty one for None; of some sessions only, if given.

    Versions do not store days of the programme.
    """
    # `all` reads slots that were prefetched; a filter would query them again.
    rows = version.slots.all() if version else VersionSlot.objects.none()
    if session_ids is not None:
        rows = rows.filter(session__in=session_ids)
    return {
        slot.session_guid: TimetableSlot(
            guid=slot.session_guid,
            title=slot.title,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at or slot.starts_at,
            room_id=slot.room_id,
            room_name=slot.room_name,
            is_cancelled=slot.is_cancelled,
            session_id=slot.session_id,
            is_for_members=slot.is_for_members,
        )
        for slot in rows
    }


def load_unpublished_changes(draft: ScheduleDraft) -> TimetableDifferences:
    """Return what publishing the draft would change."""
    return compare_timetables(load_published_timetable(draft.event), load_draft_timetable(draft))


def list_unpublished_changes(event: Event) -> list[SlotDifference]:
    """Return what the next publication changes; nothing without a draft."""
    draft = ScheduleDraft.objects.filter(event=event, is_current=True).first()
    return load_unpublished_changes(draft).changes if draft else []


def list_programme_readiness(event: Event) -> list[ReadinessItem]:
    """Return whether all of the programme is published; nothing for an event without one."""
    if count := len(list_unpublished_changes(event)):
        text = ngettext(
            "%(count)s change to the programme is not published.",
            "%(count)s changes to the programme are not published.",
            count,
        )
        return [ReadinessItem(text % {"count": count}, is_done=False, page_name="organize-publish")]
    if event.sessions.exists():
        return [ReadinessItem(_("The programme is published."), is_done=True, page_name="organize-schedule")]
    return []


def compare_versions(
    older: ScheduleVersion | None, newer: ScheduleVersion, *, session_ids: Collection[int] | None = None
) -> TimetableDifferences:
    """Return what changed between two versions; all sessions are new compared with None."""
    return compare_timetables(
        load_version_timetable(older, session_ids=session_ids),
        load_version_timetable(newer, session_ids=session_ids),
    )


def find_hidden_guids(event: Event, audience: ProgrammeAudience) -> set[uuid.UUID]:
    """Return the guids of sessions hidden from an audience, also of deleted ones that only versions have.

    The session's current `is_for_members` decides; that of its versions if the session was deleted.
    """
    if audience is ProgrammeAudience.MEMBERS:
        return set()
    restricted = VersionSlot.objects.filter(version__event=event, is_for_members=True)
    hidden = set(restricted.values_list("session_guid", flat=True))
    is_for_members = dict(event.sessions.values_list("guid", "is_for_members"))
    hidden |= {guid for guid, is_hidden in is_for_members.items() if is_hidden}
    return {guid for guid in hidden if is_for_members.get(guid, True)}


def select_visible_changes(
    differences: TimetableDifferences, event: Event, audience: ProgrammeAudience
) -> TimetableDifferences:
    """Return the differences without the sessions that are hidden from the audience."""
    return exclude_sessions(differences, find_hidden_guids(event, audience))


def exclude_sessions(differences: TimetableDifferences, guids: Collection[uuid.UUID]) -> TimetableDifferences:
    """Return the differences without those of some sessions."""
    changes = [change for change in differences.changes if change.slot.guid not in guids]
    return replace(differences, changes=changes)


def find_last_version_number(event: Event) -> int:
    """Return the number of the version that is public, 0 before the first."""
    rows = ScheduleVersion.objects.filter(event=event).order_by("-number")
    return rows.values_list("number", flat=True).first() or 0


def find_previous_version(version: ScheduleVersion) -> ScheduleVersion | None:
    earlier = ScheduleVersion.objects.filter(event=version.event_id, number__lt=version.number)
    return earlier.order_by("-number").first()


def _get_day(event: Event, moment: datetime.datetime, day_starts_at: datetime.time | None) -> datetime.date:
    """Return the day of the programme; an event without a schedule uses the field's default."""
    return get_programme_day(moment, event.zone, day_starts_at or DEFAULT_DAY_START)
