"""The pages of a session and of speakers."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from schedule.models import Session, Speaker
from tests.factories import make_event, make_room, make_session, make_track

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def event():
    return make_event(slug="conf", name="La Conf")


def get_page(client, thing, prefix="/en"):
    """Return the parsed page."""
    response = client.get(f"{prefix}{thing}")
    assert response.status_code == 200
    return html.fromstring(response.text)


def address(session):
    return f"/events/conf/sessions/{session.guid}/"


def test_session_page_shows_all_details(client, event):
    session = make_session(
        event,
        "Titre <b>",
        subtitle="مرحبا",
        room=make_room(event, "Salle & Co"),
        track=make_track(event),
        language="de, en",
        speakers=("Ana", "Bo"),
        abstract="**Gras** <script>alert(1)</script>",
        links=[{"url": "https://example.org/", "title": "Plus"}, {"url": "javascript:x"}, "odd", {}],
        capacity=10,
        reserved=9,
        is_bookable=True,
    )
    page = get_page(client, address(session))

    assert page.xpath("string(//h1)") == "Titre <b>"
    assert page.xpath("//p[@class='lead']/@dir") == ["auto"]

    facts = {
        row.xpath("string(dt)"): " ".join(row.xpath("string(dd)").split()) for row in page.xpath("//dl/div")
    }

    assert facts["Where"] == "Salle & Co"
    assert facts["Speakers"] == "AnaBo"
    assert facts["Language"] == "German, English"
    assert facts["Seats"] == "Filling up 1 seat left"
    assert page.xpath("//section[contains(@class,'abstract')]//strong/text()") == ["Gras"]
    assert page.xpath("//section[contains(@class,'abstract')]//script") == []
    assert page.xpath("//section[h2='Links and files']//a/@href") == ["https://example.org/"]


def test_session_page_shows_the_abstract_before_its_buttons(client, event):
    session = make_session(event, abstract="Le texte.", is_bookable=True, capacity=9)

    text = get_page(client, address(session)).text_content()

    assert text.index("Le texte.") < text.index("Seats must be booked") < text.index("Add to my programme")


def list_facts(page):
    return {row.xpath("string(dt)"): row.xpath("normalize-space(dd)") for row in page.xpath("//dl/div")}


def test_session_without_bookings_has_seats_but_none_left(client, event):
    session = make_session(event, capacity=24)

    assert list_facts(get_page(client, address(session)))["Seats"] == "24"
    assert "Seats left" not in client.get("/en/events/conf/agenda/").text


@pytest.mark.parametrize("is_bookable", [True, False])
def test_past_session_has_no_seats_left_and_takes_no_bookings(client, is_bookable):
    event = make_event(slug="conf", starts_at=timezone.now() - 5 * HOUR, ends_at=timezone.now() + 5 * HOUR)
    session = make_session(event, capacity=24, is_bookable=is_bookable)

    page = get_page(client, address(session))

    assert "Seats" not in list_facts(page)
    assert not page.xpath("//h2[.='Booking']")
    assert not page.xpath("//button[.='Add to my programme']")
    assert "Seats left" not in client.get("/en/events/conf/agenda/").text


def test_session_page_links_adjacent_sessions_of_room_and_track(client, event):
    room, track = make_room(event), make_track(event)
    first = make_session(event, "Avant", room=room)
    session = make_session(event, "Ici", room=room, track=track, starts_at=event.starts_at + HOUR)
    make_session(event, "Après", room=room, starts_at=event.starts_at + 2 * HOUR)
    make_session(event, "Fil", track=track, starts_at=event.starts_at + HOUR)
    make_session(make_event(), "Ailleurs", starts_at=event.starts_at + HOUR)
    page = get_page(client, address(session))

    navs = page.xpath("//nav[@class='adjacent-sessions']")

    assert [nav.xpath(".//a/span/text()") for nav in navs] == [["Avant", "Après"], ["Fil"]]
    assert get_page(client, address(first)).xpath("//a[@rel='prev']") == []


def test_session_page_shows_the_year(client, event):
    starts = datetime.datetime(2099, 6, 16, 7, 30, tzinfo=datetime.UTC)
    session = make_session(event, starts_at=starts)
    for prefix, said in (("", "mardi 16 juin 2099, 9 h 30"), ("/en", "Tuesday 16 June 2099, 9:30")):
        when = get_page(client, address(session), prefix).xpath("string(//dl/div[1]/dd)")
        assert " ".join(when.split()).startswith(said)


def test_a_session_names_a_known_kind_in_the_language_of_the_page(client, event):
    workshop, other = make_session(event, kind="Atelier"), make_session(event, "Autre", kind="Vis ma vie")
    for session, prefix, kind in (
        (workshop, "/en", "workshop"),
        (workshop, "", "atelier"),
        (other, "/en", "Vis ma vie"),
    ):
        assert get_page(client, address(session), prefix).xpath("//p[@class='kicker']/text()")[-1] == kind


def test_unscheduled_session_is_not_found_and_cancelled_one_has_a_warning(client, event):
    waiting = client.get(address(make_session(event, "Plus tard", starts_at=None)))

    assert waiting.status_code == 404

    gone = get_page(client, address(make_session(event, cancelled_at=event.starts_at)))

    assert gone.xpath("string(//div[contains(@class,'warning')])").strip() == "This session is cancelled."


def test_speakers_are_grouped_by_letter_and_have_their_own_page(client, event):
    make_session(event, "Une", speakers=("Élodie", "emma", "محمد", "42"))
    make_session(event, "Jamais", starts_at=None, speakers=("Absente",))

    page = get_page(client, "/events/conf/speakers/")

    assert page.xpath("//section/h2/text()") == ["#", "E", "م"]
    assert page.xpath("//ul[@class='speaker-list']/li/a/text()") == ["42", "Élodie", "emma", "محمد"]

    speaker = Speaker.objects.get(name="Élodie")
    Speaker.objects.filter(pk=speaker.pk).update(
        biography="<i>Bio</i><img src=x onerror=y>", url="javascript:x"
    )

    own = get_page(client, f"/events/conf/speakers/{speaker.guid}/")

    assert own.xpath("string(//h1)") == "Élodie"
    assert own.xpath("string(//i)") == "Bio"
    assert own.xpath("//img | //a[starts-with(@href, 'javascript')]") == []
    assert own.xpath("//article/h4/a/text()") == ["Une"]


def test_pages_of_other_events_are_not_found(client, event):
    other = make_session(make_event(slug="other"), speakers=("X",))
    speaker = Speaker.objects.get()
    for path in (address(other), f"/events/conf/speakers/{speaker.guid}/", "/events/none/agenda/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert html.fromstring(answer.text).xpath("string(//h1)") != ""


def test_speakers_page_and_session_page_have_bounded_query_counts(
    client, event, django_assert_max_num_queries
):
    for number in range(20):
        make_session(event, f"S{number}", speakers=(f"A{number}",))
    with django_assert_max_num_queries(6):
        client.get("/events/conf/speakers/")
    with django_assert_max_num_queries(16):
        client.get(address(Session.objects.first()))
