"""What the tests of registrations share.

- `event` a public convention `congress` in a month, with ten places for guests at 120 euros.
"""

import pytest

from convention.events.models import Event
from tests.factories import make_event, make_ticket


@pytest.fixture
def event() -> Event:
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    make_ticket(event, name="Invité", name_en="Guest", price=12_000, capacity=10)
    return event
