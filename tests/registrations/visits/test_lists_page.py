"""The page of visitor lists makes the next step the main button: create, send or renew a version."""

import pytest
from lxml import html

from registrations.visits.visitor_list.create import create_list
from tests.registrations.visits.hosts import make_hosted, make_identified, make_secretary, make_sent_list
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def list_buttons(visit) -> dict[str, str]:
    """Return the classes of the buttons and links that prepare a version, by their text."""
    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/")
    form = html.fromstring(page.content).xpath("//form[contains(@action, '/lists/make/')]//p")[0]
    return {button.text_content(): button.get("class") for button in form.xpath("a | button")}


def test_lists_page_offers_the_first_version():
    visit = make_hosted()
    make_identified(visit, 1)

    assert list_buttons(visit) == {"Create the first version": "button"}


def test_lists_page_leads_to_the_version_that_is_to_be_sent():
    visit = make_hosted()
    make_identified(visit, 1)
    create_list(visit=visit)

    assert list_buttons(visit) == {
        "Check and send version 1": "button",
        "Create the next version": "button quiet",
    }


def test_lists_page_does_not_urge_a_version_while_the_sent_one_is_current(visit):
    assert list_buttons(visit) == {"Create the next version": "button quiet"}


def test_lists_page_urges_the_next_version_once_the_sent_one_is_out_of_date(visit):
    make_identified(visit, 2)

    assert list_buttons(visit) == {"Create the next version": "button"}


def read_acknowledgements(visit) -> list[str]:
    """Return the cells on receipt, of the latest version first."""
    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/")
    cells = html.fromstring(page.content).xpath("//td[@data-label='Acknowledged']")
    return [cell.text_content() for cell in cells]


def test_receipt_of_the_list_that_the_host_has_is_not_confirmed_yet(visit):
    make_identified(visit, 2)
    make_sent_list(visit)

    assert read_acknowledgements(visit) == ["not yet", ""]
