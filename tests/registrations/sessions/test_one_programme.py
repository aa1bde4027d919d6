"""One programme of bookings and stars: page, print and calendar, with the conflicts between them."""

import icalendar
import pytest
from django.test import Client
from lxml import html

from registrations.models import AgendaLink
from registrations.sessions.booking import book_session, leave_session
from tests.factories import make_event, make_person, make_registration, make_session, make_ticket
from tests.pdf_readers import pdf_text

pytestmark = pytest.mark.django_db
MINE = "/en/events/conf/agenda/mine/"


@pytest.fixture
def event():
    return make_event(slug="conf", name="La Conf")


@pytest.fixture
def attendee(event):
    return make_registration(make_ticket(event), person=make_person())


@pytest.fixture
def booked(event, attendee):
    session = make_session(event, "Atelier réservé", capacity=9, is_bookable=True, abstract="Le texte.")
    book_session(registration=attendee, session=session)
    return session


@pytest.fixture
def starred(event, booked):
    return make_session(event, "Choisie en même temps", starts_at=booked.starts_at)


@pytest.fixture
def member(client, attendee, starred):
    """A browser of the signed-in attendee, with a star."""
    client.force_login(attendee.person)
    client.post("/events/conf/agenda/choose/", {"add": str(starred.guid)})
    return client


def get_page(client, path=MINE):
    return html.fromstring(client.get(path).text)


def titles(page):
    return page.xpath("//article/h4/a/text()")


def test_the_page_has_stars_and_bookings_with_their_conflict(member):
    page = get_page(member)

    assert titles(page) == ["Atelier réservé", "Choisie en même temps"]
    assert page.xpath("//article[.//span[text()='Booked']]/h4/a/text()") == ["Atelier réservé"]
    conflicts = [" ".join(row.text_content().split()) for row in page.xpath("//p[@class='conflict']")]
    assert conflicts == [
        "At the same time: Choisie en même temps", "At the same time: Atelier réservé (booked)"
    ]  # fmt: skip


def test_a_booking_needs_no_star_and_goes_when_it_is_given_up(client, attendee, booked):
    client.force_login(attendee.person)
    before = titles(get_page(client))
    leave_session(registration=attendee, session=booked)

    assert before == ["Atelier réservé"]
    assert titles(get_page(client)) == []


def test_the_link_of_the_order_opens_the_programme_without_an_account(client, attendee, booked, starred):
    client.post("/events/conf/agenda/choose/", {"add": str(starred.guid)})
    order = attendee.order
    page = html.fromstring(client.get(f"/en{order.manage_path}").text)
    [address] = page.xpath("//form[@id='programme']/@action")

    opened = client.post(address, follow=True)
    first_device = titles(html.fromstring(opened.text))
    other = Client()
    second_device = titles(html.fromstring(other.post(address, follow=True).text))

    assert opened.redirect_chain == [(MINE, 302)]
    assert first_device == ["Atelier réservé", "Choisie en même temps"]
    assert second_device == ["Atelier réservé"]
    assert AgendaLink.objects.filter(registration=attendee).count() == 2


def test_others_do_not_see_the_bookings(client, attendee, booked):
    assert titles(get_page(client)) == []
    client.force_login(make_person())
    assert titles(get_page(client)) == []


def test_the_calendar_has_both_and_names_the_conflict(member):
    address = get_page(member).xpath("string(//input[@id='feed-url']/@value)")

    calendar = icalendar.Calendar.from_ical(
        Client().get("/en" + address[address.index("/events/") :]).content
    )

    texts = {str(entry["SUMMARY"]): str(entry["DESCRIPTION"]) for entry in calendar.walk("VEVENT")}
    assert texts["Choisie en même temps"] == "At the same time: Atelier réservé (booked)."
    assert texts["Atelier réservé"].startswith("Booked. At the same time: Choisie en même temps.")
    assert texts["Atelier réservé"].endswith("Le texte.")


def test_the_calendar_changes_with_a_booking(member, attendee, booked):
    address = get_page(member).xpath("string(//input[@id='feed-url']/@value)")
    address = address[address.index("/events/") :]
    etag = Client().get(address)["ETag"]
    unchanged = Client().get(address, headers={"If-None-Match": etag})

    leave_session(registration=attendee, session=booked)

    assert unchanged.status_code == 304
    assert Client().get(address, headers={"If-None-Match": etag}).status_code == 200


def test_a_shared_page_does_not_show_the_bookings_of_its_visitor(member, event):
    other = Client()
    session = make_session(event, "D’une autre personne")
    other.post("/events/conf/agenda/choose/", {"add": str(session.guid)})
    address = get_page(other).xpath("string(//input[@id='page-url']/@value)")

    page = get_page(member, "/en" + address[address.index("/events/") :])

    assert titles(page) == ["D’une autre personne"]


def test_the_print_of_the_page_has_both(member):
    text = pdf_text(member.get("/en/events/conf/agenda/mine.pdf").content)

    assert "Choisie en même temps" in text
    assert "Booked." in text
    assert "At the same time: Atelier réservé (booked)." in " ".join(text.split())


def test_an_empty_programme_is_not_printed(client, event):
    assert client.get("/events/conf/agenda/mine.pdf").status_code == 404


def test_the_print_of_a_registration_has_the_stars_of_its_agenda(member, attendee):
    path = f"{attendee.order.manage_path}{attendee.reference}/agenda.pdf"

    text = pdf_text(member.get(path).content)

    assert "Choisie en même temps" in text


def test_booking_by_ones_own_link_joins_the_stars_of_the_device(client, event, attendee, starred):
    client.post("/events/conf/agenda/choose/", {"add": str(starred.guid)})
    later = make_session(event, "Plus tard", starts_at=starred.ends_at, capacity=3, is_bookable=True)

    path = f"{attendee.order.manage_path}{attendee.reference}/sessions/"
    client.post(path, {"act": f"book:{later.number}"})

    assert AgendaLink.objects.get().registration == attendee
    assert titles(get_page(client)) == ["Atelier réservé", "Choisie en même temps", "Plus tard"]


def test_queries_of_the_page_do_not_grow(member, event, attendee, django_assert_max_num_queries):
    for number in range(12):
        session = make_session(event, f"S{number}", capacity=9, is_bookable=True, starts_at=event.ends_at)
        if number % 4 == 0:
            event.sessions.filter(pk=session.pk).update(starts_at=event.starts_at)
        member.post("/events/conf/agenda/choose/", {"add": str(session.guid)})

    with django_assert_max_num_queries(22):
        member.get(MINE)
