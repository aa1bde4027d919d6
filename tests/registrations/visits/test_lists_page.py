"""The page of visitor lists makes the next step the main button: create, send or renew a version."""

import pytest
from lxml import html

from convention.audit.models import AuditEntry
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.visitor_list.create import create_list
from tests.factories import make_secretary
from tests.registrations.visits.hosts import make_hosted, make_identified, make_sent_list
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


def read_page(visit, path="lists/") -> str:
    return make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/{path}").text


def veto(application) -> None:
    """Let the host refuse the visitor."""
    veto_application(application=application)


def test_lists_page_does_not_lead_to_a_version_with_a_visitor_whom_the_host_refused(visit):
    refused = make_identified(visit, 2)
    make_identified(visit, 3)
    create_list(visit=visit)
    veto(refused)

    assert list_buttons(visit) == {"Create the next version": "button"}
    assert "The host’s list is out of date. Create the next version and send it." in read_page(visit)


def test_lists_page_asks_to_send_the_version_that_was_created(visit):
    make_identified(visit, 2)
    version = create_list(visit=visit)

    assert f"The host’s list is out of date. Send version {version.number}." in read_page(visit)
    assert "Create the next version and send it" not in read_page(visit)


def test_first_version_that_is_out_of_date_before_it_is_sent_asks_for_the_next():
    visit = make_hosted()
    make_identified(visit, 1)
    create_list(visit=visit)
    make_identified(visit, 2)

    assert "Version 1 was not sent and is out of date." in read_page(visit)
    assert list_buttons(visit) == {"Create the next version": "button"}


def test_version_that_is_no_longer_needed_urges_nothing(visit):
    withdrawn = make_identified(visit, 2)
    create_list(visit=visit)
    withdraw_application(application=withdrawn)

    assert list_buttons(visit) == {"Create the next version": "button quiet"}
    assert "out of date" not in read_page(visit)


def test_page_of_a_version_that_cannot_be_sent_says_why_instead_of_the_button():
    visit = make_hosted()
    make_identified(visit, 1)
    refused = make_identified(visit, 2)
    create_list(visit=visit)
    assert "Send the link</button>" in read_page(visit, "lists/1/")
    veto(refused)

    page = read_page(visit, "lists/1/")

    assert "Someone on this version is no longer allowed on the list. Create the next version." in page
    assert "Send the link</button>" not in page


def test_looking_at_a_version_records_no_reading(visit):
    make_identified(visit, 2)
    version = create_list(visit=visit)

    read_page(visit, f"lists/{version.number}/")

    assert not AuditEntry.objects.filter(verb="visitor_list.read").exists()
