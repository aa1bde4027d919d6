"""Board pages without JavaScript: the session list and the command forms."""

import datetime

import pytest
from django.test import Client
from lxml import html

from convention.events.models import Event
from schedule.models import Move, Session, Slot
from tests.factories import make_administrator, make_event, make_room, make_session, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BOARD = "/en/organize/x/schedule/board/"
STARTS_AT = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)


@pytest.fixture
def event() -> Event:
    return make_event(slug="x", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(hours=8))


@pytest.fixture
def organizer(event, client) -> Client:
    client.force_login(make_staff(event))
    return client


def list_errors(response):
    page = html.fromstring(response.text)
    return page.xpath("//ul[contains(@class, 'errorlist')]/li/text() | //*[@id='error-summary']/p/text()")


def test_board_without_scripts_lists_draft_sessions_with_links_to_their_forms(organizer, event):
    placed = make_session(event, "Le réseau", room=make_room(event), speakers=("Ana",))
    unplaced = make_session(event, "Plus tard", starts_at=None)

    page = html.fromstring(organizer.get(BOARD).text)

    links = page.xpath("//div[@id='board-list']//a/@href")
    assert links == [f"/en/organize/x/schedule/{session.number}/" for session in (placed, unplaced)]
    cells = [" ".join(cell.text_content().split()) for cell in page.xpath("//tbody/tr/*")]
    assert cells == ["Tue 15 Jun 9:00–9:50", "Le réseauAna", "Auditorium"]


def test_board_without_rooms_or_sessions_says_what_to_add_first(organizer, event):
    without_rooms = html.fromstring(organizer.get(BOARD).text)
    make_room(event)
    without_sessions = html.fromstring(organizer.get(BOARD).text)

    links = "//div[@id='board-page']/div[@class='notice']//a/@href"
    assert without_rooms.xpath(links) == ["/en/organize/x/rooms/"]
    assert without_sessions.xpath(links) == ["/en/organize/x/schedule/board/paste/"]


def test_form_shifts_sessions_of_a_half_day(organizer, event):
    session = make_session(event)

    response = organizer.post(f"{BOARD}block/", {"day": "2027-06-15", "part": "morning", "minutes": "15"})

    assert response["Location"] == f"{BOARD}?day=2027-06-15"
    assert Slot.objects.get(session=session).starts_at == STARTS_AT + datetime.timedelta(minutes=15)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"day": "2027-06-15", "part": "all"},
        {"day": "2027-06-15", "part": "all", "minutes": "15", "to_day": "2027-06-15"},
        {"day": "2027-06-15", "part": "all", "minutes": "100000"},
        {"day": "1999-01-01", "part": "all", "minutes": "15"},
        {"day": "2027-06-15", "part": "night", "minutes": "15"},
        {"day": "2027-06-15", "part": "afternoon", "minutes": "15"},
    ],
)
def test_invalid_shift_is_refused_with_an_error(organizer, event, data):
    session = make_session(event)

    response = organizer.post(f"{BOARD}block/", data)

    assert response.status_code == 200
    assert list_errors(response)
    assert Slot.objects.get(session=session).starts_at == STARTS_AT


def test_plenary_is_added_by_form_in_the_time_zone_of_the_event(organizer, event):
    data = {"title": "Ouverture", "role": "plenary", "starts_at": "2027-06-15T09:30", "minutes": "45"}

    response = organizer.post(f"{BOARD}break/", data)

    session = Session.objects.get()
    assert response["Location"] == f"{BOARD}?day=2027-06-15"
    assert session.role == Session.Role.PLENARY
    assert session.slots.get().starts_at == STARTS_AT + datetime.timedelta(minutes=30)


@pytest.fixture
def long_event(event) -> Event:
    """Extend the event to three days."""
    event.ends_at = STARTS_AT + datetime.timedelta(days=2, hours=8)
    event.save()
    return event


def test_break_on_each_day_is_one_batch_and_redirects_to_its_day(organizer, long_event):
    data = {"title": "Pause", "role": "break", "starts_at": "2027-06-16T12:00", "minutes": "45"}

    response = organizer.post(f"{BOARD}break/", data | {"on_each_day": "on"})

    slots = Slot.objects.order_by("starts_at")
    noon = datetime.datetime(2027, 6, 15, 10, tzinfo=datetime.UTC)
    assert [slot.starts_at - noon for slot in slots] == [datetime.timedelta(days=day) for day in range(3)]
    assert Move.objects.values("batch").distinct().count() == 1
    assert response["Location"] == f"{BOARD}?day=2027-06-16"


def test_a_break_far_from_the_event_is_not_created_on_each_day(organizer, long_event):
    data = {"title": "Pause", "role": "break", "starts_at": "9999-12-31T23:30", "minutes": "45"}

    response = organizer.post(f"{BOARD}break/", data | {"on_each_day": "on"})

    assert list_errors(response) == ["That is more than two months from the event. Check the dates."]
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("query", "proposed"),
    [
        ("?day=2027-06-16", "2027-06-16T09:00"),
        ("", "2027-06-15T09:00"),
        ("?day=1999-01-01", "2027-06-15T09:00"),
        ("?day=x", "2027-06-15T09:00"),
    ],
)
def test_break_form_defaults_to_the_day_shown_on_the_board(organizer, long_event, query, proposed):
    page = html.fromstring(organizer.get(f"{BOARD}break/{query}").text)

    assert page.xpath("//input[@name='starts_at']/@value") == [proposed]


def test_board_links_to_publishing_and_automatic_schedule(organizer, event):
    page = html.fromstring(organizer.get(BOARD).text)

    links = page.xpath("//div[@class='page-head']//a/@href")
    assert "/en/organize/x/schedule/publish/" in links
    assert "/en/organize/x/schedule/plan/" in links


def test_break_years_after_the_event_is_not_created(organizer, event):
    data = {"title": "Pause", "role": "break", "starts_at": "2031-06-15T09:30", "minutes": "45"}

    response = organizer.post(f"{BOARD}break/", data)

    assert list_errors(response) == ["That is more than two months from the event. Check the dates."]
    assert not Session.objects.exists()


def test_pasted_table_is_previewed_before_sessions_are_created(organizer, event):
    data = {"table": "Un\tAna\t30\nDeux\tZoé\t45\n"}

    preview = html.fromstring(organizer.post(f"{BOARD}paste/", data).text)
    created_by_preview = Session.objects.count()
    button = {"create": preview.xpath("//button[@name='create']/@value")[0]}
    response = organizer.post(f"{BOARD}paste/", data | button)

    assert preview.xpath("//tbody/tr/th/text()") == ["Un", "Deux"]
    assert created_by_preview == 0
    assert response["Location"] == BOARD
    assert [session.title for session in Session.objects.order_by("number")] == ["Un", "Deux"]


def test_a_pasted_table_sent_twice_creates_its_sessions_once(organizer, event):
    data = {"table": "Un\tAna\t30\n"}
    preview = html.fromstring(organizer.post(f"{BOARD}paste/", data).text)
    button = {"create": preview.xpath("//button[@name='create']/@value")[0]}
    organizer.post(f"{BOARD}paste/", data | button)

    again = organizer.post(f"{BOARD}paste/", data | button)

    assert "Sessions were added in the meantime" in again.text
    assert Session.objects.count() == 1


def test_a_pasted_table_with_an_error_is_not_created(organizer, event):
    response = organizer.post(f"{BOARD}paste/", {"table": "Un\tAna\tbientôt\n", "create": "1"})

    assert "“bientôt” is not a length in minutes." in html.fromstring(response.text).text_content()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", "Paste at least one line."),
        (" \n\t", "Paste at least one line."),
        ("Title\tSpeakers\n", "Paste at least one line."),
        ('"Un\nDeux', "A quotation mark opens a cell in line 1 and is never closed."),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_invalid_pasted_table_is_refused_with_an_error(organizer, event, table, sentence):
    response = organizer.post(f"{BOARD}paste/", {"table": table, "create": "1"})

    assert list_errors(response) == [sentence]
    assert not Session.objects.exists()


def test_frame_of_an_event_without_access_cannot_be_copied(organizer, event):
    other = make_event()
    make_room(other)

    response = organizer.post(f"{BOARD}frame/", {"source": other.pk})

    assert response.status_code == 200
    assert not event.rooms.exists()


def test_an_administrator_copies_the_frame_of_another_event(event, client):
    other = make_event()
    make_room(other)
    client.force_login(make_administrator())

    response = client.post(f"{BOARD}frame/", {"source": other.pk})

    assert response["Location"] == BOARD
    assert [room.name for room in event.rooms.all()] == ["Auditorium"]


@pytest.mark.parametrize(
    ("prefix", "sentences"),
    [
        (
            "/en",
            [
                "Copied: 2 rooms and 1 break or plenary.",
                "Nothing was copied: this event already has these rooms, breaks and plenaries.",
            ],
        ),
        (
            "",
            [
                "Copie terminée\u202f: 2 salles et 1 pause ou plénière.",
                "Rien à copier\u202f: cet événement a déjà ces salles, pauses et plénières.",
            ],
        ),
    ],
)
def test_frame_copy_message_counts_created_rooms_and_breaks(event, client, prefix, sentences):
    other = make_event(starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(hours=8))
    make_room(other)
    make_room(other, "Salle Curie")
    make_session(other, "Pause", role="break", starts_at=STARTS_AT)
    client.force_login(make_administrator())
    address = f"{prefix}/organize/x/schedule/board/frame/"

    pages = [client.post(address, {"source": other.pk}, follow=True) for _time in range(2)]

    assert [str(message) for page in pages for message in page.context["messages"]] == sentences
