"""An event for the stories about the board, and its page."""

import datetime
from collections.abc import Callable

from django.test import Client
from playwright.sync_api import Locator, Page, expect

from convention.events.models import Event
from schedule.models import ScheduleDraft
from tests.factories import make_event, make_room, make_session, make_staff
from tests.journeys.browsing import sign_in

STARTS_AT = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
BOARD = "/organize/x/schedule/board/"


def make_board_event() -> Event:
    """Make an event of two days with three rooms, two placed sessions of one speaker, and one in the tray."""
    event = make_event(slug="x", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=1))
    rooms = [make_room(event, name) for name in ("Auditorium", "Salle Curie", "Salle Eiffel")]
    make_session(event, "Le réseau", room=rooms[0], speakers=("Ana Silva",), minutes=60)
    make_session(event, "Le cloud", room=rooms[1], minutes=60)
    make_session(event, "Pause", role="break", starts_at=STARTS_AT + datetime.timedelta(hours=2), minutes=30)
    make_session(event, "À placer", starts_at=None, speakers=("Ana Silva",), planned_minutes=45)
    return event


def open_board_page(
    open_page: Callable[..., Page],
    site: str,
    event: Event,
    screen: str = "desktop",
    language: str = "en",
    **names: str,
) -> Page:
    """Open the board for a new organizer with these names."""
    page = open_page(screen, language)
    sign_in(page, Client(), site, make_staff(event, **names))
    if screen == "desktop":
        # Drags reach the afternoon without scrolling.
        page.set_viewport_size({"width": 1280, "height": 960})
    page.goto(f"/{language}{BOARD}" if language == "en" else BOARD)
    expect(block(page, "Le réseau")).to_be_visible()
    return page


def block(page: Page, title: str) -> Locator:
    # By its title: the text of a conflict may name another session.
    return page.locator("#board .block").filter(has=page.locator(".block-title").filter(has_text=title))


def wait_until_stored(page: Page, moves: int = 1) -> None:
    """Wait until the server has answered to the board's moves."""
    expect(page.locator("#board-undo")).to_be_enabled()
    for _attempt in range(100):
        if ScheduleDraft.objects.get(event__slug="x").revision >= moves:
            return
        page.wait_for_timeout(50)
    raise AssertionError("The moves were not stored.")
