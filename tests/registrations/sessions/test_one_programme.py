"""The personal programme of booked and starred sessions: page, PDF and calendar, with conflicts."""

import icalendar
import pytest
from django.test import Client
from lxml import html

from registrations.changes.cancel import cancel_registration
from registrations.models import AgendaLink, Registration
from registrations.sessions.booking import book_session, leave_session
from schedule.models import PersonalAgenda
from tests.factories import make_event, make_person, make_registration, make_session, make_ticket
from tests.pdf_readers import pdf_text

pytestmark = pytest.mark.django_db
AGENDA_PATH = "/en/events/conf/agenda/mine/"
PROGRAMME_FORMS = "//form[starts-with(@id, 'programme-')]/@action"


@pytest.fixture
def event():
    return make_event(slug="conf", name="La Conf")


@pytest.fixture
def attendee(event):
    return make_registration(make_ticket(event), person=make_person())


@pytest.fixture
def booked_session(event, attendee):
    session = make_session(event, "Atelier réservé", capacity=9, is_bookable=True, abstract="Le texte.")
    book_session(registration=attendee, session=session)
    return session


@pytest.fixture
def starred_session(event, booked_session):
    return make_session(event, "Choisie en même temps", starts_at=booked_session.starts_at)


@pytest.fixture
def member(client, attendee, starred_session):
    """Return a client of the signed-in attendee, who starred a session."""
    client.force_login(attendee.person)
    client.post("/events/conf/agenda/choose/", {"add": str(starred_session.guid)})
    return client


def get_page(client, path=AGENDA_PATH):
    return html.fromstring(client.get(path).text)


def list_titles(page):
    return page.xpath("//article/h4/a/text()")


def test_page_shows_starred_and_booked_sessions_with_conflict(member):
    page = get_page(member)

    assert list_titles(page) == ["Atelier réservé", "Choisie en même temps"]
    assert page.xpath("//article[.//span[text()='Booked']]/h4/a/text()") == ["Atelier réservé"]
    conflicts = [" ".join(row.text_content().split()) for row in page.xpath("//p[@class='conflict']")]
    assert conflicts == [
        "At the same time: Choisie en même temps", "At the same time: Atelier réservé (booked)"
    ]  # fmt: skip


def test_booked_session_is_shown_without_star_until_it_is_released(client, attendee, booked_session):
    client.force_login(attendee.person)
    before = list_titles(get_page(client))
    leave_session(registration=attendee, session=booked_session)

    assert before == ["Atelier réservé"]
    assert list_titles(get_page(client)) == []


def test_order_link_opens_programme_without_account(client, attendee, booked_session, starred_session):
    client.post("/events/conf/agenda/choose/", {"add": str(starred_session.guid)})
    order = attendee.order
    page = html.fromstring(client.get(f"/en{order.manage_path}").text)
    [address] = page.xpath(PROGRAMME_FORMS)

    opened = client.post(address, follow=True)
    first_device = list_titles(html.fromstring(opened.text))
    other = Client()
    second_device = list_titles(html.fromstring(other.post(address, follow=True).text))

    assert opened.redirect_chain == [(AGENDA_PATH, 302)]
    assert first_device == ["Atelier réservé", "Choisie en même temps"]
    assert second_device == ["Atelier réservé"]
    assert AgendaLink.objects.filter(registration=attendee).count() == 2


def open_programme(client, registration):
    """Press “My programme” on the page of the registration and return the page that opens."""
    path = f"/en{registration.order.manage_path}{registration.reference}/programme/"
    return html.fromstring(client.post(path, follow=True).text)


def test_programme_follows_new_registration_after_cancellation(client, event, attendee, booked_session):
    open_programme(client, attendee)
    cancel_registration(registration=attendee)
    again = make_registration(attendee.ticket)
    book_session(registration=again, session=booked_session)

    page = open_programme(client, again)

    assert page.xpath("//article[.//span[text()='Booked']]/h4/a/text()") == ["Atelier réservé"]
    assert AgendaLink.objects.get().registration == again


def test_programme_shows_bookings_of_the_registration_opened_last(client, event, attendee, booked_session):
    other_session = make_session(event, "Second atelier", capacity=9, is_bookable=True)
    second = make_registration(attendee.ticket)
    book_session(registration=second, session=other_session)

    titles = [list_titles(open_programme(client, row)) for row in (attendee, second, attendee)]

    assert titles == [["Atelier réservé"], ["Second atelier"], ["Atelier réservé"]]


def test_stars_stay_when_the_second_registration_is_opened(client, attendee, starred_session):
    open_programme(client, attendee)
    client.post("/events/conf/agenda/choose/", {"add": str(starred_session.guid)})
    second = make_registration(attendee.ticket)

    titles = list_titles(open_programme(client, second))

    assert titles == ["Choisie en même temps"]


def test_programme_stays_with_active_registration_while_the_second_one_books(client, event, attendee):
    open_programme(client, attendee)
    second = make_registration(attendee.ticket)
    session = make_session(event, "Atelier", capacity=3, is_bookable=True)

    path = f"{second.order.manage_path}{second.reference}/sessions/"
    client.post(path, {"action": f"book:{session.number}"})

    assert AgendaLink.objects.get().registration == attendee


def test_opening_a_cancelled_registration_leaves_programme_with_the_active_one(client, attendee):
    second = make_registration(attendee.ticket)
    open_programme(client, attendee)
    cancel_registration(registration=second)

    open_programme(client, second)

    assert AgendaLink.objects.get().registration == attendee


def test_programme_of_another_person_on_same_device_is_separate(client, event, attendee, starred_session):
    open_programme(client, attendee)
    client.post("/events/conf/agenda/choose/", {"add": str(starred_session.guid)})
    other = make_registration(attendee.ticket, first_name="Jean", last_name="Roux", email="jean@example.org")

    others_titles = list_titles(open_programme(client, other))
    own_titles = list_titles(open_programme(client, attendee))

    assert others_titles == []
    assert own_titles == ["Atelier réservé", "Choisie en même temps"]


def test_relatives_with_one_address_have_programmes_of_their_own(client, attendee, starred_session):
    open_programme(client, attendee)
    client.post("/events/conf/agenda/choose/", {"add": str(starred_session.guid)})
    name = {"first_name": "Paul", "last_name": attendee.last_name}
    other = make_registration(attendee.ticket, email=attendee.email, **name)

    titles = list_titles(open_programme(client, other))

    assert titles == []


def test_programme_of_cancelled_registration_stays_its_owners(client, attendee):
    open_programme(client, attendee)
    cancel_registration(registration=attendee)
    other = make_registration(attendee.ticket, first_name="Jean", last_name="Roux", email="jean@example.org")

    open_programme(client, other)

    assert attendee.agenda_links.count() == 1
    assert other.agenda_links.count() == 1


def test_booking_by_link_does_not_change_programme_of_another_person(client, event, attendee):
    open_programme(client, attendee)
    session = make_session(event, "Atelier", capacity=3, is_bookable=True)
    other = make_registration(attendee.ticket, first_name="Jean", last_name="Roux", email="jean@example.org")

    path = f"{other.order.manage_path}{other.reference}/sessions/"
    client.post(path, {"action": f"book:{session.number}"})

    assert list_titles(get_page(client)) == []
    assert other.session_bookings.count() == 1


@pytest.fixture
def buyers_place(attendee, booked_session):
    """Return the buyer's own place in the order that also has the attendee's."""
    buyer = {"first_name": "Jean", "last_name": "Roux", "email": attendee.order.email}
    own = make_registration(attendee.ticket, order=attendee.order, **buyer)
    book_session(registration=own, session=booked_session)
    return own


def test_buyer_of_several_places_opens_own_programme_only(client, buyers_place):
    page = html.fromstring(client.get(f"/en{buyers_place.order.manage_path}").text)

    [address] = page.xpath(PROGRAMME_FORMS)
    opened = client.post(address, follow=True)

    assert buyers_place.reference in address
    assert list_titles(html.fromstring(opened.text)) == ["Atelier réservé"]
    assert AgendaLink.objects.get().registration == buyers_place


def test_buyer_of_several_places_opens_own_programme_from_sessions(client, buyers_place):
    path = f"/en{buyers_place.order.manage_path}{buyers_place.reference}/sessions/"

    page = html.fromstring(client.get(path).text)

    assert len(page.xpath("//button[@form='programme']")) == 1


def test_buyer_does_not_open_programme_of_another_attendee(client, buyers_place, attendee):
    path = f"/en{attendee.order.manage_path}{attendee.reference}"

    answer = client.post(f"{path}/programme/")

    assert answer["Location"] == f"{path}/sessions/"
    assert not AgendaLink.objects.exists()


def test_other_visitors_do_not_see_bookings(client, attendee, booked_session):
    assert list_titles(get_page(client)) == []

    client.force_login(make_person())

    assert list_titles(get_page(client)) == []


def test_calendar_has_starred_and_booked_sessions_and_names_conflict(member):
    address = get_page(member).xpath("string(//input[@id='feed-url']/@value)")

    calendar = icalendar.Calendar.from_ical(
        Client().get("/en" + address[address.index("/events/") :]).content
    )

    texts = {str(entry["SUMMARY"]): str(entry["DESCRIPTION"]) for entry in calendar.walk("VEVENT")}
    assert texts["Choisie en même temps"] == "At the same time: Atelier réservé (booked)."
    assert texts["Atelier réservé"].startswith("Booked. At the same time: Choisie en même temps.")
    assert texts["Atelier réservé"].endswith("Le texte.")


def test_calendar_etag_changes_with_booking(member, attendee, booked_session):
    address = get_page(member).xpath("string(//input[@id='feed-url']/@value)")
    address = address[address.index("/events/") :]
    etag = Client().get(address)["ETag"]
    unchanged = Client().get(address, headers={"If-None-Match": etag})

    leave_session(registration=attendee, session=booked_session)

    assert unchanged.status_code == 304
    assert Client().get(address, headers={"If-None-Match": etag}).status_code == 200


def test_shared_page_does_not_show_bookings_of_its_visitor(member, event):
    other = Client()
    session = make_session(event, "D’une autre personne")
    other.post("/events/conf/agenda/choose/", {"add": str(session.guid)})
    address = get_page(other).xpath("string(//input[@id='page-url']/@value)")

    page = get_page(member, "/en" + address[address.index("/events/") :])

    assert list_titles(page) == ["D’une autre personne"]


def test_printed_page_has_starred_and_booked_sessions(member):
    text = pdf_text(member.get("/en/events/conf/agenda/mine.pdf").content)

    assert "Choisie en même temps" in text
    assert "Booked." in text
    assert "At the same time: Atelier réservé (booked)." in " ".join(text.split())


def test_pdf_of_empty_programme_is_not_found(client, event):
    assert client.get("/events/conf/agenda/mine.pdf").status_code == 404


def test_agenda_pdf_of_registration_has_starred_sessions(member, attendee):
    path = f"{attendee.order.manage_path}{attendee.reference}/agenda.pdf"

    text = pdf_text(member.get(path).content)

    assert "Choisie en même temps" in text


def test_booking_by_link_adds_starred_sessions_of_the_device(client, event, attendee, starred_session):
    client.post("/events/conf/agenda/choose/", {"add": str(starred_session.guid)})
    later = make_session(event, "Plus tard", starts_at=starred_session.ends_at, capacity=3, is_bookable=True)

    path = f"{attendee.order.manage_path}{attendee.reference}/sessions/"
    client.post(path, {"action": f"book:{later.number}"})

    assert AgendaLink.objects.get().registration == attendee
    assert list_titles(get_page(client)) == ["Atelier réservé", "Choisie en même temps", "Plus tard"]


def test_each_session_booked_by_link_is_starred_on_a_fresh_device(client, event, attendee):
    Registration.objects.update(email=attendee.order.email)
    first = make_session(event, "Premier", capacity=9, is_bookable=True)
    second = make_session(event, "Second", starts_at=first.ends_at, capacity=9, is_bookable=True)

    path = f"{attendee.order.manage_path}{attendee.reference}/sessions/"
    for session in (first, second):
        client.post(path, {"action": f"book:{session.number}"})

    starred = PersonalAgenda.objects.get().sessions.order_by("number")
    assert list(starred) == [first, second]


def test_page_queries_do_not_grow_with_sessions(member, event, attendee, django_assert_max_num_queries):
    for number in range(12):
        session = make_session(event, f"S{number}", capacity=9, is_bookable=True, starts_at=event.ends_at)
        if number % 4 == 0:
            event.sessions.filter(pk=session.pk).update(starts_at=event.starts_at)
        member.post("/events/conf/agenda/choose/", {"add": str(session.guid)})

    with django_assert_max_num_queries(23):
        member.get(AGENDA_PATH)
