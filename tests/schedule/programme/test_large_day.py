"""The agenda of a day with 484 sessions: size, grid and jumps."""

import datetime
import gzip
import zoneinfo
from functools import partial
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html

from schedule.exchange.read_schedule import read_schedule
from schedule.models import ProgrammeAudience, Schedule
from schedule.personal.actions import choose_session
from schedule.programme.agenda import load_day_blocks, outline_agenda
from schedule.programme.agenda_filter import AgendaFilter
from schedule.programme.own_sessions import OwnSessions
from schedule.programme.personal_pages import get_event_path
from schedule.programme.programme_version import get_programme_version
from schedule.programme.rendered_days import get_rendered_days, mark_own_sessions
from tests.factories import make_event, make_room, make_session, make_track
from tests.schedule.programme.large_days import ROOM_COUNT, SESSION_COUNT, make_large_day

pytestmark = pytest.mark.django_db
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
START = datetime.datetime(2026, 6, 16, 9, tzinfo=PARIS)
MAX_FIRST_VIEW_BYTES = 150_000
# Files that the page loads, without the font, which is compressed already.
STYLES_AND_SCRIPTS = [
    "convention/look.css",
    "convention/pages/agenda.css",
    "convention/offline_pages.js",
    "convention/submit_once.js",
    "convention/page_parts.js",
    "schedule/agenda.js",
]
FONT = "vendor/source-sans-3/source-sans-3-latin-wght-normal.woff2"


@pytest.fixture
def event():
    return make_event(slug="conf", starts_at=START, ends_at=START + datetime.timedelta(hours=12))


def get_page(client, query=""):
    return html.fromstring(client.get(f"/en/events/conf/agenda/{query}").text)


@pytest.mark.parametrize("name", ["38c3-hub.xml", "fosdem-2018-pentabarf.xml"])
def test_the_first_view_of_a_published_programme_is_small(client, event, schedules_dir, name):
    programme = read_schedule((schedules_dir / name).read_bytes())
    contents = [
        (parsed.title, parsed.subtitle or "", tuple(speaker.name for speaker in parsed.speakers or ()))
        for parsed in programme.sessions
    ]
    make_large_day(event, starts_at=START, contents=contents)

    page = client.get("/en/events/conf/agenda/", headers={"Accept-Encoding": "gzip"}).content

    assert gzip.decompress(page).count(b"<article") == SESSION_COUNT
    others = [Path(finders.find(name)).read_bytes() for name in STYLES_AND_SCRIPTS]
    font = Path(finders.find(FONT)).read_bytes()
    size = len(page) + len(font) + sum(len(gzip.compress(other, 6)) for other in others)
    assert size <= MAX_FIRST_VIEW_BYTES


def test_thirty_rooms_make_a_grid(client, event):
    make_large_day(event, starts_at=START)

    page = get_page(client)

    columns = page.xpath("//section[contains(@class, 'grid')]//p[contains(@class, 'room-head col-')]")
    assert len(columns) == ROOM_COUNT


def test_large_day_makes_as_many_queries_as_a_small_one(client, event, django_assert_num_queries):
    small = make_event(slug="small", starts_at=START, ends_at=START + datetime.timedelta(hours=12))
    make_session(small, room=make_room(small), track=make_track(small), speakers=("Ana",))
    make_large_day(event, starts_at=START)

    with CaptureQueriesContext(connection) as small_day:
        client.get("/en/events/small/agenda/")
    with django_assert_num_queries(len(small_day)):
        page = client.get("/en/events/conf/agenda/")

    assert page.text.count("<article") == SESSION_COUNT
    assert len(small_day) <= 12


def test_page_from_cached_sessions_is_identical_and_shows_no_stars_of_others(client, event, monkeypatch):
    monkeypatch.setattr("schedule.programme.page_cache.PAGE_CACHE_SECONDS", 0)
    make_large_day(event, starts_at=START)
    session, visitor = event.sessions.first(), Client()
    visitor.post(reverse("session-choose", args=["conf"]), {"add": str(session.guid)})

    first, again, own = (reader.get("/en/events/conf/agenda/").text for reader in (client, client, visitor))

    assert first.count("<article") == SESSION_COUNT
    assert again == first
    assert 'aria-pressed="true"' not in again
    assert own.count('aria-pressed="true"') == 1


def test_marked_sessions_are_those_that_the_template_marks(event):
    make_large_day(event, starts_at=START)
    chosen = event.sessions.order_by("pk")[1]
    version = get_programme_version(event, audience=ProgrammeAudience.PUBLIC)
    agenda_filter = AgendaFilter.from_query(QueryDict())
    outline = partial(outline_agenda, event=event, agenda_filter=agenda_filter, programme_version=version)

    own_sessions = OwnSessions(event, choose_session(event=event, session=chosen, personal_agenda=None))

    marked = mark_own_sessions(get_rendered_days(event, outline(now=START), version), own_sessions)

    agenda = outline(now=START)
    load_day_blocks(agenda, event, version, own_sessions)
    context = {"event_path": get_event_path(event), "agenda": agenda}
    assert marked == render_to_string("schedule/_days.html", context)
    assert marked.count('aria-pressed="true"') == 1


def test_hours_are_links_to_the_first_session_of_each_hour(client, event):
    for minutes in (15, 45, 60, 190):
        make_session(event, starts_at=START + datetime.timedelta(minutes=minutes))

    page = get_page(client)

    links = {link.text: link.get("href") for link in page.xpath("//nav[@class='jumps']/a")}
    assert links == {"9:00": "#h0915", "10:00": "#h1000", "12:00": "#h1210"}
    assert {link.removeprefix("#") for link in links.values()} <= set(page.xpath("//@id"))


def test_rooms_are_links_when_sorted_by_room(client, event):
    for name in ("Amphi", "Curie"):
        make_session(event, room=make_room(event, name))

    page = get_page(client, "?by=room")

    assert page.xpath("//nav[@class='jumps']/a/text()") == ["Amphi", "Curie"]


def test_now_is_a_link_to_the_last_start_before_now(client, event):
    now = datetime.datetime.now(PARIS)
    make_session(event, "Avant", starts_at=now - datetime.timedelta(hours=2), day=now.date())
    make_session(event, "En cours", starts_at=now - datetime.timedelta(minutes=5), day=now.date())
    make_session(event, "Après", starts_at=now + datetime.timedelta(hours=1), day=now.date())
    Schedule.objects.create(event=event, day_starts_at=datetime.time(0))

    page = get_page(client)

    assert page.xpath("//a[@class='jump-now']/@href") == ["#now"]
    assert page.xpath("//div[@class='group'][span[@id='now']]//h4/a/text()") == ["En cours"]


def test_now_link_in_the_list_of_all_days_leads_to_today(client, event):
    now = datetime.datetime.now(PARIS)
    make_session(event, starts_at=now, day=now.date())
    make_session(event, "Ailleurs", starts_at=now + datetime.timedelta(days=2))
    Schedule.objects.create(event=event, day_starts_at=datetime.time(0))

    page = get_page(client, "?day=all")

    assert page.xpath("//a[@class='jump-now']/@href") == [f"?day={now.date()}#now"]


def test_no_link_to_now_outside_the_event(client, event):
    make_session(event, starts_at=START - datetime.timedelta(days=40))

    assert get_page(client).xpath("//a[@class='jump-now']") == []


def test_number_of_sessions_is_shown(client, event):
    make_large_day(event, starts_at=START)

    counts = [
        get_page(client, query).xpath("string(//p[@class='result-count'])") for query in ("", "?day=all")
    ]

    assert counts[0] == "484 sessions on this day."
    assert counts[1].startswith("484 sessions in all. The first 250 are shown")
