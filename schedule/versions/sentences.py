"""Describe differences between timetables in sentences, in the active language."""

import zoneinfo
from collections.abc import Iterator
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from convention.text.dates import format_date_with_weekday, format_time_range

from .differences import ChangeKind, SlotDifference, TimetableDifferences, TimetableSlot

KIND_LABELS: Final[dict[ChangeKind, str | Promise]] = {
    ChangeKind.ADDED: pgettext_lazy("programme", "New"),
    ChangeKind.REMOVED: pgettext_lazy("programme", "Removed"),
    ChangeKind.CANCELLED: gettext_lazy("Cancelled"),
    ChangeKind.RESTORED: gettext_lazy("Reinstated"),
    ChangeKind.TIME: gettext_lazy("New time"),
    ChangeKind.ROOM: gettext_lazy("New room"),
    ChangeKind.DAY: gettext_lazy("New day of the programme"),
}


def describe_when(slot: TimetableSlot, zone: zoneinfo.ZoneInfo) -> str:
    """Return weekday, date and hours in the event's zone."""
    date = format_date_with_weekday(slot.starts_at, zone)
    return f"{date}, {format_time_range(slot.starts_at, slot.ends_at, zone)}"


def describe_place(slot: TimetableSlot, zone: zoneinfo.ZoneInfo) -> str:
    """Return date, hours and room."""
    return ", ".join(filter(None, (describe_when(slot, zone), slot.room_name)))


def describe_change(change: SlotDifference, zone: zoneinfo.ZoneInfo) -> str:
    """Return what changed for one session, without its title."""
    return " ".join(_list_sentences(change, zone))


def _list_sentences(change: SlotDifference, zone: zoneinfo.ZoneInfo) -> Iterator[str]:
    before, after = change.before, change.after
    if before is None:
        yield _("New: %(when)s.") % {"when": describe_place(change.slot, zone)}
        return
    if after is None:
        yield _("Removed (previously %(when)s).") % {"when": describe_place(before, zone)}
        return
    if ChangeKind.CANCELLED in change.kinds:
        yield _("Cancelled (previously %(when)s).") % {"when": describe_place(before, zone)}
        return
    if ChangeKind.RESTORED in change.kinds:
        yield _("Reinstated: %(when)s.") % {"when": describe_place(after, zone)}
        return
    if ChangeKind.TIME in change.kinds:
        yield _describe_new_time(before, after, zone)
    if ChangeKind.DAY in change.kinds and after.day:
        yield _("Now listed under %(day)s.") % {"day": format_date_with_weekday(after.day)}
    if ChangeKind.ROOM in change.kinds:
        yield _describe_new_room(before, after)


def _describe_new_time(before: TimetableSlot, after: TimetableSlot, zone: zoneinfo.ZoneInfo) -> str:
    old, new = describe_when(before, zone), describe_when(after, zone)
    if before.starts_at.astimezone(zone).date() == after.starts_at.astimezone(zone).date():
        old = format_time_range(before.starts_at, before.ends_at, zone)
    return _("Now %(new)s instead of %(old)s.") % {"new": new, "old": old}


def _describe_new_room(before: TimetableSlot, after: TimetableSlot) -> str:
    if not before.room_name:
        return _("Now in %(room)s.") % {"room": after.room_name}
    if not after.room_name:
        return _("No longer in %(room)s; the new room is yet to be decided.") % {"room": before.room_name}
    return _("In %(new)s instead of %(old)s.") % {"new": after.room_name, "old": before.room_name}


def summarize_differences(differences: TimetableDifferences) -> str:
    """Return the counts, such as “2 new, 1 moved to another time”; "" without changes."""
    counts = differences.count_by_kind()
    return ", ".join(_count_kind(kind, count) for kind, count in counts.items())


def _count_kind(kind: ChangeKind, count: int) -> str:
    sentence = {
        ChangeKind.ADDED: ngettext("%(count)s new session", "%(count)s new sessions", count),
        ChangeKind.REMOVED: ngettext("%(count)s session removed", "%(count)s sessions removed", count),
        ChangeKind.CANCELLED: ngettext("%(count)s session cancelled", "%(count)s sessions cancelled", count),
        ChangeKind.RESTORED: ngettext("%(count)s session reinstated", "%(count)s sessions reinstated", count),
        ChangeKind.TIME: ngettext("%(count)s at another time", "%(count)s at another time", count),
        ChangeKind.ROOM: ngettext("%(count)s in another room", "%(count)s in another room", count),
        ChangeKind.DAY: ngettext("%(count)s under another day", "%(count)s under another day", count),
    }[kind]
    return sentence % {"count": count}


def describe_version(number: int, name: str) -> str:
    """Return “Version 3”, or “Version 3: Final” where the name says more than the number."""
    if not name or name == str(number):
        return pgettext("programme", "Version %(number)s") % {"number": number}
    return pgettext("programme", "Version %(number)s: %(name)s") % {"number": number, "name": name}
