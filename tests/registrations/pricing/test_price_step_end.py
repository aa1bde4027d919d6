"""Price steps end in the time zone of the event, also when daylight saving time begins or ends."""

import datetime

import pytest
from django.test import Client

from convention.events.models import Event
from registrations.pricing.catalog import make_price_list
from tests.factories import make_ticket
from tests.registrations.test_pages import read_page_text

pytestmark = pytest.mark.django_db

TICKET_PATH = "/organize/congress/tickets/pro/"
TICKET_FORM = {
    "name": "Pro", "slug": "pro", "audience": "guest", "cost": "150", "vat_rate": "2000", "position": "1",
    "step-TOTAL_FORMS": "2", "step-INITIAL_FORMS": "0", "step-0-cost": "120",
}  # fmt: skip
SKIPPED_HOUR = "Cette heure n’existe pas"


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2030-03-31T03:00", "2030-03-31T01:00"),  # a minute after 1:59, since clocks go from 2:00 to 3:00
        ("2030-03-31T01:59", "2030-03-31T00:59"),
        ("2030-10-27T02:30", "2030-10-27T00:30"),  # occurs twice: the first one counts
        ("2030-10-27T03:00", "2030-10-27T02:00"),
    ],
)
def test_price_step_ends_in_event_time_zone(organizer: Client, event: Event, until: str, moment: str):
    make_ticket(event, slug="pro", price=15_000)

    assert organizer.post(TICKET_PATH, {**TICKET_FORM, "step-0-until": until}).status_code == 302

    end = datetime.datetime.fromisoformat(moment).replace(tzinfo=datetime.UTC)
    ticket = event.tickets.get(slug="pro")

    fare, second = make_price_list(ticket), datetime.timedelta(seconds=1)

    assert ticket.price_steps.get().ends_at == end
    assert fare.find_price_at(end - second)
    assert not fare.find_price_at(end)
    assert f'value="{until}"' in organizer.get(TICKET_PATH).text


def test_nonexistent_local_time_is_refused(organizer: Client, event: Event):
    make_ticket(event, slug="pro", price=15_000)
    clash = {"step-1-cost": "130", "step-1-until": "2030-03-31T03:30"}

    assert SKIPPED_HOUR in read_page_text(
        organizer.post(TICKET_PATH, {**TICKET_FORM, **clash, "step-0-until": "2030-03-31T02:30"})
    )

    closing = {**TICKET_FORM, "step-0-cost": "", "closes_at": "2030-03-31T02:30"}

    assert SKIPPED_HOUR in read_page_text(organizer.post(TICKET_PATH, closing))

    code = {
        "code": "SPRING",
        "kind": "percent",
        "amount": "20",
        "number": "1",
        "closes_at": "2030-03-31T02:30",
    }

    assert SKIPPED_HOUR in read_page_text(organizer.post("/organize/congress/tickets/vouchers/new/", code))
    assert not event.tickets.get(slug="pro").price_steps.exists()
    assert not event.vouchers.exists()


def post_steps(organizer: Client, first: str, second: str, *, first_until: str = "2030-03-01T12:00"):
    fields = {"step-0-cost": first, "step-0-until": first_until}
    fields |= {"step-1-cost": second, "step-1-until": "2030-05-01T12:00"}
    return organizer.post(f"/en{TICKET_PATH}", {**TICKET_FORM, **fields})


def test_early_price_above_the_full_price_is_refused(organizer: Client, event: Event):
    ticket = make_ticket(event, slug="pro", price=15_000)

    answer = post_steps(organizer, "100", "200")

    assert "Enter at most €150, the price that applies after this date." in answer.text
    assert not ticket.price_steps.exists()


def test_early_price_above_the_next_early_price_is_refused(organizer: Client, event: Event):
    ticket = make_ticket(event, slug="pro", price=15_000)

    answer = post_steps(organizer, "130", "120")

    assert "Enter at most €120, the price that applies after this date." in answer.text
    assert not ticket.price_steps.exists()


def test_rising_prices_are_saved_and_a_price_of_the_past_is_not_compared(organizer: Client, event: Event):
    ticket = make_ticket(event, slug="pro", price=15_000)

    answer = post_steps(organizer, "500", "120", first_until="2020-03-01T12:00")

    assert answer.status_code == 302
    assert list(ticket.price_steps.values_list("price", flat=True)) == [50_000, 12_000]
