"""Early prices end by the event's own clocks, also on the night when these change."""

import datetime

import pytest
from django.test import Client

from convention.events.models import Event
from registrations.pricing.catalog import make_price_list
from tests.factories import make_ticket
from tests.registrations.test_pages import text

pytestmark = pytest.mark.django_db

TICKET = "/organize/congress/tickets/pro/"
SAID = {
    "name": "Pro", "slug": "pro", "audience": "guest", "cost": "150", "vat_rate": "2000", "position": "1",
    "step-TOTAL_FORMS": "2", "step-INITIAL_FORMS": "0", "step-0-cost": "120",
}  # fmt: skip
SKIPPED = "Cette heure n’existe pas"


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2030-03-31T03:00", "2030-03-31T01:00"),  # an hour after 1:59, for the clocks go from 2 to 3
        ("2030-03-31T01:59", "2030-03-31T00:59"),
        ("2030-10-27T02:30", "2030-10-27T00:30"),  # comes twice: the first ends it
        ("2030-10-27T03:00", "2030-10-27T02:00"),
    ],
)
def test_a_step_ends_when_the_clocks_there_say_so(organizer: Client, event: Event, until: str, moment: str):
    make_ticket(event, slug="pro", price=15_000)
    assert organizer.post(TICKET, {**SAID, "step-0-until": until}).status_code == 302
    end = datetime.datetime.fromisoformat(moment).replace(tzinfo=datetime.UTC)
    ticket = event.tickets.get(slug="pro")
    fare, second = make_price_list(ticket), datetime.timedelta(seconds=1)
    assert ticket.price_steps.get().ends_at == end
    assert fare.find_price_at(end - second)
    assert not fare.find_price_at(end)
    assert f'value="{until}"' in organizer.get(TICKET).text


def test_an_hour_that_the_clocks_skip_is_refused(organizer: Client, event: Event):
    make_ticket(event, slug="pro", price=15_000)
    clash = {"step-1-cost": "130", "step-1-until": "2030-03-31T03:30"}
    assert SKIPPED in text(organizer.post(TICKET, {**SAID, **clash, "step-0-until": "2030-03-31T02:30"}))
    closing = {**SAID, "step-0-cost": "", "closes_at": "2030-03-31T02:30"}
    assert SKIPPED in text(organizer.post(TICKET, closing))
    code = {
        "code": "SPRING",
        "kind": "percent",
        "amount": "20",
        "number": "1",
        "closes_at": "2030-03-31T02:30",
    }
    assert SKIPPED in text(organizer.post("/organize/congress/tickets/vouchers/new/", code))
    assert not event.tickets.get(slug="pro").price_steps.exists()
    assert not event.vouchers.exists()
