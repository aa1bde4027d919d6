"""Lock events to be changed, let other apps veto the changes (`hooks`), and prepare the removal of rooms."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import InvalidFields

from .models import Event, Room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convention.club.models import Person
    from convention.club.permissions import RequestUser


def lock_event(event_id: int) -> Event:
    """Return the stored event, locked to be changed with what follows its changes.

    The rows of other apps that follow it are locked first: their own actions lock them before the event,
    whose sequence they advance last.
    """
    for lock_rows in hooks.event_locks.providers():
        lock_rows(event_id)
    # `no_key`: registrations reference the event, and must not wait while settings are saved.
    return Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event_id)


def check_event_change(event: Event, person: "RequestUser") -> Event:
    """Return the stored event. Raise InvalidFields if an app built on events forbids this change.

    Call it in the transaction that saves the event: the stored row is locked and passed to each guard with
    the changed event and the person, and the guard returns errors by field.
    """
    stored = lock_event(event.pk)
    errors: dict[str, list[str]] = {}
    for guard in hooks.event_guards.providers():
        errors |= guard(stored, event, person)
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    return stored


def list_date_change_effects(stored: Event, event: Event) -> list[str]:
    """Return sentences on what saving the event's new dates would do at once, such as e-mails."""
    providers = hooks.date_change_effects.providers()
    return [sentence for list_effects in providers for sentence in list_effects(stored, event)]


def find_room_uses(rooms: "Sequence[Room]") -> list[str]:
    """Return sentences that describe what uses these rooms, such as sessions."""
    providers = hooks.room_uses.providers() if rooms else []
    return [sentence for provider in providers for sentence in provider(rooms)]


def prepare_room_removal(event: Event, rooms: "Sequence[Room]", author: "Person") -> None:
    """Let other apps empty the rooms (sessions) before they are deleted in the same transaction."""
    for prepare_removal in hooks.room_removal.providers() if rooms else ():
        prepare_removal(event, rooms, author)
