"""The agenda of a day with 484 sessions: links to now and to each hour, and a grid that scrolls."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from schedule.models import DEFAULT_DAY_START, Speaker
from tests.factories import make_event
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.schedule.programme.large_days import make_large_day

pytestmark = pytest.mark.once
LATIN_FONT = "source-sans-3-latin-wght-normal.woff2"


@pytest.fixture
def running_event(transactional_db):
    """Create a day that began four hours ago, or at its first hour, before which it is the day before."""
    now = timezone.localtime().replace(second=0, microsecond=0)
    day_start = now.replace(hour=DEFAULT_DAY_START.hour, minute=0)
    start = now - datetime.timedelta(hours=4)
    if start < day_start <= now:
        start = day_start
    event = make_event(
        slug="conf", name="La Conf", starts_at=start, ends_at=start + datetime.timedelta(hours=12)
    )
    make_large_day(event, starts_at=start)
    return event


def test_jump_to_now_shows_current_sessions(browser_page: Page, running_event, prefix: str):
    page = browser_page
    page.goto(f"{prefix}/events/conf/agenda/")
    assert_no_sideways_scroll(page)
    expect(page.locator(".jump-now")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0

    page.locator(".jump-now").click()

    expect(page.locator("#now")).to_be_in_viewport()
    first = page.locator(".group:has(#now) h4").first
    expect(first).to_be_in_viewport()


def test_agenda_loads_no_extra_font_for_single_letters(open_page, running_event):
    Speaker.objects.update(name="Łukasz Şahin")
    page = open_page("phone")

    page.goto("/events/conf/agenda/", wait_until="networkidle")

    expect(page.get_by_text("Łukasz Şahin").first).to_be_visible()
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name.rpartition("/")[2] for name in loaded if ".woff2" in name] == [LATIN_FONT]


def test_jump_to_now_uses_current_time_on_stale_page(open_page, running_event):
    page = open_page("phone")
    page.goto("/events/conf/agenda/")
    page.clock.set_fixed_time(timezone.now() + datetime.timedelta(hours=2))

    page.locator(".jump-now").click()

    expect(page.locator("#now")).not_to_be_in_viewport()
    last = page.evaluate(
        """() => [...document.querySelectorAll("#results time")]
            .filter((time) => Date.parse(time.dateTime) <= Date.now()).at(-1).textContent"""
    )
    heading = page.locator(".group h3", has_text=re.compile(f"^{last}$"))
    expect(heading).to_be_in_viewport()


def test_hour_links_work_without_javascript(no_javascript: Page, running_event, prefix: str, screen: str):
    page = no_javascript
    page.goto(f"{prefix}/events/conf/agenda/")
    hours = page.locator(".jumps a:not(.jump-now)")

    hours.nth(6).click()
    expect(page.locator(hours.nth(6).get_attribute("href"))).to_be_in_viewport()
    hours.nth(1).click()

    expect(page.locator(hours.nth(1).get_attribute("href"))).to_be_in_viewport()


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_room_and_hour_headings_stay_in_view(browser_page: Page, running_event):
    page = browser_page
    page.goto("/events/conf/agenda/")
    page.locator(".timetable").evaluate("(grid) => { grid.scrollIntoView(); grid.scrollTo(2000, 1500); }")

    frame = page.locator(".timetable").bounding_box()
    rooms = [room.bounding_box() for room in page.locator(".room-head").all()]
    hours = [hour.bounding_box() for hour in page.locator(".grid .heading").all()]

    assert {round(room["y"]) for room in rooms} == {round(frame["y"])}
    assert {round(hour["x"]) for hour in hours} == {round(frame["x"])}
    assert page.locator(".timetable").evaluate("(grid) => grid.scrollLeft") == 2000


def test_shadow_shows_that_timetable_scrolls(open_page, running_event):
    page = open_page("desktop")
    page.goto("/events/conf/agenda/")
    timetable = page.locator(".grid .timetable")
    read_shadow = "(timetable) => getComputedStyle(timetable).boxShadow"

    shadow_before = timetable.evaluate(read_shadow)
    timetable.evaluate("(timetable) => timetable.scrollTo(0, timetable.scrollHeight)")
    page.evaluate("new Promise(requestAnimationFrame)")
    shadow_at_end = timetable.evaluate(read_shadow)

    assert "0.45" in shadow_before
    assert "0.45" not in shadow_at_end


@pytest.mark.long
def test_a_large_day_is_accessible(browser_page: Page, running_event, prefix: str):
    browser_page.goto(f"{prefix}/events/conf/agenda/?day=all&room=Salle+01&room=Salle+02")

    assert_accessible(browser_page)
    assert_no_sideways_scroll(browser_page)
