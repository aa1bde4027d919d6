"""Prepare the removal of rooms: say which sessions are in them, and take the sessions out of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.events.models import Event, Room
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.draft_slots import lock_current_draft
from schedule.models import Session

from .revision import raise_revision

MAX_TITLES: Final = 20


def describe_room_uses(rooms: Sequence[Room]) -> list[str]:
    """Return a sentence for each room with published sessions, and for each with sessions in the draft."""
    return [sentence for room in rooms for sentence in _describe_room(room)]


def _describe_room(room: Room) -> Iterator[str]:
    published = Session.objects.filter(room=room)
    planned = Session.objects.filter(slots__draft__is_current=True, slots__room=room)
    if published.exists():
        titles = {"room": room.name, "titles": _join_titles(published)}
        yield _("%(room)s, in the published programme: %(titles)s.") % titles
    if planned.exists():
        titles = {"room": room.name, "titles": _join_titles(planned)}
        yield _("%(room)s, in the draft: %(titles)s.") % titles


def _join_titles(sessions: "QuerySet[Session]") -> str:
    titles = list(sessions.order_by("starts_at", "number").values_list("title", flat=True))
    shown = [_("“%(title)s”") % {"title": title} for title in titles[:MAX_TITLES]]
    return ", ".join([*shown, "…"] if len(titles) > MAX_TITLES else shown)


def clear_rooms(event: Event, rooms: Sequence[Room], author: Person) -> None:
    """Take the sessions of the current draft out of the rooms, as a step of its history.

    Published sessions lose the room when it is deleted; a higher sequence makes calendars update.
    """
    # Locked even if it is empty: actions that place a session into one of the rooms hold this lock.
    draft = lock_current_draft(event, author=author)
    slots = draft.slots.filter(room__in=rooms)
    states = {slot.session_id: replace(SlotState.of_slot(slot), room_id=None) for slot in slots}
    make_moves(draft=draft, states=states, author=author)
    if Session.objects.filter(room__in=rooms).update(sequence=F("sequence") + 1):
        raise_revision(event=event)
