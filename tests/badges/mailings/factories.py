"""Mailings, and events with people to write to."""

from badges.mailings.composing.segments import Segment
from badges.mailings.models import Mailing
from tests.factories import make_event, make_order, make_registration, make_ticket

TEXTS = {
    "subject_fr": "Nouvelles de {event}",
    "text_fr": "Bonjour {first_name},\n\nvotre billet : **{ticket}**. [Votre page]({manage_url})",
    "subject_en": "News of {event}",
    "text_en": "Hello {first_name},\n\nyour ticket: **{ticket}**. [Your page]({manage_url})",
}


def make_mailing(event=None, *, segment: Segment | None = None, **fields) -> Mailing:
    """A draft in both languages to everybody who is confirmed."""
    event = event or make_event()
    kept = (segment or Segment()).to_json()
    return Mailing.objects.create(event=event, segment=kept, **{**TEXTS, **fields})


def add_people(event, count: int, *, language: str = "fr", start: int = 0) -> list:
    """People with an address and an order each."""
    ticket = event.tickets.first() or make_ticket(event)
    return [
        make_registration(
            ticket,
            first_name=f"Ana{number}",
            email=f"ana{number}@example.org",
            order=make_order(event, email=f"ana{number}@example.org", language=language),
        )
        for number in range(start, start + count)
    ]
