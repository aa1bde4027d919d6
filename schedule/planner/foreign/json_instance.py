"""Read a benchmark instance in JSON, and write the plan as `{"session": [slot, room]}`.

The file has `rooms` (id, capacity), `slots` (id, day, half), `sessions` (id, track, speakers, locked:
[slot, room] or null), `away` (speaker: slots) and `favourites` (one list of sessions for each attendee).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from convention.errors import UnreadableFile
from schedule.planner.instance import (
    MAX_PLACINGS,
    Plan,
    PlannerInstance,
    PlannerRoom,
    PlannerSession,
    PlannerSlot,
    PlannerSpeaker,
)

PARTS: Final = ("rooms", "slots", "sessions", "favourites")


@dataclass(frozen=True, slots=True)
class JsonInstance:
    """An instance with the ids of its file, by position."""

    instance: PlannerInstance
    session_ids: list[int]
    slot_ids: list[int]
    room_ids: list[int]


def read_json_instance(data: bytes) -> JsonInstance:
    """Return the instance of a file. Raise UnreadableFile with what is wrong."""
    document = parse_json(data)
    rooms, slots, sessions = (read_ids(document, part) for part in PARTS[:3])
    if len(rooms) * len(slots) * len(sessions) > MAX_PLACINGS:
        raise UnreadableFile(
            _("The instance is too large: at most %(most)d sessions × slots × rooms.")
            % {"most": MAX_PLACINGS}
        )
    names = sorted(
        {
            read_int(name, "speakers")
            for entry in document["sessions"]
            for name in read_list(entry, "speakers")
        }
    )
    speakers = {name: position for position, name in enumerate(names)}
    instance = PlannerInstance(
        sessions=tuple(read_session(entry, speakers, slots, rooms) for entry in document["sessions"]),
        slots=tuple(read_slot(entry) for entry in document["slots"]),
        rooms=tuple(
            PlannerRoom(str(entry["id"]), read_natural(entry.get("capacity"), "capacity"))
            for entry in document["rooms"]
        ),
        speakers=read_speakers(document.get("away", {}), speakers, slots),
        favourites=tuple(read_favourites(entry, sessions) for entry in document["favourites"]),
    )
    return JsonInstance(instance, list(sessions), list(slots), list(rooms))


def write_json_plan(source: JsonInstance, plan: Plan) -> bytes:
    """Return the plan as JSON with the ids of the instance's file."""
    placed = {
        str(session): [source.slot_ids[placing.slot], source.room_ids[placing.room]]
        for session, placing in zip(source.session_ids, plan, strict=True)
    }
    return json.dumps(placed).encode()


def parse_json(data: bytes) -> dict[str, Any]:
    """Return the document, whose parts are lists of objects; favourites are a list of lists."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(_("The instance is not JSON: %(reason)s.") % {"reason": error}) from error
    if not isinstance(document, dict):
        raise UnreadableFile(_("The instance must be a JSON object."))
    for part in PARTS:
        kind = list if part == "favourites" else dict
        entries = document.get(part)
        if not isinstance(entries, list) or not all(isinstance(entry, kind) for entry in entries):
            raise make_part_error(part)
    if not (document["rooms"] and document["slots"]):
        raise UnreadableFile(_("The instance has no rooms or no slots."))
    return document


def make_part_error(part: str) -> UnreadableFile:
    return UnreadableFile(_("“%(part)s” is missing from the instance or malformed.") % {"part": part})


def read_ids(document: dict[str, Any], part: str) -> dict[int, int]:
    """Return the position of each id. Raise UnreadableFile for an id that occurs twice."""
    ids = [read_int(entry.get("id"), part) for entry in document[part]]
    if len(set(ids)) < len(ids):
        raise UnreadableFile(_("Two entries of “%(part)s” have the same id.") % {"part": part})
    return {number: position for position, number in enumerate(ids)}


def read_int(value: Any, part: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise make_part_error(part)
    return value


def read_natural(value: Any, part: str) -> int:
    number = read_int(value, part)
    if number < 0:
        raise make_part_error(part)
    return number


def read_list(entry: dict[str, Any], key: str) -> list[Any]:
    values = entry.get(key)
    if not isinstance(values, list):
        raise make_part_error(key)
    return values


def find_position(positions: dict[int, int], value: Any, describe: Callable[[Any], str]) -> int:
    """Return the position of an id. Raise UnreadableFile with the sentence of `describe` if it is unknown."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in positions:
        raise UnreadableFile(describe(value))
    return positions[value]


def describe_unknown_slot(value: Any) -> str:
    return _("The instance has no slot %(id)s, but refers to it.") % {"id": value}


def describe_unknown_room(value: Any) -> str:
    return _("The instance has no room %(id)s, but a session is locked to it.") % {"id": value}


def describe_unknown_session(value: Any) -> str:
    return _("The instance has no session %(id)s, but it is somebody’s favourite.") % {"id": value}


def read_slot(entry: dict[str, Any]) -> PlannerSlot:
    return PlannerSlot(
        str(entry["id"]), read_int(entry.get("day"), "day"), read_int(entry.get("half"), "half")
    )


def read_session(
    entry: dict[str, Any], speakers: dict[int, int], slots: dict[int, int], rooms: dict[int, int]
) -> PlannerSession:
    track, locked = entry.get("track"), entry.get("locked")
    if locked is not None and not (isinstance(locked, list) and len(locked) == 2):
        raise make_part_error("locked")
    return PlannerSession(
        name=str(entry["id"]),
        speakers=frozenset(speakers[name] for name in entry["speakers"]),
        track=None if track is None else read_int(track, "track"),
        locked_slot=None if locked is None else find_position(slots, locked[0], describe_unknown_slot),
        locked_room=None if locked is None else find_position(rooms, locked[1], describe_unknown_room),
    )


def read_speakers(away: Any, speakers: dict[int, int], slots: dict[int, int]) -> tuple[PlannerSpeaker, ...]:
    if not isinstance(away, dict) or not all(isinstance(absent, list) for absent in away.values()):
        raise make_part_error("away")
    positions = {
        name: frozenset(find_position(slots, slot, describe_unknown_slot) for slot in absent)
        for name, absent in away.items()
    }
    return tuple(PlannerSpeaker(str(name), positions.get(str(name), frozenset())) for name in speakers)


def read_favourites(entry: list[Any], sessions: dict[int, int]) -> frozenset[int]:
    favourites = frozenset(find_position(sessions, session, describe_unknown_session) for session in entry)
    if len(favourites) < len(entry):
        raise UnreadableFile(_("A session is the same attendee’s favourite twice."))
    return favourites
