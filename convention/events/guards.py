"""Let other apps veto changes of an event (`hooks.event_guards`)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import InvalidFields

from .models import Event

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def check_event_change(event: Event, person: "RequestUser") -> None:
    """Raise InvalidFields if an app built on events forbids this change.

    Call it in the transaction that saves the event: the stored row is locked and passed to each guard with
    the changed event and the person, and the guard returns errors by field.
    """
    # `no_key`: registrations reference the event, and must not wait while settings are saved.
    stored = Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    fields: dict[str, list[str]] = {}
    for guard in hooks.event_guards.providers():
        fields |= guard(stored, event, person)
    if fields:
        raise InvalidFields(_("Some fields need another look."), fields)
