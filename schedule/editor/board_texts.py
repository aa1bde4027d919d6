"""The texts that the board's scripts show, in the active language; {names} are filled by the scripts."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def get_board_texts() -> dict[str, str]:
    return {
        **_get_names(),
        "picked_up": _("“{title}” is picked up. Arrow keys move it, Space drops it, Escape puts it back."),
        "put_back": _("Put back where it was."),
        "swap_with": _("swaps with “{title}”"),
        "replaces": _("takes the place of “{title}”, which goes to the tray"),
        "to_tray": _("Back to the tray"),
        "day_shown": _("{day} is shown."),
        "moved_by": _("{name}: “{title}” is now {place}"),
        "editors": _("Also here: {names}"),
        "undo_own": _("Undo: {text}"),
        "redo_own": _("Redo: {text}"),
        "undone": pgettext("schedule journal", "undone"),
        "undone_text": _("Undone."),
        "redone_text": _("Redone."),
        "undone_in_part": _("Undone in part: what someone moved again since then stays where it is."),
        "refused": _("The server refused this. The board shows what is stored."),
        "offline": _("No connection: what you move now is not stored. Trying again every few seconds."),
        "your_version": _("You wanted"),
        "other_version": _("{name} placed it"),
        "undo_this": pgettext("button", "Undo"),
        "journal_empty": _("Nothing was moved yet."),
    }


def _get_names() -> dict[str, str]:
    """Return the texts for days, rooms and sessions."""
    return {
        "board_label": _("Timetable of {day}"),
        "day_count": _("{day} ({count})"),
        "seats": _("{count} seats"),
        "no_room": _("No room"),
        "minutes": _("{count} min"),
        "pinned": _("pinned"),
        "not_pinned": _("not pinned"),
        "time_pinned": _("time pinned"),
        "room_pinned": _("room pinned"),
        "cancelled": pgettext("session", "cancelled"),
        "in_tray": _("in the tray"),
        "all_tracks": _("All tracks"),
        "tray_count": _("{shown} of {count}"),
        "tray_empty": _("Every session has a place."),
        "tray_no_match": _("No session in the tray matches."),
        "conflicts": _("Conflicts: {count}"),
        "pin": pgettext("button", "Pin"),
        "change_pin": _("Change the pin"),
        "you": pgettext("journal author", "you"),
    }
