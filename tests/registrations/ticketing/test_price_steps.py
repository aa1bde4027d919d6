"""Errors of early-bird prices on the page of a ticket."""

import pytest
from lxml import html

from tests.factories import make_event, make_ticket
from tests.registrations.ticketing.test_edit_conflicts import TICKET_PATH, load_page

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def ticket():
    return make_ticket(make_event(slug="x"), slug="standard", price=42_000)


def post_steps(organizer, **fields: str):
    """Post the page of the ticket with these fields of its early-bird prices, and return the page."""
    values = load_page(organizer, TICKET_PATH)
    steps = {f"step-{name.replace('_', '-')}": value for name, value in fields.items()}
    return html.fromstring(organizer.post(TICKET_PATH, values | steps).content)


def list_errors(page) -> list[str]:
    return [link.text for link in page.xpath("//*[@id='error-summary']//a")]


def test_errors_of_all_early_prices_are_reported_at_once(organizer, ticket):
    fields = {"0_cost": "430", "0_until": "2099-01-01T12:00", "1_cost": "300"}

    page = post_steps(organizer, **fields)

    assert list_errors(page) == [
        "Early-bird price 1, Price, in euros: Enter at most €420, the price that applies after this date.",
        "Early-bird price 2, Until: Enter the date until which this price applies.",
    ]


def test_early_prices_have_the_names_that_errors_use(organizer, ticket):
    page = html.fromstring(organizer.get(TICKET_PATH).content)

    assert page.xpath("//legend[contains(., 'Early')]/text()") == ["Early-bird price 1", "Early-bird price 2"]


def test_price_may_have_a_euro_sign(organizer, ticket):
    values = load_page(organizer, TICKET_PATH)

    organizer.post(TICKET_PATH, values | {"cost": " 220\u202f€ "})

    ticket.refresh_from_db()
    assert ticket.price == 22_000


def test_page_posted_without_any_field_is_shown_with_errors(organizer, ticket):
    answer = organizer.post(TICKET_PATH)

    assert answer.status_code == 200
    assert answer.context["form"].errors
