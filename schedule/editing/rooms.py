"""Save or remove one room of an event."""

from collections.abc import Iterable

from django.core.exceptions import ObjectNotUpdated
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields, NotFound
from convention.events.guards import find_room_uses, prepare_room_removal
from convention.events.models import Event, Room


class RoomInUse(ConventionError):
    """Sessions or other rows use the room; the sentence names them."""

    kind = "room-in-use"
    status = 409


@transaction.atomic
def save_room(*, event: Event, room: Room, changed_fields: Iterable[str]) -> Room:
    """Save a new room, after the others unless it has a position, or one with other values.

    Raise InvalidFields if another room of the event has its name, and NotFound if it was removed.
    """
    fields = sorted(changed_fields)
    if room.pk is None and "position" not in fields:
        last = event.rooms.aggregate(last=Max("position"))["last"]
        room.position = 0 if last is None else last + 1
    room.event = event
    try:
        # In a savepoint: after an error, PostgreSQL refuses all further queries.
        with transaction.atomic():
            # Otherwise a room that was removed since it was loaded would be inserted again.
            room.save(force_update=bool(room.pk))
    except ObjectNotUpdated:
        raise NotFound(_("This room was not found; it may have been deleted.")) from None
    except IntegrityError:
        sentence = _("A room with this name already exists.")
        raise InvalidFields(sentence, {"name": [str(sentence)]}) from None
    record_action("rooms.change", event, event=event, fields=["rooms"])
    return room


def check_room_unused(room: Room) -> None:
    """Raise RoomInUse if sessions are in the room, published or in the draft."""
    if uses := find_room_uses([room]):
        raise RoomInUse(" ".join(uses))


@transaction.atomic
def remove_room(*, event: Event, room: Room, author: Person) -> None:
    """Delete a room; sessions in it keep their time and lose the room."""
    prepare_room_removal(event, [room], author)
    room.delete()
    record_action("rooms.change", event, event=event, fields=["rooms"])
