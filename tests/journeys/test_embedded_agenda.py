"""The agenda in a frame of a foreign site, on another port."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from schedule.models import Schedule
from schedule.programme.embedding import build_snippet
from tests.factories import make_event, make_room, make_session
from tests.journeys.browsing import assert_accessible, pop_page_problems

pytestmark = pytest.mark.once


@pytest.fixture
def foreign_site() -> Iterator[ThreadingHTTPServer]:
    """Serve one page, `server.page`, at another origin."""

    class ForeignPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(self.server.page.encode())

        def log_message(self, *_arguments: object) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage)
    server.page = ""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def event(transactional_db):
    event = make_event(slug="conf", name="La Conf")
    make_session(event, "L’énergie des serveurs", room=make_room(event, "Amphi"), speakers=("Zoé",))
    make_session(event, "Le lendemain", starts_at=event.ends_at)
    return event


def test_allowed_site_shows_embedded_agenda(open_page, event, foreign_site, site):
    address = f"http://127.0.0.1:{foreign_site.server_port}"
    Schedule.objects.create(event=event, embedding_sites=address)
    foreign_site.page = f"<!doctype html><html lang=fr><title>Club</title><h1>Club</h1>{build_snippet(event)}"
    page = open_page("phone")

    page.goto(address)

    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="L’énergie des serveurs")).to_be_visible()
    assert page.context.cookies() == []
    frame.get_by_role("navigation").get_by_role("link").last.click()
    expect(frame.get_by_role("link", name="Le lendemain")).to_be_visible()
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Le lendemain").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Le lendemain")


def test_browser_refuses_embedding_on_other_sites(open_page, event, foreign_site, site):
    Schedule.objects.create(event=event, embedding_sites="https://club.example")
    foreign_site.page = f"<!doctype html><html lang=fr><title>Club</title>{build_snippet(event)}"
    page = open_page("desktop")

    page.goto(f"http://127.0.0.1:{foreign_site.server_port}")

    expect(page.frame_locator("iframe").get_by_role("link", name="L’énergie des serveurs")).to_have_count(0)
    assert any("frame-ancestors" in problem for problem in pop_page_problems(page))


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_the_embedded_page_is_accessible(browser_page, event, prefix: str):
    browser_page.goto(f"{prefix}/events/conf/agenda/embedded/")
    assert_accessible(browser_page)
