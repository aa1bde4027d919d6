"""The personal programme: sessions starred without an account, opened through a secret link."""

import datetime
import zoneinfo

import icalendar
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from schedule.models import PersonalAgenda
from schedule.personal import actions
from tests.factories import make_event, make_room, make_session, make_track

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="conf", name="La Conf")


def press_star(client, session, verb="add", **headers):
    """Press a session's star as the page does."""
    data = {verb: str(session.guid), "next": "/events/conf/agenda/?by=room"}
    return client.post("/events/conf/agenda/choose/", data, headers=headers)


def list_starred_titles(client, address="/events/conf/agenda/mine/"):
    """Return the titles of a personal programme."""
    return [link.text for link in html.fromstring(client.get(address).text).xpath("//article/h4/a")]


def test_session_is_starred_without_account_or_script(client, event):
    session = make_session(event, "Choisie")
    response = press_star(client, session)

    assert (response.status_code, response["Location"]) == (303, "/events/conf/agenda/?by=room#s1")
    cookie = response.cookies[f"agenda-{event.pk}"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    assert list_starred_titles(client) == ["Choisie"]

    page = html.fromstring(client.get("/events/conf/agenda/").text)

    assert page.xpath("//article//button/@name") == ["drop"]
    assert html.fromstring(Client().get("/events/conf/agenda/").text).xpath("//article//button/@name") == [
        "add"
    ]

    press_star(client, session, "drop")

    assert list_starred_titles(client) == []


def test_stars_on_a_cached_day_look_like_those_on_a_filtered_list(client, event):
    track = make_track(event, "IA")
    sessions = [make_session(event, name, track=track) for name in ("Une", "Deux")]
    press_star(client, sessions[1])
    # Stored now, as visitors see it who starred nothing.
    Client().get("/events/conf/agenda/?by=room")

    whole_day = html.fromstring(client.get("/events/conf/agenda/?by=room").text)
    filtered = html.fromstring(client.get("/events/conf/agenda/?by=room&track=IA").text)

    assert whole_day.xpath("//article//button/@aria-pressed") == ["true", "false"]
    assert [html.tostring(row) for row in whole_day.xpath("//article")] == [
        html.tostring(row) for row in filtered.xpath("//article")
    ]


def test_cached_day_is_shown_to_a_visitor_with_stars_without_loading_sessions(client, event):
    press_star(client, make_session(event, "Une"))
    client.get("/events/conf/agenda/")

    with CaptureQueriesContext(connection) as queries:
        page = client.get("/events/conf/agenda/")

    assert html.fromstring(page.text).xpath("//article//button/@name") == ["drop"]
    assert [query["sql"] for query in queries if "speaker" in query["sql"].lower()] == []


def test_json_response_names_schedule_conflicts(client, event):
    press_star(client, make_session(event, "Une"))
    answer = press_star(client, make_session(event, "Autre"), Accept="application/json").json()

    assert answer["chosen"] is True
    assert answer["count"] == 2
    assert "Autre" in answer["message"]
    assert "Une" in answer["message"]


def test_overlapping_sessions_are_marked_and_adjacent_ones_are_not(client, event):
    one = make_session(event, "Une")
    two = make_session(event, "Deux", starts_at=event.starts_at + datetime.timedelta(minutes=30))
    after = make_session(event, "Après", starts_at=two.ends_at)
    for session in (one, two, after):
        press_star(client, session)

    page = html.fromstring(client.get("/events/conf/agenda/mine/").text)

    assert page.xpath("//p[@class='conflict']/a/text()") == ["Deux", "Une"]

    other = html.fromstring(client.get(f"/events/conf/sessions/{one.guid}/").text)

    assert len(other.xpath("//div[contains(@class, 'warning')]")) == 1


def test_hour_headings_use_the_event_time_zone(client):
    start = datetime.datetime(2027, 6, 16, 9, tzinfo=zoneinfo.ZoneInfo("America/New_York"))
    event = make_event(
        slug="conf", timezone="America/New_York", starts_at=start, ends_at=start + datetime.timedelta(hours=9)
    )
    press_star(client, make_session(event, starts_at=start))

    page = html.fromstring(client.get("/events/conf/agenda/mine/").text)

    assert page.xpath("//h3[@class='heading']/text()") == ["9\u00a0h"]


def test_secret_link_opens_agenda_on_another_device_and_merges_it(client, event):
    press_star(client, make_session(event, "Première"))
    token = PersonalAgenda.objects.get().link_token
    phone = Client()

    press_star(phone, make_session(event, "Du téléphone"))

    address = f"/events/conf/agenda/mine/{token}/"
    assert list_starred_titles(phone, address) == ["Première"]
    assert phone.get(address)["X-Robots-Tag"] == "noindex"

    phone.post(f"{address}keep/")

    assert (
        sorted(list_starred_titles(phone))
        == sorted(list_starred_titles(client))
        == ["Du téléphone", "Première"]
    )


def test_secret_link_uses_site_url_instead_of_host_header(client, event, settings):
    settings.SITE_URL = "https://club.example"
    press_star(client, make_session(event))

    page = client.get("/events/conf/agenda/mine/", HTTP_HOST="testserver:666")

    address = f"https://club.example/events/conf/agenda/mine/{PersonalAgenda.objects.get().link_token}"
    assert page.context["page_url"] == f"{address}/"
    assert page.context["feed_url"] == f"{address}.ics"
    assert f'href="webcal:{address.partition(":")[2]}.ics"' in page.text
    assert f'data-copy="{address}/"' in page.text
    assert f'data-copy="{address}.ics"' in page.text
    assert "testserver" not in page.text


@pytest.mark.parametrize(
    ("data", "status"),
    [({}, 404), ({"add": "x"}, 404), ({"add": "5e3c1b9a-0000-4000-8000-000000000000"}, 404)],
)
def test_unknown_session_cannot_be_starred(client, event, data, status):
    response = client.post("/events/conf/agenda/choose/", data)

    assert response.status_code == status
    assert html.fromstring(response.text).xpath("string(//h1)") != ""
    assert not PersonalAgenda.objects.exists()


def test_cross_site_requests_cannot_star_sessions(client, event):
    session = make_session(event)

    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert press_star(client, session, **headers).status_code == 403
    assert press_star(client, session, Origin="http://testserver").status_code == 303


def test_sessions_of_another_event_cannot_be_starred(client, event):
    assert press_star(client, make_session(make_event())).status_code == 404


def test_forged_cookie_is_ignored_and_forged_link_is_not_found(client, event):
    client.cookies[f"agenda-{event.pk}"] = "forged"

    assert list_starred_titles(client) == []
    for token in ("forged", "%00", "x" * 500, "é" * 30):
        assert client.get(f"/events/conf/agenda/mine/{token}/").status_code == 404

    press_star(client, make_session(event, "Choisie"))

    assert list_starred_titles(client) == ["Choisie"]


def test_redirect_to_another_site_is_ignored(client, event):
    data = {"add": str(make_session(event).guid), "next": "https://evil.example/"}
    assert client.post("/events/conf/agenda/choose/", data)["Location"] == "/events/conf/agenda/#s1"


def test_starring_is_rate_limited(client, event, monkeypatch, settings):
    settings.RATE_LIMITS = "on"
    monkeypatch.setattr(actions, "MAX_CHANGES_PER_MINUTE", 2)

    session = make_session(event)

    assert [press_star(client, session).status_code for _ in range(3)] == [303, 303, 429]


def test_number_of_starred_sessions_is_limited(client, event, monkeypatch):
    monkeypatch.setattr(actions, "MAX_CHOSEN_SESSIONS", 1)
    press_star(client, make_session(event))

    assert press_star(client, make_session(event)).status_code == 429
    assert PersonalAgenda.objects.get().sessions.count() == 1


@pytest.mark.parametrize("count", [1, 30])
def test_personal_programme_page_takes_eleven_queries(client, event, django_assert_num_queries, count):
    room = make_room(event)
    for number in range(count):
        press_star(client, make_session(event, f"S{number}", room=room, speakers=(f"P{number}",)))

    with django_assert_num_queries(11):
        titles = list_starred_titles(client)

    assert len(titles) == count


def test_calendar_has_starred_sessions_and_gets_304_until_a_change(client, event):
    room = make_room(event, "Salle A")
    one = make_session(event, "Une, avec virgule", room=room)
    press_star(client, one)
    make_session(event, "Pas choisie")
    address = f"/events/conf/agenda/mine/{PersonalAgenda.objects.get().link_token}.ics"
    response = Client().get(address)
    calendar = icalendar.Calendar.from_ical(response.content)

    entries = calendar.walk("VEVENT")

    assert [(str(entry["SUMMARY"]), str(entry["LOCATION"])) for entry in entries] == [
        ("Une, avec virgule", "Salle A")
    ]
    assert entries[0]["DTSTART"].dt == one.starts_at.replace(microsecond=0)

    tag = response["ETag"]
    again = Client().get(address, headers={"If-None-Match": tag.removeprefix("W/")})

    assert again.status_code == 304
    assert again.content == b""

    press_star(client, one, "drop")
    after = Client().get(address, headers={"If-None-Match": tag})

    assert after.status_code == 200
    assert icalendar.Calendar.from_ical(after.content).walk("VEVENT") == []
    assert Client().get("/events/conf/agenda/mine/forged.ics").status_code == 404
