"""What tests of payments share.

- `stripe` a strict stand-in for Stripe, to which the settings point; its events go to the site's webhook when
  the test says so: `stripe.post.deliver()`.
- `event` a public convention `congress` with two places for guests at 120 euros.
- `treasurer` a person who holds that role.
"""

import io

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from convention.club.models import ClubRole
from convention.events.models import Event
from tests.factories import make_event, make_person, make_ticket
from tests.stripe_standin import StandIn


@pytest.fixture
def stripe(settings):
    with StandIn() as standin:
        settings.STRIPE_SECRET_KEY = standin.key
        settings.STRIPE_WEBHOOK_SECRET = standin.post.secret
        settings.STRIPE_API_BASE = standin.url
        standin.post.carry = deliver_event
        yield standin


def deliver_event(body: bytes, signature: str) -> int:
    """Deliver a signed event to the webhook; return the status."""
    answer = Client().post(
        "/stripe/webhook/",
        body,
        content_type="application/json; charset=utf-8",
        headers={"Stripe-Signature": signature},
    )
    return answer.status_code


@pytest.fixture
def event(db) -> Event:
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    make_ticket(event, name="Invité", name_en="Guest", price=12_000, capacity=2)
    return event


@pytest.fixture
def treasurer(db):
    person = make_person(first_name="Théo", last_name="Trésor")
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER, starts_on="2020-01-01")
    return person


@pytest.fixture
def manage_here(db):
    """Return a function that runs a command in this process: exit status and standard output."""

    def run(*arguments: str) -> tuple[int, str]:
        out = io.StringIO()
        try:
            with translation.override("en"):
                call_command(*arguments, stdout=out, stderr=io.StringIO())
        except SystemExit as left:
            return int(left.code), out.getvalue()
        return 0, out.getvalue()

    return run
