"""What the tests of registrations share.

- `event` a public convention `congress` in a month, with ten places for guests at 120 euros.
- `organizer` a client in which one of the club's organizers is signed in.
"""

import pytest
from django.test import Client

from convention.club.models import ClubRole
from convention.events.models import Event
from tests.factories import make_event, make_person, make_ticket


@pytest.fixture
def event() -> Event:
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    make_ticket(event, name="Invité", name_en="Guest", price=12_000, capacity=10)
    return event


@pytest.fixture
def organizer(client: Client) -> Client:
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.ORGANIZER)
    client.force_login(person)
    return client
