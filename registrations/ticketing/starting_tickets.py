"""The tickets that a new event starts with; its organizers change them before they publish it."""

from typing import Final

from convention.events.models import Event
from registrations.models import Ticket

STARTING_AUDIENCES: Final = {
    Event.Kind.CONVENTION: (Ticket.Audience.MEMBER, Ticket.Audience.GUEST),
    Event.Kind.GROUP_MEETING: (Ticket.Audience.MEMBER,),
}
TICKET_NAMES: Final = {
    # French, English
    Ticket.Audience.MEMBER: ("Adhérent", "Member"),
    Ticket.Audience.GUEST: ("Invité", "Guest"),
}


def create_starting_tickets(event: Event) -> None:
    """Add a free ticket for each audience that events of this kind usually have."""
    for position, audience in enumerate(STARTING_AUDIENCES.get(Event.Kind(event.kind), ())):
        name, name_en = TICKET_NAMES[audience]
        Ticket.objects.create(
            event=event,
            slug=audience.value,
            name=name,
            name_en=name_en,
            audience=audience,
            position=position,
            is_default=position == 0,
        )
