"""The board of the timetable by mouse, by touch, by keyboard, and for two editors at once."""

import datetime
import functools
import re

import pytest
from playwright.sync_api import Page, expect

from convention.events.models import Event, Room
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import ScheduleDraft, Session, Slot
from tests.factories import make_person, make_session
from tests.journeys.boards import STARTS_AT, block, make_board_event, open_board_page, wait_until_stored
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
LONG_PRESS_MS = 500


@pytest.fixture
def event() -> Event:
    return make_board_event()


@pytest.fixture
def open_board(open_page, site, event):
    """Return a function that opens the board for a new organizer."""
    return functools.partial(open_board_page, open_page, site, event)


def get_place(title: str) -> tuple[str, str]:
    """Return room and local start of a session in the draft."""
    slot = Slot.objects.select_related("room", "session__event").get(session__title=title)
    return slot.room.name if slot.room else "", f"{slot.starts_at.astimezone(slot.session.event.zone):%H:%M}"


def get_cell(page: Page, room: int, hour: float) -> tuple[float, float]:
    """Return the middle of a room's column at an hour; the board opens at 8."""
    area = page.locator(".board-area").bounding_box()
    assert area
    minutes = float(
        page.locator("#board-grid").evaluate("(grid) => grid.style.getPropertyValue('--minutes')")
    )
    return area["x"] + area["width"] * (room + 0.5) / 3, area["y"] + area["height"] * (
        hour - 8
    ) * 60 / minutes


def test_dragging_session_with_mouse_shows_conflicts_of_each_slot(open_board):
    page = open_board()
    box = block(page, "À placer").bounding_box()

    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(*get_cell(page, 2, 9.25), steps=5)
    cost = page.locator(".cost").filter(has_text="Ana Silva").first
    expect(cost).to_be_attached()
    expect(page.locator(".drop-marker")).to_contain_text("Ana Silva")
    expect(page.locator("#board-reason")).to_contain_text("Ana Silva")
    page.mouse.move(*get_cell(page, 2, 11.5), steps=5)
    expect(page.locator(".drop-marker")).to_have_text("11:30, Salle Eiffel")
    expect(page.locator("#board-reason")).to_be_hidden()
    page.mouse.up()

    wait_until_stored(page)
    assert get_place("À placer") == ("Salle Eiffel", "11:30")
    expect(page.locator("#board-status")).to_contain_text("11:30–12:15, Salle Eiffel")


def test_drop_on_session_swaps_both_and_dragging_edge_extends_session(open_board):
    page = open_board()
    box = block(page, "Le réseau").bounding_box()

    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(*get_cell(page, 1, 9.5), steps=5)
    expect(page.locator(".drop-marker")).to_contain_text("swaps with “Le cloud” · no conflict for either")
    page.mouse.up()
    wait_until_stored(page, 2)
    expect(page.locator("#board-status")).to_contain_text("2 sessions moved. “Le réseau”: ")
    swapped = get_place("Le réseau"), get_place("Le cloud")
    box = block(page, "Le cloud").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 3)
    page.mouse.down()
    page.mouse.move(*get_cell(page, 0, 10.5), steps=5)
    page.mouse.up()
    wait_until_stored(page, 3)

    assert swapped == (("Salle Curie", "09:00"), ("Auditorium", "09:00"))
    assert Slot.objects.get(session__title="Le cloud").duration == datetime.timedelta(minutes=90)


class Finger:
    """One finger on the page's screen."""

    def __init__(self, page: Page) -> None:
        # One session for all: a touch belongs to the session that began it.
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_long_press_drags_and_swipe_scrolls(open_board):
    page = open_board("phone", "fr")
    block(page, "Le réseau").scroll_into_view_if_needed()
    page.locator("#board-scroll").evaluate("(element) => element.scrollIntoView({block: 'start'})")
    box = block(page, "Le réseau").bounding_box()
    start = (box["x"] + 30, box["y"] + 20)

    finger = Finger(page)
    finger.send("touchStart", start)
    page.wait_for_timeout(LONG_PRESS_MS)
    goal = get_cell(page, 1, 12)
    for share in (0.2, 0.6, 1):
        point = (start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share)
        finger.send("touchMove", point)
    expect(page.locator(".drop-marker")).to_contain_text("Salle Curie")
    finger.send("touchEnd")
    wait_until_stored(page)
    moved = get_place("Le réseau")
    finger.send("touchStart", start)
    finger.send("touchMove", (start[0], start[1] - 60))
    finger.send("touchEnd")

    assert moved[0] == "Salle Curie"
    assert page.locator(".drag-ghost").count() == 0
    assert get_place("Le réseau") == moved


def test_session_is_moved_parked_and_restored_by_keyboard(open_board):
    page = open_board()
    page.locator("#board-help").focus()
    page.keyboard.press("Tab")  # the timetable, which arrow keys scroll
    page.keyboard.press("Tab")
    expect(block(page, "Le réseau")).to_be_focused()

    page.keyboard.press("ArrowRight")
    expect(block(page, "Le cloud")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#board-status")).to_contain_text("9:00, Salle Curie")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#board-status")).to_contain_text("9:30, Salle Eiffel")
    page.keyboard.press("Space")
    wait_until_stored(page)
    dropped = get_place("Le cloud")
    expect(block(page, "Le cloud")).to_be_focused()
    for key in ("+", "p", "Delete"):
        page.keyboard.press(key)
    wait_until_stored(page, 4)
    parked = not Slot.objects.filter(session__title="Le cloud").exists()
    page.keyboard.press("Control+z")
    expect(block(page, "Le cloud")).to_contain_text("pinned")
    wait_until_stored(page, 5)

    slot = Slot.objects.get(session__title="Le cloud")
    assert dropped == ("Salle Eiffel", "09:30")
    assert parked
    assert slot.duration == datetime.timedelta(minutes=75)
    assert slot.is_time_pinned
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    block(page, "Le réseau").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/schedule/1/$"))


def test_tab_returns_to_clicked_session(open_board):
    page = open_board()
    stop = page.locator("#board .block[data-session][tabindex='0']")

    block(page, "Le cloud").click()
    page.locator("#board-help").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")

    expect(block(page, "Le cloud")).to_be_focused()
    expect(stop.filter(has_text="Le réseau")).to_have_count(0)


@pytest.mark.long
def test_two_editors_see_each_other_and_both_versions_of_a_conflict(open_board):
    anna, ben = open_board(first_name="Anna", last_name="A"), open_board(first_name="Ben", last_name="B")
    expect(anna.locator("#board-editors")).to_have_text("Also here: Ben B")
    block(anna, "Le cloud").focus()
    anna.keyboard.press("Shift+ArrowDown")
    expect(block(ben, "Le cloud")).to_contain_text("9:15")
    expect(ben.locator("#board-status")).to_contain_text("Anna A moved “Le cloud”: ")

    ben.context.set_offline(True)
    block(anna, "Le réseau").focus()
    anna.keyboard.press("Shift+ArrowDown")
    wait_until_stored(anna, 2)
    ben.context.set_offline(False)
    with ben.expect_response(re.compile("/moves/$")):
        block(ben, "Le réseau").focus()
        ben.keyboard.press("Shift+ArrowRight")
    dialog = ben.get_by_role("dialog")
    expect(dialog).to_contain_text("Anna A’s choice")
    dialog.get_by_role("button", name="Use my choice").click()

    expect(block(anna, "Le réseau")).to_contain_text("9:00")
    assert get_place("Le réseau") == ("Salle Curie", "09:00")
    expect(anna.locator("#board-undo")).to_have_attribute("title", re.compile("Undo: “Le réseau” moved to"))


def press_and_drag(page: Page, title: str, room: int, hour: float) -> None:
    """Drag a session with the mouse without letting go of it."""
    box = block(page, title).bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(*get_cell(page, room, hour), steps=5)


@pytest.mark.long
def test_session_added_by_another_editor_during_drag_is_shown_afterwards(open_board, event):
    page = open_board()
    press_and_drag(page, "Le cloud", 2, 12)
    added = make_session(event, "Invité", starts_at=None)
    draft = ScheduleDraft.objects.get(event=event)
    with page.expect_response(re.compile(r"/moves/\?since=")):
        place_session(draft, added, event.rooms.get(name="Auditorium"))
    with page.expect_response(re.compile(r"/moves/\?since=1")):
        pass

    page.mouse.up()

    expect(block(page, "Invité")).to_be_visible()
    wait_until_stored(page, 2)
    expect(block(page, "Le cloud")).to_contain_text("12:00")
    assert get_place("Le cloud") == ("Salle Eiffel", "12:00")


def place_session(draft: ScheduleDraft, session: Session, room: Room) -> None:
    """Place a session at noon as another organizer does."""
    starts_at = STARTS_AT + datetime.timedelta(hours=3)
    state = SlotState(room.pk, starts_at, starts_at + datetime.timedelta(minutes=30))
    make_moves(draft=draft, states={session.pk: state}, author=make_person())


# Answers of polls wait until window.release() is called.
HOLD_POLLS = """() => {
    const send = window.fetch;
    const released = new Promise((resolve) => (window.release = resolve));
    window.fetch = async (address, options) => {
        const response = await send(address, options);
        if (options.method !== "POST") await released;
        return response;
    };
}"""


@pytest.mark.long
def test_concurrent_move_of_another_editor_is_not_overwritten(open_board):
    anna, ben = open_board(first_name="Anna", last_name="A"), open_board()
    block(anna, "Le cloud").focus()
    anna.keyboard.press("Shift+ArrowDown")
    wait_until_stored(anna)
    ben.reload()
    expect(block(ben, "Le cloud")).to_contain_text("9:15")
    ben.evaluate(HOLD_POLLS)
    block(anna, "Le cloud").focus()
    anna.keyboard.press("Shift+ArrowDown")
    wait_until_stored(anna, 2)
    with ben.expect_response(re.compile(r"/moves/\?since=1")):
        pass

    block(ben, "Le cloud").focus()
    ben.keyboard.press("Shift+ArrowRight")
    ben.evaluate("window.release()")

    expect(ben.get_by_role("dialog")).to_contain_text("Anna A’s choice")
    assert get_place("Le cloud") == ("Salle Curie", "09:30")


def test_mouse_drag_cancels_move_begun_by_keyboard(open_board):
    page = open_board()
    block(page, "Le réseau").focus()
    for key in ("Space", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#board-status")).to_contain_text("9:30, Auditorium")

    press_and_drag(page, "Le cloud", 2, 12)
    expect(page.locator("#board-status")).to_have_text("“Le réseau” is back where it was.")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".drop-marker")).to_have_text("12:00, Salle Eiffel")
    page.mouse.up()

    wait_until_stored(page)
    assert get_place("Le réseau") == ("Auditorium", "09:00")
    assert get_place("Le cloud") == ("Salle Eiffel", "12:00")


def test_keyboard_move_to_another_day_is_cancelled_or_dropped(open_board):
    page = open_board()
    block(page, "Le cloud").focus()
    for key in ("Space", "PageDown"):
        page.keyboard.press(key)
    expect(page.locator(".board-area")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#board-status")).to_have_text("“Le cloud” is back where it was.")
    expect(block(page, "Le cloud")).to_be_focused()

    for key in ("Space", "PageDown", "ArrowRight", "Space"):
        page.keyboard.press(key)
    wait_until_stored(page)

    slot = Slot.objects.get(session__title="Le cloud")
    assert slot.day == datetime.date(2027, 6, 16)
    assert get_place("Le cloud") == ("Salle Eiffel", "09:00")
    expect(block(page, "Le cloud")).to_be_focused()


def test_new_conflicts_of_a_move_are_announced_and_listed(open_board):
    page = open_board()
    block(page, "Le réseau").focus()

    page.keyboard.press("Shift+ArrowRight")

    sentence = "New conflict, “Le réseau”, “Le cloud”: Salle Curie is double-booked."
    expect(page.locator("#board-status")).to_contain_text(sentence)
    expect(page.locator("#conflict-count")).to_have_text("Conflicts: 1")
    expect(block(page, "Le cloud").locator(".block-conflict")).to_be_visible()
    page.locator("#conflict-count").click()
    page.locator("#conflict-list").get_by_role("button", name="Le cloud").click()
    expect(page.locator("#conflict-list")).to_be_hidden()
    expect(block(page, "Le cloud")).to_be_focused()

    block(page, "Le réseau").focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#board-status")).to_contain_text("Remaining conflict, “Le réseau”, “Le cloud”: ")


@pytest.mark.parametrize(
    ("language", "undone", "redone"),
    [
        (
            "en",
            "9:15–10:15, Salle Curie. It is back here: Tue 15 Jun, 9:00–10:00, Salle Curie.",
            "Redone: “Le cloud” moved to Tue 15 Jun, 9:15–10:15, Salle Curie",
        ),
        (
            "fr",
            "Annulé\u202f: «\u202fLe cloud\u202f» déplacée au mar. 15 juin, 9:15–10:15, Salle Curie",
            "Rétabli\u202f: «\u202fLe cloud\u202f» déplacée au mar. 15 juin, 9:15–10:15, Salle Curie",
        ),
    ],
)
def test_undo_and_redo_announce_the_change(open_board, language, undone, redone):
    page = open_board("desktop", language)
    status = page.locator("#board-status")
    block(page, "Le réseau").focus()
    page.keyboard.press("Shift+ArrowRight")
    block(page, "Le cloud").focus()
    page.keyboard.press("Shift+ArrowDown")
    wait_until_stored(page, 2)

    page.keyboard.press("Control+z")
    expect(status).to_contain_text(undone)
    page.keyboard.press("Control+y")
    expect(status).to_contain_text(redone)
    page.locator("#board-history").click()
    page.locator("#journal-list button").last.click()

    expect(status).to_contain_text("Le réseau")
    assert get_place("Le réseau") == ("Auditorium", "09:00")


def test_unsaved_move_is_announced(open_board):
    page = open_board()
    page.context.set_offline(True)

    block(page, "Le cloud").focus()
    page.keyboard.press("Shift+ArrowDown")

    sentence = "Not saved: “Le cloud” is back where it was (Tue 15 Jun, 9:00–10:00, Salle Curie)."
    expect(page.locator("#board-status")).to_have_text(sentence)
    expect(page.locator("#board-problem")).to_contain_text("your changes are not saved")
    page.context.set_offline(False)


@pytest.mark.parametrize(("screen", "language"), [("phone", "fr"), ("desktop", "en")])
def test_the_board_is_accessible_and_fits_the_screen(open_board, screen, language):
    page = open_board(screen, language)
    block(page, "À placer").focus()
    page.keyboard.press("Space")
    expect(page.locator(".cost").first).to_be_attached()

    assert_accessible(page)
    page.keyboard.press("Escape")
    if screen == "phone":
        page.locator("#board-options > summary").click()
    page.locator("#board-history").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
