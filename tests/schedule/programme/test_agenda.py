"""The public agenda: days, filters, search, caching and the number of queries."""

import datetime
import zoneinfo

import pytest
from lxml import html

from schedule.editing.revision import raise_revision
from schedule.models import Schedule, Session
from schedule.programme.agenda import MAX_SESSIONS_SHOWN
from schedule.programme.page_cache import accepts_gzip
from tests.factories import make_event, make_room, make_session, make_staff, make_track
from tests.site_objects import make_client

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
pytestmark = [pytest.mark.django_db, pytest.mark.once]


def paris_time(day, hour, minute=0):
    return datetime.datetime(2026, 6, day, hour, minute, tzinfo=PARIS)


@pytest.fixture
def event():
    return make_event(slug="conf", name="La Conf", starts_at=paris_time(16, 9), ends_at=paris_time(17, 18))


def list_titles(client, query="", prefix=""):
    """Return the titles that the agenda shows, in its order."""
    response = client.get(f"{prefix}/events/conf/agenda/{query}")
    assert response.status_code == 200
    return [link.text for link in html.fromstring(response.text).xpath("//article/h4/a")]


def test_day_includes_sessions_after_midnight(client, event):
    make_session(event, "Matin", starts_at=paris_time(16, 9))
    make_session(event, "Nuit", starts_at=paris_time(17, 1, 30))

    make_session(event, "Lendemain", starts_at=paris_time(17, 9))

    assert list_titles(client) == ["Matin", "Nuit"]
    assert list_titles(client, "?day=2026-06-17") == ["Lendemain"]
    assert list_titles(client, "?day=all") == ["Matin", "Nuit", "Lendemain"]


def test_capped_list_shows_the_total_number_of_sessions(client, event):
    Session.objects.bulk_create(
        Session(
            event=event, title=f"S{n}", number=n + 1, starts_at=paris_time(16, 9), ends_at=paris_time(16, 10)
        )
        for n in range(MAX_SESSIONS_SHOWN + 3)
    )

    page = html.fromstring(client.get("/en/events/conf/agenda/?day=all").text)

    sentence = page.xpath("string(//p[@class='result-count'])")
    assert sentence.startswith("253 sessions in all. The first 250 are shown.")
    assert len(page.xpath("//article/h4/a")) == MAX_SESSIONS_SHOWN


def test_complete_list_shows_the_number_of_sessions(client, event):
    make_session(event, "Matin", starts_at=paris_time(16, 9))

    page = html.fromstring(client.get("/en/events/conf/agenda/?day=all").text)

    assert page.xpath("string(//p[@class='result-count'])") == "1 session in all."


def test_invalid_day_shows_the_first_day(client, event):
    make_session(event, "Matin", starts_at=paris_time(16, 9))

    assert list_titles(client, "?day=tomorrow&room=%00&by=magic") == ["Matin"]
    assert list_titles(client, "?day=2031-01-01") == []


def test_today_is_shown_while_the_event_runs(client, event):
    now = datetime.datetime.now(PARIS)
    event.starts_at, event.ends_at = now - datetime.timedelta(days=1), now + datetime.timedelta(days=1)
    event.save()
    Schedule.objects.create(event=event, day_starts_at=datetime.time(0))
    make_session(event, "Hier", starts_at=now - datetime.timedelta(days=1))
    make_session(event, "En ce moment", starts_at=now - datetime.timedelta(minutes=5))
    make_session(event, "Ensuite", starts_at=now + datetime.timedelta(minutes=50))

    response = client.get("/events/conf/agenda/")

    agenda = response.context["agenda"]
    assert [entry.session.title for entry in agenda.running_entries] == ["En ce moment"]
    assert [entry.session.title for entry in agenda.coming_entries] == ["Ensuite"]
    assert "En ce moment" in list_titles(client)
    assert "Hier" not in list_titles(client)


def test_end_of_running_session_is_shown_in_event_time_zone(client):
    new_york = zoneinfo.ZoneInfo("America/New_York")
    now = datetime.datetime.now(new_york)
    event = make_event(
        slug="ny", timezone="America/New_York", starts_at=now - datetime.timedelta(hours=1),
        ends_at=now + datetime.timedelta(hours=1),
    )  # fmt: skip
    ends_at = now + datetime.timedelta(minutes=30)
    make_session(event, starts_at=now - datetime.timedelta(minutes=5), ends_at=ends_at)

    page = client.get("/en/events/ny/agenda/").text

    assert f"until {ends_at.hour}:{ends_at:%M}" in page


@pytest.mark.parametrize(
    ("header", "expected"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0", False), ("br", False)],
)
def test_accepts_gzip_follows_the_accept_encoding_header(rf, header, expected):
    request = rf.get("/", headers={"Accept-Encoding": header})

    assert accepts_gzip(request) == expected


def test_filters_apply_to_all_days(client, event):
    hall, track = make_room(event, "Amphi  Curie"), make_track(event, "Réseaux")
    make_session(event, "A", starts_at=paris_time(16, 9), room=hall, language="fr", kind="atelier")
    make_session(
        event, "B", starts_at=paris_time(17, 9), track=track, language="de, en", speakers=("Zoé Łódź",)
    )

    make_session(event, "C", starts_at=paris_time(17, 10), kind="atelier", language="EN-gb")

    assert list_titles(client, "?room=Amphi+Curie") == ["A"]
    assert list_titles(client, "?track=R%C3%A9seaux") == ["B"]
    assert list_titles(client, "?language=en") == ["B", "C"]
    assert list_titles(client, "?kind=atelier") == ["A", "C"]
    assert list_titles(client, "?kind=atelier&day=2026-06-17") == ["C"]
    assert list_titles(client, "?speaker=Zo%C3%A9+%C5%81%C3%B3d%C5%BA") == ["B"]
    assert list_titles(client, "?room=Nowhere") == []


def test_search_finds_words_in_all_texts_in_any_order(client, event):
    make_session(
        event,
        "L’énergie",
        subtitle="Compter",
        abstract="<p>mesures</p>",
        speakers=("Anaïs",),
        starts_at=paris_time(17, 9),
    )
    make_session(event, "Autre", starts_at=paris_time(16, 9))

    assert list_titles(client, "?q=anais+MESURES+energie") == ["L’énergie"]
    assert list_titles(client, "?q=compter") == ["L’énergie"]
    assert list_titles(client, "?q=rien") == []
    assert list_titles(client, "?q=%3F%21") == []


def test_agenda_of_draft_event_is_shown_to_its_organizers_only(client, event):
    event.visibility = event.Visibility.DRAFT
    event.save()

    make_session(event, "Matin", starts_at=paris_time(16, 9))

    assert list_titles(make_client(make_staff(event))) == ["Matin"]
    assert client.get("/events/conf/agenda/").status_code == 404


def test_empty_programme_shows_a_notice(client, event):
    page = html.fromstring(client.get("/en/events/conf/agenda/").text)
    assert page.xpath("string(//div[@class='empty']/p)").startswith("The programme is not published yet.")


@pytest.mark.parametrize(
    ("prefix", "heading", "hours"), [("", "9 h 15", "9 h 15 – 10 h 05"), ("/en", "9:15", "9:15–10:05")]
)
def test_times_are_written_as_in_the_readers_language(client, event, prefix, heading, hours):
    make_session(event, starts_at=paris_time(16, 9, 15))

    page = html.fromstring(client.get(f"{prefix}/events/conf/agenda/").text.replace("\u00a0", " "))

    assert page.xpath("//h3[@class='heading' or starts-with(@class, 'heading ')]/time/text()") == [heading]
    assert page.xpath("//article//span[@class='time-range']/text()") == [hours]


def test_unchanged_pages_answer_304_until_something_changes(client, event):
    starts = paris_time(16, 9).replace(year=2099)
    session = make_session(event, "Matin", starts_at=starts, capacity=10, is_bookable=True)

    first = client.get("/events/conf/agenda/", headers={"Accept-Encoding": "gzip"})

    assert first["Content-Encoding"] == "gzip"

    tags = [first["ETag"], first["ETag"].removeprefix("W/"), f'"x", {first["ETag"]}', "*"]
    answers = [client.get("/events/conf/agenda/", headers={"If-None-Match": tag}) for tag in tags]

    assert [(answer.status_code, answer.content) for answer in answers] == [(304, b"")] * 4

    session.title = "Soir"
    session.save()

    raise_revision(event=event)

    assert "Soir" in client.get("/events/conf/agenda/", headers={"If-None-Match": first["ETag"]}).text

    session.reserved = 10
    session.save(update_fields=["reserved"])

    page = html.fromstring(client.get("/en/events/conf/agenda/").text)

    assert page.xpath("//article/p[@class='state']/span/text()") == ["Full"]


def test_full_session_is_shown_even_if_the_sum_of_bookings_is_unchanged(client, event):
    bookable = {"starts_at": paris_time(16, 9).replace(year=2099), "capacity": 2, "is_bookable": True}
    first = make_session(event, "Matin", reserved=2, **bookable)
    second = make_session(event, "Soir", reserved=1, **bookable)
    client.get("/en/events/conf/agenda/")
    Session.objects.filter(pk=first.pk).update(reserved=2 - second.number)
    Session.objects.filter(pk=second.pk).update(reserved=1 + first.number)

    page = html.fromstring(client.get("/en/events/conf/agenda/").text)

    assert len(page.xpath("//article/p[@class='state']/span[text()='Full']")) == 1
    assert "Soir" in page.xpath("string(//article[p[@class='state']/span[text()='Full']])")


def test_cached_page_contains_no_csrf_token_and_sets_no_cookie(client, event):
    make_session(event, starts_at=paris_time(16, 9))
    response = client.get("/events/conf/agenda/")

    assert "csrfmiddlewaretoken" not in response.text
    assert response.cookies == {}
    assert {"Cookie", "Accept-Encoding"} <= set(response["Vary"].split(", "))


def test_each_language_and_query_is_cached_separately(client, event):
    make_session(event, "Matin", starts_at=paris_time(16, 9))
    tags = {
        client.get(address)["ETag"]
        for address in ("/events/conf/agenda/", "/en/events/conf/agenda/", "/events/conf/agenda/?by=room")
    }

    assert len(tags) == 3


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00%ff%ED%A0%80",
        "?q=" + "a+" * 3000,
        "?day=0001-01-01",
        "?day=9999-12-31&by=room",
        "?track=%3Cscript%3E&room=%00&language=%F0%9F%9A%80",
        "?speaker=" + "%F0%9F%9A%80" * 500,
    ],
)
def test_malformed_queries_show_no_sessions(client, event, query):
    make_session(event, "Matin", starts_at=paris_time(16, 9))
    assert list_titles(client, query) == []


@pytest.mark.parametrize("query", ["", "?day=all", "?q=session", "?by=room", "?kind=x"])
def test_queries_do_not_grow_with_sessions(client, event, django_assert_max_num_queries, query):
    room = make_room(event)
    for number in range(40):
        make_session(
            event,
            f"Session {number}",
            starts_at=paris_time(16, 9) + datetime.timedelta(minutes=10 * number),
            room=room,
            kind="x",
            speakers=(f"A{number}", f"B{number}"),
        )
    with django_assert_max_num_queries(13):
        client.get(f"/events/conf/agenda/{query}")


def test_cached_page_makes_four_queries(client, event, django_assert_num_queries):
    make_session(event, starts_at=paris_time(16, 9))
    client.get("/events/conf/agenda/")
    with django_assert_num_queries(4):
        client.get("/events/conf/agenda/")
