"""From a row whose colleague has no seat to the form that gives one, and back to the list."""

import pytest
from lxml import html

from tests.registrations.company.factories import make_desk, make_posted_rows, make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_desk()


@pytest.fixture
def seats_path(desk) -> str:
    """Return the page that the second row's error leads to."""
    rows = make_posted_rows(make_row("Alpha"), make_row("Beta", "b@x.fr", ticket="member"), check="1")
    page = html.fromstring(desk.client.post(f"/en{desk.many}", rows).content)
    [path] = page.xpath("//td[@data-label='E-mail']//a/@href")
    return path


def read_form(page) -> list[str]:
    names = ("first_name", "last_name", "email")
    fields = html.fromstring(page.content)
    return [fields.xpath(f"string(//section[@id='add']//input[@name='{name}']/@value)") for name in names]


def read_way_back(page) -> list[str]:
    return html.fromstring(page.content).xpath("//a[@class='back']/@href")


def test_form_is_filled_with_the_row(desk, seats_path):
    page = desk.client.get(seats_path)

    assert read_form(page) == ["Zoé", "Beta", "b@x.fr"]


def test_web_address_names_nobody(desk, seats_path):
    assert seats_path == f"/en{desk.at}/seats/?event={desk.event.slug}&row=2#add"


def test_page_leads_back_to_the_list(desk, seats_path):
    page = desk.client.get(seats_path)

    assert read_way_back(page) == [f"/en{desk.many}"]


def test_page_leads_back_to_the_list_after_the_seat_was_given(desk, seats_path):
    typed = {"first_name": "Zoé", "last_name": "Beta", "email": "b@x.fr", "title": ""}

    page = desk.client.post(seats_path, typed, follow=True)

    assert read_way_back(page) == [f"/en{desk.many}"]
    assert read_form(page) == ["", "", ""]


def test_seat_of_a_known_colleague_leads_back_to_the_list_too(desk, seats_path):
    employment = desk.without_seat.employments.get()

    page = desk.client.post(
        f"/en{desk.at}/seats/give/{employment.pk}/?event={desk.event.slug}", {}, follow=True
    )

    assert read_way_back(page) == [f"/en{desk.many}"]


@pytest.mark.parametrize("row", ["0", "9", "x"])
def test_unknown_row_leaves_the_form_empty(desk, seats_path, row):
    page = desk.client.get(f"/en{desk.at}/seats/?event={desk.event.slug}&row={row}")

    assert read_form(page) == ["", "", ""]
