"""Put conflicts, costs and fixes into words, in the active language."""

import functools
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Final

from babel.lists import format_list
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from convention.text.dates import format_datetime, format_time
from schedule.drafts.slot_state import SlotState

from .kinds import ConflictKind
from .placements import PlacementCost, PlacementCosts
from .rules import PAUSE_ROLES
from .suggest_fix import Fix
from .timetable import Conflict, Timetable

KIND_LABELS: Final[Mapping[ConflictKind, str | Promise]] = {
    ConflictKind.ROOM: _("Room double-booked"),
    ConflictKind.SPEAKER: _("Speaker in two sessions"),
    ConflictKind.CHAIR: _("Chair in two sessions"),
    ConflictKind.SPEAKER_AVAILABILITY: _("Speaker not available"),
    ConflictKind.ROOM_AVAILABILITY: _("Room not available"),
    ConflictKind.PREFERENCE: _("Unwanted time"),
    ConflictKind.WALKING: _("Too little time to walk"),
    ConflictKind.TURNOVER: _("Too little time to prepare the room"),
    ConflictKind.CAPACITY: _("Too few seats"),
    ConflictKind.EQUIPMENT: _("Missing equipment"),
    ConflictKind.BOOKINGS: _("Two booked sessions at once"),
    ConflictKind.FAVOURITES: _("Two favourites at once"),
    ConflictKind.TRACK: _("Two sessions in the same track at once"),
    ConflictKind.BREAK: _("Session during a break"),
    ConflictKind.PLENARY: _("Session during a plenary"),
    ConflictKind.ORDER: _("Wrong order"),
}
# Sentences without numbers or plurals; the others are in the functions below.
SENTENCES: Final[Mapping[ConflictKind, str | Promise]] = {
    ConflictKind.ROOM: _("%(room)s is double-booked."),
    ConflictKind.ROOM_AVAILABILITY: _("%(room)s is not available at that time."),
    ConflictKind.TRACK: _("Two sessions in the track “%(track)s” run at the same time."),
    ConflictKind.BREAK: _("A session runs during “%(break)s”, which is for everyone."),
    ConflictKind.PLENARY: _("A session runs during a plenary."),
    ConflictKind.ORDER: _("A session starts before the one that it follows has ended."),
    ConflictKind.EQUIPMENT: _("%(room)s lacks: %(features)s."),
}
# Kinds whose sentences name speakers or chairs.
KINDS_OF_PEOPLE: Final = frozenset(
    {
        *(ConflictKind.SPEAKER, ConflictKind.CHAIR, ConflictKind.SPEAKER_AVAILABILITY),
        *(ConflictKind.PREFERENCE, ConflictKind.WALKING),
    }
)
MAX_NAMES: Final = 4
MAX_TITLE_CHARS: Final = 60


def describe_conflict(timetable: Timetable, conflict: Conflict) -> str:
    """Return a sentence that says what is wrong, with rooms, names and breaks but without titles of talks."""
    values = {
        "room": timetable.get_room_name(conflict.room),
        "track": timetable.track_names.get(timetable.sessions[conflict.sessions[0]].track or 0, ""),
        "break": get_break_title(timetable, conflict) if conflict.kind == ConflictKind.BREAK else "",
        "features": join_names(conflict.missing_features),
        # Formatting a list takes longer than all the rest.
        "names": join_names(get_names(timetable, conflict)) if conflict.kind in KINDS_OF_PEOPLE else "",
        "count": conflict.amount or conflict.people_count,
    }
    if conflict.kind in SENTENCES:
        return str(SENTENCES[conflict.kind]) % values
    if conflict.kind in {ConflictKind.CAPACITY, ConflictKind.TURNOVER, ConflictKind.WALKING}:
        return _get_shortfall_sentence(conflict) % values
    if conflict.kind in {ConflictKind.BOOKINGS, ConflictKind.FAVOURITES}:
        return _get_audience_sentence(conflict) % values
    return _get_person_sentence(conflict) % values


def get_break_title(timetable: Timetable, conflict: Conflict) -> str:
    """Return the title of the break or blocked time during which a session runs."""
    sessions = [timetable.sessions[key] for key in conflict.sessions]
    return next(session.title for session in sessions if session.role in PAUSE_ROLES)


def _get_shortfall_sentence(conflict: Conflict) -> str:
    if conflict.kind == ConflictKind.CAPACITY:
        return ngettext(
            "%(room)s is %(count)s seat short.", "%(room)s is %(count)s seats short.", conflict.amount
        )
    if conflict.kind == ConflictKind.TURNOVER:
        return ngettext(
            "Not enough time to prepare %(room)s: %(count)s minute short.",
            "Not enough time to prepare %(room)s: %(count)s minutes short.",
            conflict.amount,
        )
    return ngettext(
        "Not enough time to walk from one room to the other, %(count)s minute short: %(names)s.",
        "Not enough time to walk from one room to the other, %(count)s minutes short: %(names)s.",
        conflict.amount,
    )


def _get_audience_sentence(conflict: Conflict) -> str:
    if conflict.kind == ConflictKind.BOOKINGS:
        return ngettext(
            "%(count)s person has booked both sessions.",
            "%(count)s people have booked both sessions.",
            conflict.people_count,
        )
    return ngettext(
        "%(count)s person wants to see both sessions.",
        "%(count)s people want to see both sessions.",
        conflict.people_count,
    )


def _get_person_sentence(conflict: Conflict) -> str:
    """Return the sentence for kinds that name speakers or chairs."""
    number = len(conflict.persons)
    if conflict.kind == ConflictKind.SPEAKER:
        return ngettext(
            "%(names)s speaks in two sessions at the same time.",
            "%(names)s speak in two sessions at the same time.",
            number,
        )
    if conflict.kind == ConflictKind.CHAIR:
        return ngettext(
            "%(names)s chairs a session and is needed in another one at the same time.",
            "%(names)s chair a session and are needed in another one at the same time.",
            number,
        )
    if conflict.kind == ConflictKind.SPEAKER_AVAILABILITY:
        return ngettext(
            "%(names)s is not available at that time.", "%(names)s are not available at that time.", number
        )
    if conflict.room:
        return gettext("%(room)s should preferably not be used at that time.")
    return ngettext(
        "%(names)s would rather not speak at that time.",
        "%(names)s would rather not speak at that time.",
        number,
    )


def describe_affected(timetable: Timetable, conflict: Conflict) -> str:
    """Return the speakers and chairs affected, and the number of attendees; "" if nobody is."""
    names = get_names(timetable, conflict)
    if conflict.attendee_count:
        people = ngettext("%(count)s attendee", "%(count)s attendees", conflict.attendee_count)
        names = [*names, people % {"count": conflict.attendee_count}]
    return join_names(names)


def get_names(timetable: Timetable, conflict: Conflict) -> list[str]:
    """Return the names of speakers and chairs, the first ones if there are many."""
    names = [timetable.speaker_names.get(person, "?") for person in conflict.persons]
    if len(names) <= MAX_NAMES:
        return names
    rest = len(names) - MAX_NAMES + 1
    others = ngettext("%(count)s other person", "%(count)s other people", rest) % {"count": rest}
    return [*names[: MAX_NAMES - 1], others]


class PlacementDescriber:
    """Describes what placing a session would cost; a conflict that many cells share is described once."""

    def __init__(self, timetable: Timetable, costs: PlacementCosts) -> None:
        self._describe_conflict = functools.cache(functools.partial(describe_conflict, timetable))
        self._describe_lost = functools.cache(
            functools.partial(_describe_lost_favourites, costs.audience_size)
        )

    def describe(self, cell: PlacementCost) -> list[str]:
        """Return sentences on what placing the session there would cost; none if nothing."""
        sentences = [self._describe_conflict(conflict) for conflict in cell.conflicts]
        if cell.lost_favourites:
            sentences.append(self._describe_lost(cell.lost_favourites))
        return list(dict.fromkeys(sentences))


def _describe_lost_favourites(total: int, count: int) -> str:
    sentence = ngettext(
        "%(count)s person, of the %(total)s who want to see it, also wants to see another session at "
        "that time.",
        "%(count)s people, of the %(total)s who want to see it, also want to see another session at "
        "that time.",
        count,
    )
    return sentence % {"count": count, "total": total}


def describe_fix(timetable: Timetable, fix: Fix, zone: zoneinfo.ZoneInfo) -> str:
    """Return the change that the fix makes, in the imperative, as on its button."""
    titles = [Truncator(timetable.sessions[key].title).chars(MAX_TITLE_CHARS) for key in fix.states]
    if len(titles) > 1:
        return gettext("Swap “%(first)s” and “%(second)s”") % {"first": titles[0], "second": titles[1]}
    ((key, state),) = fix.states.items()
    old = timetable.placements[key]
    values = {
        "title": titles[0],
        "time": format_start(state, old, zone),
        "room": timetable.get_room_name(state.room_id),
    }
    if state.starts_at == old.starts_at:
        return gettext("Move “%(title)s” to %(room)s, at the same time") % values
    if state.room_id == old.room_id:
        return gettext("Move “%(title)s” to %(time)s") % values
    return gettext("Move “%(title)s” to %(time)s, %(room)s") % values


def format_start(state: SlotState, old: SlotState, zone: zoneinfo.ZoneInfo) -> str:
    """Return the new start, with its date only if that changes."""
    if state.starts_at.astimezone(zone).date() == old.starts_at.astimezone(zone).date():
        return format_time(state.starts_at, zone)
    return format_datetime(state.starts_at, zone)


def join_names(names: Iterable[str]) -> str:
    listed = [*names]
    # The usual case, some hundred times for the costs of a session: the library takes 0.1 ms for each.
    if len(listed) < 2:
        return "".join(listed)
    # Babel's “en” is American, which has a comma before “and”.
    locale = "en_GB" if get_language() == "en" else "fr"
    return format_list(listed, style="standard", locale=locale)
