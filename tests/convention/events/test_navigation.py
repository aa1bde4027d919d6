"""The grouped navigation of an event, and the start page after signing in."""

import pytest
from lxml import html

from convention.club.models import ClubRole
from tests.factories import (
    make_administrator,
    make_contact,
    make_event,
    make_person,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.registrations.invoices.factories import make_receivable
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def read_menu(client, address):
    """Return the entries of the first level, and those of the open group."""
    page = html.fromstring(client.get(address).content)
    [menu] = page.xpath("//ul[@class='groups']")
    groups = [" ".join(item.xpath("./a/text() | ./span/text()")) for item in menu.xpath("./li")]
    return groups, menu.xpath("./li[@class='open']/ul/li/a/text()")


def test_event_menu_shows_groups_and_pages_of_open_group():
    organizer = make_client(make_staff(make_event(slug="x")))

    groups, pages = read_menu(organizer, "/en/organize/x/tickets/")

    assert groups == ["Overview", "Registrations", "Programme", "Communication", "On site", "Settings"]
    assert pages == [
        "Registrations", "Tickets", "Questions", "Meals", "Waiting lists", "Sponsors", "Quotations",
    ]  # fmt: skip
    assert read_menu(organizer, "/en/organize/x/")[1] == []


def test_menu_of_group_meeting_is_short_and_settings_link_the_rest():
    organizer = make_client(make_staff(make_event(slug="x", kind="group_meeting")))

    _groups, pages = read_menu(organizer, "/en/organize/x/tickets/")
    settings = organizer.get("/en/organize/x/settings/").content.decode()

    assert "Sponsors" not in pages
    assert "More features" in settings
    assert 'href="/en/organize/x/sponsors/"' in settings
    # A page that is open is in the menu all the same.
    assert "Sponsors" in read_menu(organizer, "/en/organize/x/sponsors/")[1]


def test_desk_staff_see_only_desk_and_attendance():
    desk = make_client(make_staff(make_event(slug="x"), "desk"))

    assert read_menu(desk, "/en/organize/x/attendance/") == (["On site"], ["Attendance", "Desk"])


def test_start_page_depends_on_role(client):
    event = make_event(slug="x")
    treasurer = make_person()
    ClubRole.objects.create(person=treasurer, role=ClubRole.Role.TREASURER)
    people = {
        "/organize/": make_staff(event),
        "/organize/money/": treasurer,
        "/desk/": make_staff(event, "desk"),
        "/company/": make_contact(),
        "/me/": make_person(),
    }

    assert client.get("/start/")["Location"] == "/"
    assert {make_client(person).get("/start/")["Location"]: person for person in people.values()} == people
    assert make_client(treasurer).get("/en/start/")["Location"] == "/en/organize/money/"


def test_overview_shows_amount_charged_and_registrations_of_week():
    event = make_event(slug="x")
    registration = make_registration(make_ticket(event, price=9000))
    make_receivable(event=event)

    page = make_client(make_administrator()).get("/en/organize/x/").content.decode()

    assert registration.confirmed_at
    assert "registered this week" in page
    assert "€120" in page
