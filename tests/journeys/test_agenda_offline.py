"""The agenda on a phone without network: stored pages, their age and starred sessions."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from registrations.sessions.booking import book_session
from schedule.models import Schedule, Session
from tests.factories import make_event, make_person, make_registration, make_room, make_session, make_ticket
from tests.journeys.browsing import assert_accessible, pop_page_problems, sign_in, wait_for_value

pytestmark = pytest.mark.once
IS_WORKER_ACTIVE = """async () => {
    const { active } = await navigator.serviceWorker.ready;
    return active.state === "activated" && !!navigator.serviceWorker.controller;
}"""
IS_TITLE_IN_STORED_AGENDA = """async (title) => {
    const address = new URL("/events/conf/agenda/mine/", location.href);
    const found = await caches.match(address, { ignoreVary: true });
    return found ? (await found.text()).includes(title) : false;
}"""


@pytest.fixture
def event(transactional_db):
    """Create an event of two days that began an hour ago, with no change of day since then."""
    start = timezone.now() - datetime.timedelta(hours=1)
    event = make_event(
        slug="conf", name="La Conf", starts_at=start, ends_at=start + datetime.timedelta(days=2)
    )
    day_start = start.astimezone(event.zone).replace(minute=0, second=0, microsecond=0)
    Schedule.objects.create(event=event, day_starts_at=day_start.time())
    make_session(event, "Aujourd’hui", room=make_room(event, "Amphi"), minutes=300)
    make_session(event, "Demain", starts_at=start + datetime.timedelta(days=1))
    return event


def open_agenda(page: Page, prefix: str = "") -> None:
    """Open the agenda and wait until the worker has stored it."""
    page.goto(f"{prefix}/events/conf/agenda/")
    wait_for_value(page, IS_WORKER_ACTIVE, value=True)


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_offline_agenda_shows_stored_page_and_its_age(browser_page: Page, event, prefix, language):
    page = browser_page
    open_agenda(page, prefix)
    page.context.set_offline(True)

    page.reload()

    expect(page.get_by_role("link", name="Aujourd’hui").first).to_be_visible()
    words = {"fr": "Pas de connexion. Page enregistrée", "en": "No connection. This page was stored on"}
    notice = page.locator(".offline-notice")
    expect(notice).to_contain_text(words[language])
    expect(notice).to_contain_text({"fr": "il y a 0 minute", "en": "0 minutes ago"}[language])
    assert_accessible(page)
    page.locator(".tabs a").last.click()
    expect(page.get_by_role("link", name="Demain")).to_be_visible()
    pop_page_problems(page)


def test_starred_session_is_available_offline(open_page, event):
    page = open_page("phone")
    open_agenda(page)
    page.locator("article.entry", has_text="Aujourd’hui").get_by_role("button").click()
    wait_for_value(page, IS_TITLE_IN_STORED_AGENDA, "Aujourd’hui", value=True)
    page.context.set_offline(True)

    page.goto("/events/conf/agenda/mine/")

    expect(page.locator("article h4")).to_have_text(["Aujourd’hui"])
    expect(page.locator(".offline-notice")).to_be_visible()
    pop_page_problems(page)


def test_unvisited_session_page_falls_back_to_agenda_offline(open_page, event):
    page = open_page("phone")
    open_agenda(page)
    seen, unseen = Session.objects.order_by("starts_at")
    page.goto(f"/events/conf/sessions/{seen.guid}/")
    page.context.set_offline(True)

    page.goto(f"/events/conf/sessions/{seen.guid}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aujourd’hui")
    page.goto(f"/events/conf/sessions/{unseen.guid}/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Programme")
    pop_page_problems(page)


def test_online_agenda_is_not_served_from_store(open_page, event):
    page = open_page("phone")
    open_agenda(page)
    Session.objects.filter(title="Aujourd’hui").update(title="Titre nouveau")
    event.description = "Changed, so that the version is another."
    event.save()

    page.goto("/events/conf/agenda/")

    expect(page.get_by_role("link", name="Titre nouveau").first).to_be_visible()
    expect(page.locator(".offline-notice")).to_have_count(0)


def test_sign_out_removes_bookings_from_phone(open_page, event, client, site):
    page = open_page("phone")
    attendee = make_registration(make_ticket(event), person=make_person())
    session = make_session(
        event, "Réservée", capacity=3, is_bookable=True, starts_at=event.ends_at - datetime.timedelta(hours=5)
    )
    book_session(registration=attendee, session=session)
    sign_in(page, client, site, attendee.person)
    open_agenda(page)
    wait_for_value(page, IS_TITLE_IN_STORED_AGENDA, "Réservée", value=True)

    page.context.clear_cookies()
    page.goto("/")

    wait_for_value(page, IS_TITLE_IN_STORED_AGENDA, "Réservée", value=False)


def test_agenda_is_not_stored_long_before_event(open_page, event):
    event.starts_at = timezone.now() + datetime.timedelta(days=9)
    event.ends_at = event.starts_at + datetime.timedelta(days=2)
    event.save()
    page = open_page("phone")

    page.goto("/events/conf/agenda/")
    page.wait_for_load_state("networkidle")

    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((found) => found.length)") == 0
