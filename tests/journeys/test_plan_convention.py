"""Two days, five rooms, thirty sessions and four breaks: from a pasted table to a published programme."""

import datetime

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from schedule.conflicts.find import find_blocking_conflicts
from schedule.conflicts.load import load_published_timetables
from schedule.models import PlanRun, ProgrammeAudience, Session
from tests.factories import make_event, make_staff
from tests.journeys.browsing import sign_in
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
STARTS_AT = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
MAX_CLICKS = 25
ROOMS = {"Auditorium": 300, "Curie": 120, "Eiffel": 80, "Garnier": 60, "Ampère": 40}
BREAKS = [
    ("Coffee", "2027-06-15T10:30", 30),
    ("Lunch", "2027-06-15T12:30", 90),
    ("Coffee", "2027-06-16T10:30", 30),
    ("Lunch", "2027-06-16T12:30", 90),
]
TABLE = "\n".join(f"Talk {number};Speaker {number % 20};45;Track {number % 4}" for number in range(30))


class Organizer:
    """Click on a page and count the clicks; filling in a field is none, as Tab reaches it."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        self.clicks += 1


@pytest.fixture
def organizer(open_page, site) -> Organizer:
    event = make_event(
        slug="x", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=1, hours=11)
    )
    page = open_page("desktop", "en")
    sign_in(page, Client(), site, make_staff(event))
    page.goto("/en/organize/x/")
    return Organizer(page)


def add_rooms(organizer: Organizer) -> None:
    organizer.click("link", "Programme")
    organizer.click("link", "Rooms")
    for number, (name, capacity) in enumerate(ROOMS.items()):
        organizer.page.locator(f"[name=rooms-{number}-name]").fill(name)
        organizer.page.locator(f"[name=rooms-{number}-capacity]").fill(str(capacity))
    organizer.click("button", "Save the rooms")


def paste_sessions(organizer: Organizer) -> None:
    organizer.click("link", "Programme")
    organizer.click("link", "Board")
    organizer.click("link", "Paste sessions")
    organizer.page.locator("[name=table]").fill(TABLE)
    organizer.click("button", "Preview the sessions")
    organizer.click("button", "Create these sessions")


def add_breaks(organizer: Organizer) -> None:
    for title, starts_at, minutes in BREAKS:
        organizer.click("link", "Break or plenary")
        organizer.page.locator("[name=title]").fill(title)
        organizer.page.locator("[name=starts_at]").fill(starts_at)
        organizer.page.locator("[name=minutes]").fill(str(minutes))
        organizer.click("button", "Add to the board")


def adopt_automatic_schedule(organizer: Organizer) -> None:
    organizer.click("link", "Programme")
    organizer.click("link", "Automatic schedule")
    organizer.page.locator("[name=seconds]").fill("1")
    organizer.click("button", "Propose a timetable")
    run_waiting_tasks()
    expect(organizer.page.get_by_role("button", name="Adopt this proposal")).to_be_visible(timeout=15_000)
    organizer.click("button", "Adopt this proposal")


def publish_programme(organizer: Organizer) -> None:
    organizer.click("link", "Publish…")
    organizer.click("button", "Publish")
    expect(organizer.page.get_by_text("is public now")).to_be_visible()


@pytest.mark.long
def test_convention_is_planned_and_published_within_click_limit(organizer):
    add_rooms(organizer)
    paste_sessions(organizer)
    add_breaks(organizer)
    adopt_automatic_schedule(organizer)
    publish_programme(organizer)

    event = PlanRun.objects.get().event
    published = event.sessions.published(audience=ProgrammeAudience.PUBLIC)
    assert organizer.clicks <= MAX_CLICKS
    assert published.filter(role=Session.Role.TALK, room__isnull=False).count() == 30
    assert published.filter(role=Session.Role.BREAK).count() == 4
    assert find_blocking_conflicts(load_published_timetables([event])[event.pk]) == []
