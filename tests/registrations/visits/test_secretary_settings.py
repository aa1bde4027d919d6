"""The club's secretary moves a visit that somebody else organizes, and sets its venue and description."""

import datetime

import pytest
from lxml import html

from convention.events.models import EventRole, Venue
from tests.factories import START_OF_2020, make_event, make_person, make_secretary
from tests.registrations.visits.hosts import DAY, make_hosted
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_client(make_secretary())


def get_path(event, page="settings"):
    return f"/en/organize/{event.slug}/{page}/"


def read_form(client, event):
    """Return the names and values of the settings form, as a browser would send them."""
    [form] = html.fromstring(client.get(get_path(event)).text).xpath("//form[.//input[@name='seen']]")
    return dict(form.form_values())


def move_by_a_week(values):
    for name in ("starts_at", "ends_at"):
        moved = datetime.datetime.fromisoformat(values[name]) + 7 * DAY
        values[name] = f"{moved:%Y-%m-%dT%H:%M}"
    return values


def test_form_offers_dates_venue_and_description_only(secretary):
    page = html.fromstring(secretary.get(get_path(make_hosted().event)).text)

    names = set(page.xpath("//form[.//input[@name='seen']]//@name"))
    assert names - {"csrfmiddlewaretoken", "seen", "preview"} == {
        "venue", "starts_at", "ends_at", "registration_opens_at", "registration_closes_at",
        "substitutions_close_at", "description", "description_en",
    }  # fmt: skip


def test_new_date_asks_who_is_informed_before_it_is_saved(secretary, visit):
    old_start = visit.event.starts_at

    page = secretary.post(get_path(visit.event), move_by_a_week(read_form(secretary, visit.event))).text

    visit.event.refresh_from_db()
    assert "1 person with a place or waiting for one will be informed." in page
    assert visit.event.starts_at == old_start


def test_confirmed_date_is_saved_and_mailed(secretary, visit, run_tasks, mailoutbox):
    old_start, values = visit.event.starts_at, move_by_a_week(read_form(secretary, visit.event))
    question = html.fromstring(secretary.post(get_path(visit.event), values).text)
    [code] = question.xpath("//button[@name='dates_confirmed']/@value")

    secretary.post(get_path(visit.event), {**values, "dates_confirmed": code})
    run_tasks()

    visit.event.refresh_from_db()
    assert visit.event.starts_at.date() == (old_start + 7 * DAY).date()
    assert mailoutbox


def test_description_is_saved_and_other_fields_are_ignored(secretary):
    event = make_hosted().event
    name = event.name

    secretary.post(get_path(event), read_form(secretary, event) | {"description": "New", "name": "Forged"})

    event.refresh_from_db()
    assert event.description == "New"
    assert event.name == name


def test_venue_is_added(secretary):
    event = make_hosted().event

    secretary.post(get_path(event, "venue"), {"name": "Siège", "city": "Lyon", "country": "FR"})

    event.refresh_from_db()
    assert event.venue == Venue.objects.get(name="Siège")


def test_venue_of_the_visit_alone_is_changed(secretary):
    event = make_hosted().event
    event.venue = Venue.objects.create(name="Siège", city="Lyon")
    event.save()

    secretary.post(get_path(event, "venue"), {"name": "Usine", "city": "Lyon", "country": "FR"})

    event.venue.refresh_from_db()
    assert event.venue.name == "Usine"


def test_venue_of_other_events_is_not_changed(secretary):
    event = make_hosted().event
    event.venue = Venue.objects.create(name="Siège", city="Lyon")
    event.save()
    make_event(venue=event.venue)

    answer = secretary.post(get_path(event, "venue"), {"name": "Forged", "city": "Lyon", "country": "FR"})

    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["convention", "group_meeting"])
@pytest.mark.parametrize("page", ["settings", "venue"])
def test_settings_of_other_events_stay_closed(secretary, kind, page):
    event = make_event(kind=kind)

    assert secretary.get(get_path(event, page)).status_code == 403


def test_page_of_the_visit_leads_to_the_settings_and_names_the_organizers(secretary):
    event = make_hosted().event
    organizer = make_person(first_name="Lou", last_name="Blanc", email="lou@club.example")
    EventRole.objects.create(event=event, person=organizer, role="organizer", starts_on=START_OF_2020)

    page = html.fromstring(secretary.get(get_path(event, "visit")).text)

    assert page.xpath(f"//main//p/a[@href='{get_path(event)}']")
    assert page.xpath("//main//a[@href='mailto:lou@club.example']")
