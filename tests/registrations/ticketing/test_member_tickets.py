"""The tickets for members at an event, of which people apply for one."""

import pytest

from registrations.models import Ticket
from tests.factories import make_event, make_ticket

pytestmark = pytest.mark.django_db


def list_slugs() -> list[str]:
    return list(Ticket.objects.for_members().values_list("slug", flat=True))


def test_default_ticket_is_last():
    event = make_event()
    make_ticket(event, slug="first", audience="member", position=1)
    make_ticket(event, slug="default", audience="member", position=2, is_default=True)

    slugs = list_slugs()

    assert slugs == ["first", "default"]


def test_without_a_default_the_first_ticket_is_last():
    event = make_event()
    make_ticket(event, slug="first", audience="member", position=1)
    make_ticket(event, slug="second", audience="member", position=2)

    slugs = list_slugs()

    assert slugs == ["second", "first"]


def test_ticket_for_others_is_left_out():
    make_ticket(make_event(), slug="guest", audience="guest", is_default=True)

    slugs = list_slugs()

    assert slugs == []
