"""Print the agenda of an event: choose the sessions, and draw the sheets."""

from dataclasses import replace
from typing import BinaryIO

from django.utils.translation import override

from convention.events.models import Event

from .comparison import Comparison
from .print_options import PrintOptions
from .printed_programme import PrintedProgramme, PrintedSession, load_printed_programme
from .session_notes import load_session_notes
from .sheet_kinds import SHEET_KINDS, normalize_options, require_comparison


def print_agenda(
    event: Event, *, file: BinaryIO, format_name: str = "booklet", language: str = "fr", paper: str = ""
) -> PrintedProgramme:
    """Write all sheets of one kind to a binary file and return the printed programme.

    Raise UnknownFormatError or UnknownPaperError.
    """
    return print_sheets(event, file=file, options=PrintOptions(format_name, language, paper))[0]


def print_sheets(
    event: Event, *, file: BinaryIO, options: PrintOptions, comparison: Comparison | None = None
) -> tuple[PrintedProgramme, int]:
    """Write the PDF to a binary file and return the printed programme and the number of pages.

    Raise UnknownFormatError, UnknownPaperError or NothingToCompare.
    """
    options = normalize_options(options)
    require_comparison(event, options)
    # Loading included: it formats dates and hours.
    with override(options.language):
        programme = select_sessions(load_printed_programme(event, audience=options.audience), options)
        kind = SHEET_KINDS[options.kind]
        if kind.is_internal:
            programme = replace(programme, notes=load_session_notes(event))
        if comparison:
            programme = replace(programme, comparison=select_changes(comparison, options))
        page_count = kind.draw(programme, options, file)
    return programme, page_count


def select_sessions(programme: PrintedProgramme, options: PrintOptions) -> PrintedProgramme:
    """Return the programme with the chosen days, rooms and tracks only."""
    sessions = tuple(item for item in programme.sessions if is_selected(item, options))
    used_rooms = {item.room for item in sessions}
    rooms = tuple(room for room in programme.room_names if room in used_rooms)
    return replace(programme, sessions=sessions, room_names=rooms)


def select_changes(comparison: Comparison, options: PrintOptions) -> Comparison:
    """Return the comparison with the changes of the chosen days only."""
    changes = tuple(change for change in comparison.changes if not options.days or change.day in options.days)
    return replace(comparison, changes=changes)


def is_selected(item: PrintedSession, options: PrintOptions) -> bool:
    """Return whether a session is printed; sessions for everybody belong to all rooms and tracks."""
    is_on_day = not options.days or item.day in options.days
    is_in_room = not options.rooms or item.room_id in options.rooms or item.is_in_all_rooms
    is_in_track = not options.tracks or item.track_id in options.tracks or item.is_for_everybody
    return is_on_day and is_in_room and is_in_track
