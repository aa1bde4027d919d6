"""The texts that the board's scripts show, in the active language; {names} are filled by the scripts."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def get_board_texts() -> dict[str, str]:
    return {
        **_get_names(),
        "picked_up": _("“{title}” picked up. Arrow keys move it, Space drops it, Escape puts it back."),
        "put_back": _("“{title}” is back where it was."),
        "swap_with": _("swaps with “{title}”"),
        "replaces": _("takes the place of “{title}”, which goes to the tray"),
        "swap_free": _("no conflict for either"),
        "placed": _("“{title}”: {place}"),
        "several_placed": _("{count} sessions moved. {places}"),
        "parked": _("“{title}” is in the tray now. Undo puts it back on the timetable."),
        "not_stored": _("Not saved: “{title}” is back where it was ({place})."),
        "conflict_new": _("New conflict, {sessions}: {text}"),
        "conflict_stays": _("Remaining conflict, {sessions}: {text}"),
        "to_tray": _("Remove from timetable"),
        "day_shown": _("Day shown: {day}"),
        "moved_by": _("{name} moved “{title}”: {place}"),
        "editors": _("Also here: {names}"),
        "undo_own": _("Undo: {text}"),
        "redo_own": _("Redo: {text}"),
        "undone_tag": pgettext("schedule journal", "undone"),
        "undone": _("Undone: {text}"),
        "undone_place": _("It is back here: {place}."),
        "redone": _("Redone: {text}"),
        "undone_in_part": _("Partly undone: {text}. Sessions moved again since then stay where they are."),
        "redone_in_part": _("Partly redone: {text}. Sessions moved again since then stay where they are."),
        "refused": _("This could not be saved. The board shows the saved version."),
        "offline": _(
            "The server cannot be reached: your changes are not saved. Trying again every few seconds."
        ),
        "your_version": _("Your choice"),
        "other_version": _("{name}’s choice"),
        "undo_this": pgettext("button", "Undo"),
        "journal_empty": _("No changes yet."),
    }


def _get_names() -> dict[str, str]:
    """Return the texts for days, rooms and sessions."""
    return {
        "quoted": _("“{title}”"),
        "board_label": _("Timetable for {day}"),
        "day_count": _("{day} ({count})"),
        "seats": _("{count} seats"),
        "no_room": _("No room"),
        "minutes": _("{count} min"),
        "pinned": _("pinned"),
        "not_pinned": _("not pinned"),
        "time_pinned": _("time pinned"),
        "room_pinned": _("room pinned"),
        "cancelled": pgettext("session", "cancelled"),
        "for_members": _("Members only"),
        "in_tray": _("in the tray"),
        "all_tracks": _("All tracks"),
        "tray_count": _("{shown} of {count}"),
        "tray_empty": _("All sessions are on the timetable."),
        "tray_no_sessions": _("No sessions yet."),
        "tray_no_match": _("No matching sessions in the tray."),
        "conflicts": _("Conflicts: {count}"),
        "pin": pgettext("button", "Pin"),
        "change_pin": _("Change the pin"),
        "you": pgettext("journal author", "you"),
    }
