"""What the public pages and the order's page say of an attendee's own seats and waits."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from registrations.booking.join_waiting_list import join_session_list
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.links import replace_order_link
from registrations.changes.notifications import notify_changed_registrations
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.permissions import make_own_secret
from registrations.sessions.booking import book_session, swap_session
from schedule.models import PersonalAgenda
from schedule.permissions import get_attendee_cookie_name
from tests.factories import make_event, make_person, make_registration, make_session, make_ticket

pytestmark = pytest.mark.django_db
AGENDA_PATH = "/en/events/conf/agenda/"


@pytest.fixture
def event():
    return make_event(slug="conf", name="La Conf")


@pytest.fixture
def attendee(event):
    return make_registration(make_ticket(event), person=make_person())


@pytest.fixture
def session(event):
    return make_session(event, "Atelier", capacity=1, is_bookable=True)


@pytest.fixture
def member(client, attendee):
    client.force_login(attendee.person)
    return client


@pytest.fixture
def awaited_session(event, attendee, session):
    """Return a full session on whose waiting list the attendee is number 2."""
    ticket = attendee.ticket
    seated, first = make_registration(ticket), make_registration(ticket)
    book_session(registration=seated, session=session)
    for registration in (first, attendee):
        join_session_list(registration=registration, session=session)
    return session


def read_main(answer) -> str:
    [main] = html.fromstring(answer.text).xpath("//main")
    return " ".join(" ".join(main.itertext()).split())


def get_session_path(session) -> str:
    return f"{AGENDA_PATH.removesuffix('agenda/')}sessions/{session.guid}/"


def offer_seat(attendee) -> None:
    """Offer the seat that the attendee waits for."""
    now = timezone.now()
    WaitingEntry.objects.filter(registration=attendee).update(
        offered_at=now, offer_expires_at=now + datetime.timedelta(hours=24), offer_count=1
    )


def test_session_page_says_that_the_attendee_has_a_seat(member, attendee, session):
    book_session(registration=attendee, session=session)

    text = read_main(member.get(get_session_path(session)))

    assert "You have a seat in this session." in text
    assert "Change my bookings" in text
    assert "Book a seat" not in text


def test_button_to_book_is_the_only_primary_one_of_a_session(member, session):
    page = html.fromstring(member.get(get_session_path(session)).text)

    buttons = page.xpath("//article//*[contains(concat(' ', @class, ' '), ' button ')]")
    primary = [button for button in buttons if not {"quiet", "plain"} & set(button.get("class").split())]
    assert [button.text_content() for button in primary] == ["Book a seat"]
    assert not page.xpath("//h2[.='Book a seat']")


def test_session_page_does_not_show_a_seat_to_others(client, attendee, session):
    book_session(registration=attendee, session=session)
    client.force_login(make_person())

    text = read_main(client.get(get_session_path(session)))

    assert "You have a seat" not in text


def test_programme_opened_by_link_makes_the_session_page_show_the_seat(client, attendee, session):
    book_session(registration=attendee, session=session)
    client.post(f"{attendee.order.manage_path}{attendee.reference}/programme/")

    text = read_main(client.get(get_session_path(session)))

    assert "You have a seat in this session." in text


def open_programme(client: Client, registration, secret: str):
    """Open the programme from a page behind a link; return the tree of its page."""
    path = f"/en/orders/{registration.order.reference}/{secret}/{registration.reference}/programme/"
    return html.fromstring(client.post(path, follow=True).text)


def find_booking_links(page) -> list[str]:
    return page.xpath("//main//a[contains(@href, '/sessions/') and contains(@href, '/orders/')]/@href")


def test_programme_opened_by_link_leads_back_to_the_page_for_booking(client, attendee, session):
    secret = make_own_secret(attendee)

    page = open_programme(client, attendee, secret)

    own_page = f"/en/orders/{attendee.order.reference}/{secret}/{attendee.reference}/sessions/"
    assert find_booking_links(page) == [own_page]
    session_page = html.fromstring(client.get(get_session_path(session)).text)
    assert find_booking_links(session_page) == [f"{own_page}#s{session.number}"]


def test_buyers_programme_leads_back_by_the_link_that_opened_it(client, attendee, session):
    """The attendee's own link would show a company's contact the answers of a colleague."""
    page = open_programme(client, attendee, attendee.order.manage_secret)

    assert make_own_secret(attendee) not in html.tostring(page, encoding="unicode")
    assert [attendee.order.manage_secret in link for link in find_booking_links(page)] == [True]


def test_replaced_link_no_longer_leads_from_the_programme_to_bookings(client, attendee, session):
    open_programme(client, attendee, attendee.order.manage_secret)
    replace_order_link(order=attendee.order)

    page = html.fromstring(client.get(f"{AGENDA_PATH}mine/").text)

    assert find_booking_links(page) == []


@pytest.fixture
def given_place(client, attendee, session):
    """Return a seat's place that its buyer gave to Paul, after opening its programme on their device."""
    open_programme(client, attendee, attendee.order.manage_secret)
    correction = Correction(
        first_name="Paul", last_name="Roche", email="paul@example.org", company="", no_photo=False
    )
    given = correct_registration(registration=attendee, correction=correction)
    book_session(registration=given, session=session)
    return given


def test_device_of_the_buyer_does_not_show_the_next_attendees_seat(client, given_place, session):
    text = read_main(client.get(get_session_path(session)))

    assert "You have a seat" not in text


def test_device_of_the_buyer_is_not_recognized_as_the_next_attendee(client, given_place, session):
    page = html.fromstring(client.get(f"{AGENDA_PATH}mine/").text)

    assert find_booking_links(page) == []


def test_buyer_cannot_open_the_programme_of_the_next_attendee(client, given_place, session):
    open_programme(client, given_place, given_place.order.manage_secret)

    assert "You have a seat" not in read_main(client.get(get_session_path(session)))


def test_next_attendee_is_recognized_by_their_own_link(given_place, session):
    device = Client()
    open_programme(device, given_place, make_own_secret(given_place))

    text = read_main(device.get(get_session_path(session)))

    assert "You have a seat in this session." in text


def test_order_link_no_longer_leads_to_bookings_once_the_order_has_two_places(client, attendee, session):
    """With a second place in the order, its link is the buyer's, and no longer that of the only attendee."""
    open_programme(client, attendee, attendee.order.manage_secret)
    make_registration(attendee.ticket, order=attendee.order, email=attendee.order.email)

    page = html.fromstring(client.get(f"{AGENDA_PATH}mine/").text)

    assert find_booking_links(page) == []


def test_shared_programme_does_not_lead_to_bookings(client, attendee, session):
    open_programme(client, attendee, make_own_secret(attendee))
    personal_agenda = PersonalAgenda.objects.get()

    page = html.fromstring(Client().get(f"{AGENDA_PATH}mine/{personal_agenda.link_token}/").text)

    assert "A personal programme" in page.text_content()
    assert find_booking_links(page) == []


def test_programme_without_sessions_to_book_has_no_link_to_them(client, attendee, event):
    make_session(event, "Plénière")

    page = open_programme(client, attendee, make_own_secret(attendee))

    assert find_booking_links(page) == []


def test_session_page_tells_the_place_on_the_waiting_list(member, awaited_session):
    text = read_main(member.get(get_session_path(awaited_session)))

    assert "You are number 2 on the waiting list." in text
    assert "Join the waiting list" not in text


def test_page_of_a_full_session_tells_other_visitors_of_its_waiting_list(client, awaited_session):
    text = read_main(client.get(get_session_path(awaited_session)))

    assert "Registered attendees can join its waiting list" in text
    assert "Book a seat" not in text


def test_session_page_warns_of_a_booked_session_at_the_same_time(event, member, attendee, session):
    book_session(registration=attendee, session=session)
    other = make_session(event, "Parallèle", starts_at=session.starts_at)

    text = read_main(member.get(get_session_path(other)))

    assert "Runs at the same time as “Atelier” in your programme." in text


def test_star_is_answered_with_the_booked_session_at_the_same_time(event, member, attendee, session):
    book_session(registration=attendee, session=session)
    other = make_session(event, "Parallèle", starts_at=session.starts_at)

    answer = member.post(
        f"{AGENDA_PATH}choose/", {"add": str(other.guid)}, headers={"Accept": "application/json"}
    )

    assert answer.json()["message"].endswith("It clashes with: Atelier.")


@pytest.mark.parametrize("query", ["", "?q=atelier"])
def test_agenda_tags_the_booked_session(member, attendee, session, query):
    book_session(registration=attendee, session=session)

    page = html.fromstring(member.get(f"{AGENDA_PATH}{query}").text)

    assert page.xpath("//article[.//span[text()='Booked']]/h4/a/text()") == ["Atelier"]


def test_agenda_of_strangers_tags_nothing(client, attendee, session):
    book_session(registration=attendee, session=session)

    page = html.fromstring(client.get(AGENDA_PATH).text)

    assert page.xpath("//span[text()='Booked']") == []


def test_own_programme_lists_awaited_sessions(member, awaited_session):
    text = read_main(member.get(f"{AGENDA_PATH}mine/"))

    assert "Waiting lists Atelier You are number 2 on the waiting list." in text


def test_order_page_shows_an_offered_seat_first(client, attendee, awaited_session):
    offer_seat(attendee)

    page = html.fromstring(client.get(f"/en{attendee.order.manage_path}").text)

    [notice] = page.xpath("//div[contains(@class, 'notice')][contains(., 'A seat is held for you until')]")
    [link] = notice.xpath(".//a[starts-with(normalize-space(), 'Accept or decline')]/@href")
    assert link.endswith(f"{attendee.reference}/sessions/#s{awaited_session.number}")


def test_order_page_lists_awaited_sessions(client, attendee, awaited_session):
    text = read_main(client.get(f"/en{attendee.order.manage_path}"))

    assert "You are number 2 on the waiting list." in text


def test_expired_offer_is_not_shown(client, attendee, awaited_session):
    offer_seat(attendee)
    WaitingEntry.objects.update(offer_expires_at=timezone.now())

    text = read_main(client.get(f"/en{attendee.order.manage_path}"))

    assert "A seat is held for you" not in text


def test_attendee_without_star_subscribes_to_the_bookings(member, attendee, session):
    book_session(registration=attendee, session=session)
    page = html.fromstring(member.get(f"{AGENDA_PATH}mine/").text)
    [address] = page.xpath("//form[.//button[normalize-space()='Create my private link']]/@action")

    answer = member.post(address, follow=True)

    feed = html.fromstring(answer.text).xpath("string(//input[@id='feed-url']/@value)")
    calendar = Client().get(feed[feed.index("/events/") :]).text
    assert "SUMMARY:Atelier" in calendar


def get_sessions_path(registration) -> str:
    return f"/en{registration.order.manage_path}{registration.reference}/sessions/"


def test_release_of_a_seat_in_a_full_session_asks_first(client, attendee, session):
    book_session(registration=attendee, session=session)
    path, action = get_sessions_path(attendee), {"action": f"leave:{session.number}"}

    question = read_main(client.post(path, action))
    seats_before = attendee.session_bookings.active().count()
    client.post(path, {**action, "confirmed": "yes"})

    assert "The session is full: once released" in question
    assert seats_before == 1
    assert attendee.session_bookings.active().count() == 0


def test_release_of_an_awaited_seat_says_who_gets_it(client, attendee, awaited_session):
    seated = SessionBooking.objects.get(session=awaited_session).registration

    question = read_main(
        client.post(get_sessions_path(seated), {"action": f"leave:{awaited_session.number}"})
    )

    assert "goes to the next person on the waiting list" in question


def test_accepted_seat_names_the_seat_given_up(client, event, attendee, awaited_session):
    other = make_session(
        event, "Talk 100%", starts_at=awaited_session.starts_at, capacity=9, is_bookable=True
    )
    WaitingEntry.objects.filter(registration__isnull=False).exclude(registration=attendee).delete()
    book_session(registration=attendee, session=other)
    offer_seat(attendee)

    page = client.post(
        get_sessions_path(attendee),
        {"action": f"accept:{awaited_session.number}:{other.number}"},
        follow=True,
    )

    assert "Seat booked: Atelier. Released in exchange: Talk 100%." in read_main(page)


def test_mail_about_a_swap_names_the_seat_given_up(event, attendee, session, run_tasks, mailoutbox):
    other = make_session(event, "Talk", starts_at=session.starts_at, capacity=9, is_bookable=True)
    type(attendee.order).objects.update(language="en")
    book_session(registration=attendee, session=other)
    swap_session(registration=attendee, old_sessions=[other], new_session=session)
    mailoutbox.clear()

    changed_at = timezone.now() - datetime.timedelta(minutes=4)
    Registration.objects.filter(pk=attendee.pk).update(changed_at=changed_at)
    SessionBooking.objects.filter(session=other).update(
        booked_at=changed_at - datetime.timedelta(days=1), cancelled_at=changed_at
    )
    notify_changed_registrations()
    run_tasks()

    [mail] = mailoutbox
    assert "Released seats\n- Talk\n" in mail.body


def list_titles_of_programme(client) -> list[str]:
    return html.fromstring(client.get(f"{AGENDA_PATH}mine/").text).xpath("//article/h4/a/text()")


def test_booking_by_own_link_connects_the_device(client, attendee, session):
    path = f"/en{attendee.order.build_path_with(make_own_secret(attendee))}{attendee.reference}/sessions/"

    client.post(path, {"action": f"book:{session.number}"})

    assert list_titles_of_programme(client) == ["Atelier"]
    assert "You have a seat in this session." in read_main(client.get(get_session_path(session)))


@pytest.mark.parametrize("page", ["", "{reference}/sessions/"])
def test_opened_link_leads_the_programme_to_booking(client, attendee, session, page):
    own_path = f"/en{attendee.order.build_path_with(make_own_secret(attendee))}"

    client.get(own_path + page.format(reference=attendee.reference))

    assert "Book seats in sessions" in read_main(client.get(f"{AGENDA_PATH}mine/"))


def test_buyers_link_with_places_of_others_connects_no_device(client, attendee, session):
    make_registration(attendee.ticket, order=attendee.order)

    client.get(f"/en{attendee.order.manage_path}")
    client.post(get_sessions_path(attendee), {"action": f"book:{session.number}"})

    assert list_titles_of_programme(client) == []
    assert "Book seats in sessions" not in read_main(client.get(f"{AGENDA_PATH}mine/"))


def test_link_of_another_attendee_leaves_the_device_with_the_first(client, attendee, session):
    other = make_registration(attendee.ticket)
    client.get(f"/en{attendee.order.build_path_with(make_own_secret(attendee))}")
    cookie_name = get_attendee_cookie_name(attendee.event)
    first_cookie = client.cookies[cookie_name].value

    client.get(f"/en{other.order.build_path_with(make_own_secret(other))}")

    assert client.cookies[cookie_name].value == first_cookie


def test_empty_programme_says_where_booked_sessions_are(client, session):
    page = html.fromstring(client.get(f"{AGENDA_PATH}mine/").text)

    assert "Booked sessions? Open “My programme” from your registration." in page.text_content()
    assert page.xpath("//main//a[normalize-space()='Find your registration']")


def find_stars(answer, session) -> list[str]:
    """Return whether each star of the session is pressed."""
    return html.fromstring(answer.text).xpath(f"//button[@value='{session.guid}']/@aria-pressed")


def test_booked_session_has_no_empty_star_in_own_programme(member, attendee, session):
    book_session(registration=attendee, session=session)
    PersonalAgenda.objects.all().delete()

    page = member.get(f"{AGENDA_PATH}mine/")

    assert "Booked" in read_main(page)
    assert find_stars(page, session) == []


def test_booked_session_keeps_its_star_in_own_programme(member, attendee, session):
    member.post(f"{AGENDA_PATH}choose/", {"add": str(session.guid)})
    book_session(registration=attendee, session=session)

    page = member.get(f"{AGENDA_PATH}mine/")

    assert find_stars(page, session) == ["true"]


def test_page_of_a_booked_session_does_not_offer_to_add_it_to_the_programme(member, attendee, session):
    book_session(registration=attendee, session=session)
    PersonalAgenda.objects.all().delete()

    page = member.get(f"/en/events/conf/sessions/{session.guid}/")

    assert "You have a seat in this session." in read_main(page)
    assert find_stars(page, session) == []


def test_page_of_a_booked_session_with_a_star_offers_to_remove_it(member, attendee, session):
    member.post(f"{AGENDA_PATH}choose/", {"add": str(session.guid)})
    book_session(registration=attendee, session=session)

    page = member.get(f"/en/events/conf/sessions/{session.guid}/")

    assert find_stars(page, session) == ["true"]
