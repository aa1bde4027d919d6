"""The rooms and tracks that a file names, found in the event or made."""

from collections.abc import Iterable

from django.utils.text import slugify

from convention.events.models import Event, Room

from ..models import Track
from .match import folded
from .programme import Place, Thread


def rooms_for(event: Event, places: Iterable[Place], names: Iterable[str]) -> tuple[dict[str, Room], bool]:
    """A room for each name, and whether any was made or changed.

    A room is known by its name, else by its guid (it was renamed), else by its name in other capitals.
    """
    described = {place.name: place for place in places}
    wanted = list(dict.fromkeys([*described, *filter(None, names)]))
    existing = list(event.rooms.all())
    spare = [room for room in existing if room.name not in described]
    by_name = {room.name: room for room in existing}
    by_guid = {room.guid: room for room in spare if room.guid}
    by_folded = {folded(room.name): room for room in spare}
    found: dict[str, Room] = {}
    used: set[int] = set()
    new: list[Room] = []
    changed: list[Room] = []
    for name in wanted:
        place = described.get(name, Place(name))
        room = by_name.get(name) or by_guid.pop(place.guid, None) or by_folded.pop(folded(name), None)
        if room is None or room.pk in used:
            room = Room(event=event, name=name, position=len(existing) + len(new))
            new.append(room)
        elif brought_up(room, place):
            changed.append(room)
        used.add(room.pk)
        found[name] = room
    for room in new:
        brought_up(room, described.get(room.name, Place(room.name)))
    Room.objects.bulk_create(new)
    for room in changed:
        room.save(update_fields=["name", "guid", "capacity"])
    return found, bool(new or changed)


def brought_up(room: Room, place: Place) -> bool:
    """Give a room what the file says of it; whether anything changed."""
    before = (room.name, room.guid, room.capacity)
    if place.guid and folded(room.name) != folded(place.name):
        room.name = place.name
    room.guid = room.guid or place.guid
    room.capacity = place.capacity if place.capacity is not None else room.capacity
    return before != (room.name, room.guid, room.capacity)


def tracks_for(
    event: Event, threads: Iterable[Thread], names: Iterable[str]
) -> tuple[dict[str, Track], bool]:
    """A track for each name, and whether any was made or changed."""
    described = {thread.name: thread for thread in threads}
    used = set(names := list(filter(None, names)))
    wanted = dict.fromkeys([*(name for name in described if name in used), *names])
    existing = list(event.tracks.all())
    known = {folded(track.name): track for track in existing} | {track.name: track for track in existing}
    found: dict[str, Track] = {}
    new: list[Track] = []
    changed: list[Track] = []
    for name in wanted:
        thread = described.get(name, Thread(name))
        track = known.get(name) or known.get(folded(name))
        if track is None:
            track = new_track(event, thread, len(existing) + len(new))
            new.append(track)
        elif thread.color and thread.color != track.color.lower():
            track.color = thread.color
            changed.append(track)
        found[name] = track
    Track.objects.bulk_create(new)
    for track in changed:
        track.save(update_fields=["color"])
    return found, bool(new or changed)


def new_track(event: Event, thread: Thread, position: int) -> Track:
    """A track, not yet saved."""
    slug = slugify(thread.slug or thread.name)[:80] or f"track-{position + 1}"
    return Track(event=event, name=thread.name, slug=slug, color=thread.color, position=position)
