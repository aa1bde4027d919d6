"""What may not be changed of an event any more: asked of all who build on it (`hooks.event_guards`)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import InvalidFields

from .models import Event

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def refuse_change(event: Event, person: "Visitor") -> None:
    """In the transaction that keeps it: raises InvalidFields where something built on it forbids that.

    Each guard is given the event as it is stored, the one to keep, and who asks; it answers by field.
    """
    stored = Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    fields: dict[str, list[str]] = {}
    for guard in hooks.event_guards.providers():
        fields |= guard(stored, event, person)
    if fields:
        raise InvalidFields(_("Some fields need another look."), fields)
