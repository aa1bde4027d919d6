"""Publish a draft: write the sessions' published columns, store a version, queue notices."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Self

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from schedule.conflicts.find import find_blocking_conflicts
from schedule.conflicts.load import load_timetable
from schedule.editing.revision import raise_revision
from schedule.models import ScheduleDraft, ScheduleVersion, Session, VersionSlot

from .differences import ChangeKind, SlotDifference, TimetableDifferences, TimetableSlot, compare_timetables
from .notices import notify_publication
from .timetables import find_last_version_number, load_draft_timetable, load_published_timetable

WRITE_BATCH_SIZE: Final = 1000


class Notify(enum.Enum):
    """Whether people get an e-mail about a publication."""

    EVERYBODY = "everybody"
    NOBODY = "nobody"


class NothingToPublish(ConventionError):
    kind = "nothing-to-publish"
    status = 409


class PublishedMeanwhile(ConventionError):
    """The draft or the published programme is not what the organizer saw in the preview."""

    kind = "changed-meanwhile"
    status = 409


class BlockingConflicts(ConventionError):
    """The draft has conflicts of the level that prevents publishing."""

    kind = "blocking-conflicts"
    status = 409


@dataclass(frozen=True, slots=True)
class PublicationStamp:
    """The last version's number (0 for none) and the draft's revision: the state that a preview showed."""

    version_number: int
    draft_revision: int

    @classmethod
    def of_draft(cls, draft: ScheduleDraft) -> Self:
        return cls(find_last_version_number(draft.event), draft.revision)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what `str` returned; anything else becomes a stamp that matches no draft."""
        numbers = text.split("-")
        if len(numbers) != 2 or not all(number.isascii() and number.isdigit() for number in numbers):
            return cls(-1, -1)
        return cls(int(numbers[0]), int(numbers[1]))

    def __str__(self) -> str:
        return f"{self.version_number}-{self.draft_revision}"


@transaction.atomic
def publish_reviewed_draft(
    *,
    draft: ScheduleDraft,
    seen: PublicationStamp,
    name: str = "",
    note: str = "",
    author: Person | None = None,
    notify: Notify = Notify.EVERYBODY,
) -> ScheduleVersion:
    """Publish what an organizer saw in a preview, unless a conflict prevents it.

    Imports and the demo call `publish_draft`: a file is published with its conflicts. Raise
    PublishedMeanwhile, BlockingConflicts and NothingToPublish.
    """
    locked = _lock_drafts(draft)
    # Checked first: conflicts of a draft that the organizer has not seen would be confusing.
    _check_stamp(locked, seen)
    _check_conflicts(locked)
    return _publish(
        locked, name=name, note=note, author=author, notify=notify, number=seen.version_number + 1
    )


@transaction.atomic
def publish_draft(
    *,
    draft: ScheduleDraft,
    name: str = "",
    note: str = "",
    author: Person | None = None,
    notify: Notify = Notify.EVERYBODY,
) -> ScheduleVersion:
    """Publish a draft as it is and return the new version; without a name, its number is its name.

    Raise NothingToPublish without differences. The number of queries does not depend on that of sessions.
    """
    locked = _lock_drafts(draft)
    number = find_last_version_number(locked.event) + 1
    return _publish(locked, name=name, note=note, author=author, notify=notify, number=number)


def _publish(
    locked: ScheduleDraft, *, number: int, name: str, note: str, author: Person | None, notify: Notify
) -> ScheduleVersion:
    timetable = load_draft_timetable(locked)
    differences = compare_timetables(load_published_timetable(locked.event), timetable)
    if not differences.changes:
        raise NothingToPublish(
            _("There is nothing to publish: the draft is identical to the published programme.")
        )
    version = ScheduleVersion.objects.create(
        event=locked.event,
        number=number,
        name=" ".join(name.split())[:200] or str(number),
        note=note.strip(),
        published_by=author,
        is_silent=notify is Notify.NOBODY,
    )
    _write_sessions(differences, version)
    _write_version_slots(version, timetable.values())
    ScheduleDraft.objects.filter(pk=locked.pk).update(based_on=version)
    _finish_publication(version, differences)
    return version


def _lock_drafts(draft: ScheduleDraft) -> ScheduleDraft:
    """Lock all drafts of the event, so that one publication runs at a time; return the fresh row.

    Drafts are locked before sessions, here and in `editing`.
    """
    rows = ScheduleDraft.objects.select_for_update().filter(event=draft.event_id).order_by("pk")
    locked = next(row for row in rows if row.pk == draft.pk)
    locked.event = draft.event
    return locked


def _check_stamp(locked: ScheduleDraft, seen: PublicationStamp) -> None:
    """Raise PublishedMeanwhile if the draft or the programme is not what the organizer saw."""
    if seen != PublicationStamp.of_draft(locked):
        raise PublishedMeanwhile(
            _(
                "The programme has changed since you saw this preview. Nothing was published; look at the "
                "changes again, and publish them."
            )
        )


def _check_conflicts(locked: ScheduleDraft) -> None:
    """Raise BlockingConflicts if there are any."""
    conflicts = find_blocking_conflicts(load_timetable(locked))
    if conflicts:
        sentence = ngettext(
            "%(count)s conflict prevents publishing. Resolve it, or change the conflict rules.",
            "%(count)s conflicts prevent publishing. Resolve them, or change the conflict rules.",
            len(conflicts),
        )
        raise BlockingConflicts(sentence % {"count": len(conflicts)})


def _write_sessions(differences: TimetableDifferences, version: ScheduleVersion) -> None:
    """Write the published columns of the changed sessions."""
    changes = {change.slot.session_id: change for change in differences.changes}
    # Locked in the order of their keys, as by bookings of several sessions.
    rows = Session.objects.select_for_update().filter(pk__in=list(changes)).order_by("pk")
    sessions = list(rows.only("event", *Session.PUBLISHED_FIELDS))
    for session in sessions:
        apply_change(session, changes[session.pk], version)
    Session.objects.bulk_update(sessions, Session.PUBLISHED_FIELDS, batch_size=WRITE_BATCH_SIZE)


def apply_change(session: Session, change: SlotDifference, version: ScheduleVersion) -> None:
    """Set the published columns of one session; it is not saved."""
    was_published = session.published_in_id is not None or change.before is not None
    slot = change.after
    session.room_id = slot.room_id if slot else None
    session.starts_at = slot.starts_at if slot else None
    session.ends_at = slot.ends_at if slot else None
    session.day = slot.day if slot else None
    if slot is None or not slot.is_cancelled:
        session.cancelled_at = None
    elif session.cancelled_at is None:
        session.cancelled_at = version.published_at
    # The day of the programme is neither in calendars nor in notices.
    if change.kinds != (ChangeKind.DAY,):
        # Calendars treat a higher number as a change.
        session.sequence += was_published
        session.published_in = version


def _write_version_slots(version: ScheduleVersion, slots: Collection[TimetableSlot]) -> None:
    VersionSlot.objects.bulk_create(
        (
            VersionSlot(
                version=version,
                session_id=slot.session_id,
                session_guid=slot.guid,
                title=slot.title,
                room_id=slot.room_id,
                room_name=slot.room_name,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                is_cancelled=slot.is_cancelled,
                is_for_members=slot.is_for_members,
            )
            for slot in slots
        ),
        batch_size=WRITE_BATCH_SIZE,
    )


def _finish_publication(version: ScheduleVersion, differences: TimetableDifferences) -> None:
    """Record the action, raise the revision, set the programme's label, and queue the notices."""
    event = version.event
    counts = " ".join(f"{kind}:{count}" for kind, count in differences.count_by_kind().items())
    record_action("schedule.publish", version, event=event, fields=["sessions"], reason=counts)
    raise_revision(event=event, version_name=version.name)
    notified_ids = differences.notified_session_ids
    if notified_ids and not version.is_silent:
        notify_publication.enqueue(version.pk)
    elif notified_ids:
        for mark_as_notified in hooks.silent_publication.providers():
            mark_as_notified(version.pk, notified_ids)
