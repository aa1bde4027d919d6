"""Layout of the board on large and small screens: visibility, folding and accessible names."""

import datetime
import functools
import re

import pytest
from playwright.sync_api import Locator, expect

from convention.events.models import Event
from schedule.models import Availability
from tests.factories import make_session
from tests.journeys.boards import (
    BOARD,
    STARTS_AT,
    block,
    make_board_event,
    open_board_page,
    wait_until_stored,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def event() -> Event:
    return make_board_event()


@pytest.fixture
def open_board(open_page, site, event):
    """Return a function that opens the board for a new organizer."""
    return functools.partial(open_board_page, open_page, site, event)


def is_clipped(area: Locator) -> bool:
    """Return whether the area cuts off what is too long for it, instead of covering what is below."""
    return area.evaluate("(e) => getComputedStyle(e).overflowY === 'auto' && e.scrollHeight > e.clientHeight")


def test_tray_with_many_sessions_scrolls(open_board, event):
    for number in range(30):
        make_session(event, f"Exposé {number}", starts_at=None)
    page = open_board()

    heights = page.locator("#tray-list .block").evaluate_all("(all) => all.map((each) => each.offsetHeight)")

    assert min(heights) >= 35
    assert page.locator("#tray-list").evaluate("(list) => list.scrollHeight > list.clientHeight")


def test_session_overlapping_a_break_is_visible_and_so_is_the_break(open_board, event):
    starts_at = STARTS_AT + datetime.timedelta(hours=1, minutes=45)
    make_session(event, "Couvert", starts_at=starts_at, room=event.rooms.get(name="Auditorium"), minutes=60)
    page = open_board()

    # Within the break’s time.
    covered, pause = block(page, "Couvert"), block(page, "Pause")
    box, band = covered.bounding_box(), pause.bounding_box()
    script = "([x, y]) => document.elementFromPoint(x, y).closest('.block').dataset.session"
    session = page.evaluate(script, [box["x"] + 30, band["y"] + 10])
    title = pause.locator(".block-title").bounding_box()

    assert session == covered.get_attribute("data-session")
    assert title["x"] > box["x"] + box["width"]


def test_break_title_stays_in_view_when_phone_scrolls_sideways(open_board):
    page = open_board("phone", "fr")
    page.locator("#board-scroll").evaluate("(element) => { element.scrollLeft = 60; }")

    title = block(page, "Pause").locator(".block-label").bounding_box()
    times = page.locator(".board-times").bounding_box()

    assert title["x"] >= times["x"] + times["width"]


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_no_reason_in_a_hatched_area_is_cut_within_a_line(open_board, event, screen):
    room = event.rooms.get(name="Auditorium")
    for minutes in (185, 195, 240):
        starts_at = STARTS_AT + datetime.timedelta(minutes=minutes)
        Availability.objects.create(
            room=room, starts_at=starts_at, ends_at=starts_at + datetime.timedelta(minutes=5), level="cannot"
        )
    page = open_board(screen, "fr")
    block(page, "À placer").focus()
    page.keyboard.press("Space")
    reasons = page.locator(".cost span")
    expect(reasons.first).to_be_attached()

    cut_heights = reasons.evaluate_all(
        """(all) => all.map((text) => {
            const area = text.parentElement.getBoundingClientRect();
            return text.getBoundingClientRect().bottom - area.bottom;
        })"""
    )

    assert max(cut_heights) <= 1


def test_a_cancelled_drag_leaves_no_reason_on_the_page(open_board):
    page = open_board()
    box = block(page, "À placer").bounding_box()
    taken = block(page, "Le réseau").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(taken["x"] + 20, taken["y"] + 20, steps=5)
    expect(page.locator("#board-reason")).to_contain_text("Le réseau")

    page.keyboard.press("Escape")

    expect(page.locator("#board-reason")).to_be_hidden()


def test_long_message_covers_neither_rooms_nor_tray(open_board):
    page = open_board()
    page.locator("#board-status").evaluate("(status) => { status.textContent = 'A conflict. '.repeat(90); }")

    message = page.locator(".board-messages").bounding_box()
    timetable, tray = (page.locator(name).bounding_box() for name in ("#board-scroll", "#board-tray"))
    assert message["y"] + message["height"] <= timetable["y"]
    assert message["y"] + message["height"] <= tray["y"]
    assert is_clipped(page.locator(".board-messages"))


def test_buttons_of_all_days_are_in_view(open_board, event):
    event.ends_at = STARTS_AT + datetime.timedelta(days=3)
    event.save()
    page = open_board(language="fr")

    days = page.locator("#board-days")

    expect(days.locator(".board-day")).to_have_count(4)
    assert days.evaluate("(row) => row.scrollWidth <= row.clientWidth")


def test_board_fits_window_with_messages_above_timetable(open_board):
    page = open_board()

    box, status = page.locator("#board").bounding_box(), page.locator(".board-bar").bounding_box()

    assert 900 <= box["y"] + box["height"] <= 960
    assert status["y"] + status["height"] <= page.locator("#board-scroll").bounding_box()["y"]


@pytest.mark.long
def test_messages_do_not_push_the_timetable_down(open_board):
    page = open_board(first_name="Anna")
    before = page.locator("#board-scroll").bounding_box()["y"]

    open_board(first_name="Ben", last_name="B")
    expect(page.locator("#board-editors")).to_have_text("Also here: Ben B")
    page.context.set_offline(True)
    expect(page.locator("#board-problem")).to_be_visible()
    after = page.locator("#board-scroll").bounding_box()["y"]
    page.context.set_offline(False)

    assert after == before


def test_blocks_have_accessible_names_and_skip_link_focuses_timetable(open_board):
    page = open_board()

    expect(block(page, "Pause")).to_have_accessible_name("11:00–11:30 Pause")
    expect(block(page, "À placer")).to_have_accessible_name("À placer 45 min · Ana Silva in the tray")
    page.locator("#board-skip").focus()
    page.keyboard.press("Enter")

    expect(block(page, "Le réseau")).to_be_focused()


def test_phone_hides_tools_and_can_close_commands(open_board):
    page = open_board("phone", "fr")
    expect(page.locator("#board-step")).to_be_hidden()
    block(page, "Le réseau").click()
    commands = page.locator("#board-selection")
    expect(commands).to_be_visible()
    assert commands.bounding_box()["height"] <= 110

    commands.locator("[data-command=close]").click()

    expect(commands).to_be_hidden()


def test_chosen_session_is_outlined_until_its_commands_are_closed(open_board):
    page = open_board()
    chosen, other = block(page, "Le réseau"), block(page, "À placer")
    get_outline = "(element) => getComputedStyle(element).outlineStyle"

    chosen.click()
    # The browser’s own outline of the focus must not be the only one.
    page.locator("#board-scroll").focus()
    outline, other_outline = chosen.evaluate(get_outline), other.evaluate(get_outline)
    page.locator("[data-command=close]").click()

    assert outline == "solid"
    assert other_outline == "none"
    assert chosen.evaluate(get_outline) == "none"


def test_conflicts_are_listed_beside_the_tools(open_board, event):
    make_session(event, "Autre", starts_at=STARTS_AT, room=event.rooms.get(name="Auditorium"))
    page = open_board()

    conflicts = page.locator("#conflict-count")
    expect(conflicts).to_be_visible()
    days = page.locator("#board-days").bounding_box()
    box = conflicts.bounding_box()

    assert days["y"] - 8 <= box["y"] <= days["y"] + days["height"]


def test_session_moved_on_phone_stays_in_view_above_commands(open_board):
    page = open_board("phone", "fr")
    block(page, "Le réseau").click()

    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    wait_until_stored(page, 2)

    # The board draws its blocks anew when the conflicts arrive.
    page.wait_for_load_state("networkidle")
    moved, screen = block(page, "Le réseau").bounding_box(), page.locator("#board-scroll").bounding_box()
    commands = page.locator("#board-selection").bounding_box()
    assert moved["x"] + moved["width"] <= screen["x"] + screen["width"]
    assert moved["y"] + moved["height"] <= commands["y"]


def test_parking_a_session_says_how_to_undo(open_board):
    page = open_board()
    block(page, "Le réseau").click()

    page.locator("[data-command=park]").click()

    sentence = "“Le réseau” is in the tray now. Undo puts it back on the timetable."
    expect(page.locator("#board-status")).to_have_text(sentence)
    expect(page.locator("#board-undo")).to_be_enabled()


def test_event_menu_shows_current_page_and_all_groups(open_board):
    page = open_board("phone", "fr")

    menu = page.locator(".organize-nav .groups")

    expect(menu.locator("[aria-current]")).to_be_in_viewport()
    for name in ("Vue d’ensemble", "Inscriptions", "Communication", "Sur place", "Réglages"):
        expect(menu.get_by_role("link", name=name)).to_be_in_viewport()


def test_requested_day_is_selected_and_passed_to_form_links(open_board):
    page = open_board()
    page.goto(f"/en{BOARD}?day=2027-06-16")

    expect(page.locator(".board-day[aria-pressed=true]")).to_contain_text("16 Jun")
    expect(page.locator("a[href*='/break/']")).to_have_attribute("href", re.compile(r"\?day=2027-06-16$"))
    expect(page).to_have_url(re.compile("/board/$"))


def test_pages_of_current_group_stand_in_a_row_below_the_other_groups(open_board):
    page = open_board()

    group = page.locator(".organize-nav .group").bounding_box()
    next_group = page.locator(".organize-nav .open + li").bounding_box()
    pages = page.locator(".organize-nav .open ul").bounding_box()

    assert next_group["x"] - group["x"] - group["width"] < 40
    assert pages["y"] >= next_group["y"] + next_group["height"] - 1
