"""Find or create the rooms and tracks that a file names."""

from collections.abc import Iterable

from django.utils.text import slugify

from convention.events.models import Event, Room
from schedule.exchange.parsed_programme import ParsedRoom, ParsedTrack
from schedule.models import Track

from .match_sessions import fold_for_matching


def find_or_create_rooms(
    event: Event, parsed_rooms: Iterable[ParsedRoom], room_names: Iterable[str]
) -> tuple[dict[str, Room], bool]:
    """Return a room for each name, and whether any was created or changed.

    Rooms are found by name, else by guid (after a rename), else by name ignoring case.
    """
    parsed_by_name = {parsed_room.name: parsed_room for parsed_room in parsed_rooms}
    wanted = list(dict.fromkeys([*parsed_by_name, *filter(None, room_names)]))
    existing = list(event.rooms.all())
    # A room that the file still names is not renamed: another entry with its guid is another room.
    renamable_rooms = [room for room in existing if room.name not in parsed_by_name]
    by_name = {room.name: room for room in existing}
    by_guid = {room.guid: room for room in renamable_rooms if room.guid}
    by_folded = {fold_for_matching(room.name): room for room in renamable_rooms}
    rooms_by_name: dict[str, Room] = {}
    used: set[int] = set()
    new: list[Room] = []
    changed: list[Room] = []
    for name in wanted:
        parsed_room = parsed_by_name.get(name, ParsedRoom(name))
        room = (
            by_name.get(name)
            or by_guid.pop(parsed_room.guid, None)
            or by_folded.pop(fold_for_matching(name), None)
        )
        if room is None or room.pk in used:
            room = Room(event=event, name=name, position=len(existing) + len(new))
            new.append(room)
        elif update_room(room, parsed_room):
            changed.append(room)
        used.add(room.pk)
        rooms_by_name[name] = room
    for room in new:
        update_room(room, parsed_by_name.get(room.name, ParsedRoom(room.name)))
    Room.objects.bulk_create(new)
    for room in changed:
        room.save(update_fields=["name", "guid", "capacity"])
    return rooms_by_name, bool(new or changed)


def update_room(room: Room, parsed_room: ParsedRoom) -> bool:
    """Update a room from the file; return whether anything changed."""
    before = (room.name, room.guid, room.capacity)
    # A name that differs in case only stays as the organizers wrote it.
    if parsed_room.guid and fold_for_matching(room.name) != fold_for_matching(parsed_room.name):
        room.name = parsed_room.name
    room.guid = room.guid or parsed_room.guid
    room.capacity = parsed_room.capacity if parsed_room.capacity is not None else room.capacity
    return before != (room.name, room.guid, room.capacity)


def find_or_create_tracks(
    event: Event, parsed_tracks: Iterable[ParsedTrack], names: Iterable[str]
) -> tuple[dict[str, Track], bool]:
    """Return a track for each name, and whether any was created or changed.

    Tracks that the header lists but no session uses are not created.
    """
    parsed_by_name = {parsed_track.name: parsed_track for parsed_track in parsed_tracks}
    used = set(names := list(filter(None, names)))
    wanted = dict.fromkeys([*(name for name in parsed_by_name if name in used), *names])
    existing = list(event.tracks.all())
    # Exact names win over names that differ in case.
    known = {fold_for_matching(track.name): track for track in existing} | {
        track.name: track for track in existing
    }
    tracks_by_name: dict[str, Track] = {}
    new: list[Track] = []
    changed: list[Track] = []
    for name in wanted:
        parsed_track = parsed_by_name.get(name, ParsedTrack(name))
        track = known.get(name) or known.get(fold_for_matching(name))
        if track is None:
            track = build_track(event, parsed_track, len(existing) + len(new))
            new.append(track)
        elif parsed_track.color and parsed_track.color != track.shown_color.lower():
            track.color = parsed_track.color
            changed.append(track)
        tracks_by_name[name] = track
    Track.objects.bulk_create(new)
    for track in changed:
        track.save(update_fields=["color"])
    return tracks_by_name, bool(new or changed)


def build_track(event: Event, parsed_track: ParsedTrack, position: int) -> Track:
    """Return an unsaved track."""
    # slugify leaves nothing of a name without Latin letters.
    slug = slugify(parsed_track.slug or parsed_track.name)[:80] or f"track-{position + 1}"
    return Track(event=event, name=parsed_track.name, slug=slug, color=parsed_track.color, position=position)
