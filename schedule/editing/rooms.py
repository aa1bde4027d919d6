"""Save one room of an event."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.events.models import Event, Room


@transaction.atomic
def save_room(*, event: Event, room: Room, changed_fields: Iterable[str]) -> Room:
    """Save a new room, after the others unless it has a position, or one with other values.

    Raise InvalidFields if another room of the event has its name.
    """
    fields = sorted(changed_fields)
    if room.pk is None and "position" not in fields:
        last = event.rooms.aggregate(last=Max("position"))["last"]
        room.position = 0 if last is None else last + 1
    room.event = event
    try:
        # Inside its own savepoint: after an error, PostgreSQL refuses all else.
        with transaction.atomic():
            room.save()
    except IntegrityError:
        sentence = _("There is a room of this name already.")
        raise InvalidFields(sentence, {"name": [str(sentence)]}) from None
    record_action("rooms.change", event, event=event, fields=["rooms"])
    return room
