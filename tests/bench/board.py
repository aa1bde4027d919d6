"""The board of the timetable: 300 sessions in 20 rooms on one day, favourites of 1,000 people."""

import http.client
import json
import shutil
import statistics
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.figures import Figure
from tests.bench.lists import SESSION
from tests.bench.site import Site
from tests.screens import CHROMIUM_NAMES

REQUESTS = 30
DRAG_MOVES = 300
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SETUP = """
import datetime, random
from convention.events.models import Event, Room
from schedule.models import PersonalAgenda, Session, SessionSpeaker, Speaker
starts_at = datetime.datetime(2027, 6, 15, 6, 30, tzinfo=datetime.UTC)
event = Event.objects.create(
    slug="board", name="Board", starts_at=starts_at, ends_at=starts_at + datetime.timedelta(hours=10)
)
rooms = [Room.objects.create(event=event, name=f"Salle {n}", position=n, capacity=50 + n) for n in range(20)]
speakers = [Speaker.objects.create(event=event, name=f"Orateur {n}") for n in range(250)]
sessions = []
for number in range(300):
    start = starts_at + datetime.timedelta(minutes=40 * (number // 20))
    session = Session.objects.create(
        event=event, number=number + 1, title=f"Session {number} : exploitation et sobriété",
        room=rooms[number % 20], starts_at=start, ends_at=start + datetime.timedelta(minutes=30),
    )
    SessionSpeaker.objects.create(session=session, speaker=speakers[number % 250])
    sessions.append(session)
chance = random.Random(16)
agendas = PersonalAgenda.objects.bulk_create(PersonalAgenda(event=event) for _ in range(1000))
link = PersonalAgenda.sessions.through
link.objects.bulk_create(
    link(personal_agenda=agenda, session=session)
    for agenda in agendas for session in chance.sample(sessions, 8)
)
"""
# Collects the time between frames while something moves.
WATCH_FRAMES = """() => {
    window.frames_measured = [];
    let before = 0;
    const look = (now) => {
        if (before) window.frames_measured.push(now - before);
        before = now;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
WHY_CONFLICTS = (
    "a second request after the move, which the editor does not wait for; it loads sessions and favourites"
    " and compares all pairs of sessions."
)
WHY_COSTS = (
    "most of the time loads sessions and favourites; the costs of all cells themselves take a dozen"
    " milliseconds."
)


def figures(site: Site) -> Iterator[Figure]:
    """Measure a stored move, the costs of one session's places, and the frames of a drag."""
    site.manage("shell", "-v0", "-c", SETUP)
    cookie = site.manage("shell", "-v0", "-c", SESSION).split()[-1]
    client = BoardClient(site.port, cookie)
    board = client.get("data/")
    sessions = [session["id"] for session in board["sessions"]]
    moves = [client.time_move(session, board["revision"]) for session in sessions[:REQUESTS]]
    costs = [client.time_get(f"costs/?session={session}") for session in sessions[:REQUESTS]]
    yield make_figure("board: a move stored", moves, 100, "")
    conflicts = [client.time_get(f"moves/?since={REQUESTS}&conflicts=1") for _number in range(REQUESTS)]
    yield make_figure("board: the conflicts of 300 sessions after a move", conflicts, 100, WHY_CONFLICTS)
    yield make_figure("board: costs of all places of a session in 20 rooms", costs, 50, WHY_COSTS)
    frames = measure_drag(site.port, cookie)
    yield make_figure("board: time between two frames of a drag, 300 sessions in 20 rooms", frames, 17, "")


def make_figure(work: str, milliseconds: list[float], at_most: float, why: str) -> Figure:
    return Figure(f"{work} (median)", statistics.median(milliseconds), "ms", at_most=at_most, why=why)


class BoardClient:
    """An organizer's browser without a page."""

    def __init__(self, port: int, cookie: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        token = "x" * 32
        self.headers = {
            "Cookie": f"sessionid={cookie}; csrftoken={token}",
            "X-CSRFToken": token,
            "Content-Type": "application/json",
        }

    def send(self, method: str, path: str, body: Any = None) -> Any:
        text = None if body is None else json.dumps(body)
        self.connection.request(method, f"/organize/board/schedule/board/{path}", text, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
        return json.loads(content)

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def time_get(self, path: str) -> float:
        started = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - started) * 1000

    def time_move(self, session: int, revision: int) -> float:
        slot = {"room": None, "starts_at": "2027-06-15T17:00:00Z", "ends_at": "2027-06-15T17:30:00Z"}
        body = {"seen_revision": revision, "moves": [{"session": session, "slot": slot}]}
        started = time.perf_counter()
        self.send("POST", "moves/", body)
        return (time.perf_counter() - started) * 1000


def measure_drag(port: int, cookie: str) -> list[float]:
    """Return the milliseconds between frames while a session is dragged over the whole board."""
    chromium = next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1600, "height": 1000})
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": f"http://127.0.0.1:{port}"}])
        page.goto("/organize/board/schedule/board/")
        page.locator("#board-condensed").check()
        frames = drag_to_and_fro(page)
        browser.close()
    return frames


def drag_to_and_fro(page: Page) -> list[float]:
    block, area = (
        page.locator(name).first.bounding_box() for name in (".board-area .block", "#board-scroll")
    )
    if not block or not area:
        raise RuntimeError("The board shows no session.")
    page.mouse.move(block["x"] + 10, block["y"] + 5)
    page.mouse.down()
    page.mouse.move(block["x"] + 40, block["y"] + 40)
    page.locator(".cost").first.wait_for(state="attached")
    page.evaluate(WATCH_FRAMES)
    for number in range(DRAG_MOVES):
        share = abs((number % 100) / 50 - 1)
        x = area["x"] + 80 + share * (area["width"] - 160)
        page.mouse.move(x, area["y"] + 80 + (1 - share) * (area["height"] - 160))
    frames: list[float] = page.evaluate("window.frames_measured")
    page.mouse.up()
    return frames
