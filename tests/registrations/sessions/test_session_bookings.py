"""Session bookings: booking, release, swap, conflicts, calendars, and mails when a session changes."""

import datetime

import icalendar
import pytest
from django.utils import timezone

from convention.errors import NotOpenNow, SoldOut
from registrations.booking.join_waiting_list import join_session_list
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.permissions import make_own_secret
from registrations.sessions.booking import (
    SessionConflict,
    SessionNotBooked,
    book_session,
    leave_session,
    swap_session,
)
from registrations.sessions.notifications import notify_changed_sessions
from schedule.editing.sessions import cancel_session, restore_session
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.models import Session
from tests.factories import (
    make_event,
    make_member,
    make_order,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)
from tests.pdf_readers import pdf_text
from tests.registrations.test_pages import read_page_text
from tests.schedule.versions.timetables import publish_current_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="congress", name="La Convention")


@pytest.fixture
def person(event) -> Registration:
    return make_registration(make_ticket(event))


def make_bookable_session(event, title="Atelier", **fields) -> Session:
    return make_session(event, title, **{"capacity": 2, "is_bookable": True, **fields})


def count_reserved(session: Session) -> int:
    return Session.objects.get(pk=session.pk).reserved


def list_booked_titles(person: Registration) -> list[str]:
    seats = SessionBooking.objects.active().filter(registration=person)
    return list(seats.order_by("pk").values_list("session__title", flat=True))


def test_session_is_booked_once_and_released_once(event, person):
    session = make_bookable_session(event)
    seat = book_session(registration=person, session=session)

    assert book_session(registration=person, session=session) == seat
    assert count_reserved(session) == 1
    assert list_booked_titles(person) == ["Atelier"]

    before = Registration.objects.get(pk=person.pk).sequence
    leave_session(registration=person, session=session)

    assert count_reserved(session) == 0
    assert list_booked_titles(person) == []
    assert Registration.objects.get(pk=person.pk).sequence > before
    with pytest.raises(SessionNotBooked):
        leave_session(registration=person, session=session)


def test_full_session_cannot_be_booked(event, person):
    session = make_bookable_session(event, capacity=0)
    with pytest.raises(SoldOut, match="Atelier"):
        book_session(registration=person, session=session)


@pytest.mark.parametrize(
    "fields",
    [
        {"is_bookable": False},
        {"cancelled_at": timezone.now()},
        {"starts_at": timezone.now() - datetime.timedelta(hours=1)},
    ],
)
def test_session_not_open_for_booking_is_refused(event, person, fields):
    with pytest.raises(NotOpenNow):
        book_session(registration=person, session=make_bookable_session(event, **fields))


@pytest.mark.parametrize(
    "fields", [{"cancelled_at": timezone.now()}, {"confirmed_at": None, "hold_expires_at": None}]
)
def test_only_confirmed_registration_can_book(event, fields):
    person = make_registration(make_ticket(event), **fields)
    with pytest.raises(NotOpenNow):
        book_session(registration=person, session=make_bookable_session(event))


def test_conflicting_session_is_refused_and_can_be_swapped(event, person):
    first, second = make_bookable_session(event, "Un"), make_bookable_session(event, "Deux")
    book_session(registration=person, session=first)

    with pytest.raises(SessionConflict) as error:
        book_session(registration=person, session=second)
    assert error.value.conflicting_sessions == [first]

    swap_session(registration=person, old_sessions=[first], new_session=second)

    assert list_booked_titles(person) == ["Deux"]
    assert count_reserved(first) == 0
    assert count_reserved(second) == 1


@pytest.mark.parametrize("order", [("Un", "Plein"), ("Plein", "Un")])
def test_swap_for_full_session_keeps_old_booking(event, person, order):
    made = {
        title: make_bookable_session(event, title, capacity=0 if title == "Plein" else 2) for title in order
    }
    book_session(registration=person, session=made["Un"])

    with pytest.raises(SoldOut):
        swap_session(registration=person, old_sessions=[made["Un"]], new_session=made["Plein"])
    assert list_booked_titles(person) == ["Un"]
    assert count_reserved(made["Un"]) == 1


def test_cancellation_releases_bookings_and_offers_place_to_next_entry(event, person):
    session, other = (
        make_bookable_session(event, capacity=1),
        make_bookable_session(event, "Autre", capacity=0),
    )
    book_session(registration=person, session=session)
    join_session_list(registration=person, session=other)
    follower = make_registration(person.ticket, last_name="Nakamura")
    entry = join_session_list(registration=follower, session=session)

    cancel_registration(registration=person)

    entry.refresh_from_db()
    assert list_booked_titles(person) == []
    assert entry.state == "offered"
    assert count_reserved(session) == 1
    assert WaitingEntry.objects.active().get() == entry


def test_new_attendee_keeps_session_bookings(event, person):
    book_session(registration=person, session=make_bookable_session(event))
    new = Correction(first_name="Li", last_name="Na", email="li@example.org", company="X", no_photo=False)

    assert correct_registration(registration=person, correction=new).badge_version == 2
    assert list_booked_titles(person) == ["Atelier"]


def test_calendar_contains_booked_sessions(client, event, person):
    book_session(registration=person, session=make_bookable_session(event))
    found = icalendar.Calendar.from_ical(client.get(f"{person.order.manage_path}calendar.ics").content)

    assert [str(entry["summary"]) for entry in found.walk("VEVENT")] == ["La Convention", "Atelier"]


def test_printed_agenda_contains_booked_sessions(client, event, person):
    book_session(registration=person, session=make_bookable_session(event))
    make_bookable_session(event, "Autre chose")
    answer = client.get(f"{person.order.manage_path}{person.reference}/agenda.pdf")

    text = pdf_text(answer.content)

    assert "Atelier" in text
    assert "Autre chose" not in text
    assert "Zoé Müller" in text


def pop_mails(mailoutbox) -> list[tuple[str, str]]:
    found = [(message.to[0], message.subject) for message in mailoutbox]
    mailoutbox.clear()
    return found


def test_attendees_are_notified_once_of_each_change(event, person, run_tasks, mailoutbox):
    session, other = (
        make_bookable_session(event),
        make_bookable_session(event, "Plus tard", starts_at=event.starts_at + HOUR * 2),
    )
    for one in (session, other):
        book_session(registration=person, session=one)

    notify_changed_sessions()

    assert pop_mails(mailoutbox) == []

    move_session(session, other.starts_at)
    notify_changed_sessions()
    notify_changed_sessions()

    run_tasks()

    assert "Plus tard" in mailoutbox[0].body
    assert pop_mails(mailoutbox) == [("zoe@example.org", "Session déplacée\u202f: Atelier")]

    cancel_session(session=session)
    publish_current_draft(session)

    run_tasks()

    assert pop_mails(mailoutbox) == [("zoe@example.org", "Session annulée\u202f: Atelier")]

    restore_session(session=session)
    publish_current_draft(session)

    run_tasks()

    assert pop_mails(mailoutbox) == [("zoe@example.org", "De nouveau au programme\u202f: Atelier")]

    notify_changed_sessions()
    run_tasks()

    assert pop_mails(mailoutbox) == []


HOUR = datetime.timedelta(hours=1)


def move_session(session: Session, starts_at: datetime.datetime) -> None:
    Session.objects.filter(pk=session.pk).update(starts_at=starts_at, ends_at=starts_at + HOUR)


def test_schedule_import_does_not_change_bookings(client, event, person):
    session = make_bookable_session(event)
    book_session(registration=person, session=session)
    file = client.get(f"/events/{event.slug}/agenda.xml").content

    import_schedule(slug=event.slug, data=file.replace(b"Atelier", b"Atelier 2"))

    session.refresh_from_db()
    assert session.title == "Atelier 2"
    assert session.is_bookable
    assert session.reserved == 1
    assert session.capacity == 2


def test_page_books_swaps_and_releases_sessions(client, event, person):
    first, second = make_bookable_session(event, "Un"), make_bookable_session(event, "Deux")

    page = f"{person.order.manage_path}{person.reference}/sessions/"
    assert "Un" in client.get(page).text

    client.post(page, {"action": f"book:{first.number}"})

    assert f"swap:{second.number}:{first.number}" in client.get(page).text

    client.post(page, {"action": f"swap:{second.number}:{first.number}"})

    assert list_booked_titles(person) == ["Deux"]

    answer = client.post(page, {"action": f"leave:{second.number}"}, follow=True)

    assert list_booked_titles(person) == []
    assert "Place libérée\u202f: Deux" in answer.text
    assert "Deux" not in read_page_text(client.get(person.order.manage_path))


@pytest.mark.parametrize("action", ["", "book", "book:999", "dance:1", "book:²", f"book:{'9' * 5000}"])
def test_invalid_action_is_not_found_and_books_nothing(client, event, person, action):
    make_bookable_session(event)
    page = f"{person.order.manage_path}{person.reference}/sessions/"

    answer = client.post(page, {"action": action})

    assert answer.status_code == 404
    assert "Cette session est introuvable." in answer.text
    assert list_booked_titles(person) == []


@pytest.mark.parametrize("action", ["book:1", "book:1:x\0"])
def test_booking_cancelled_session_shows_error_and_books_nothing(client, event, person, action):
    make_bookable_session(event, cancelled_at=timezone.now())
    page = f"{person.order.manage_path}{person.reference}/sessions/"

    answer = client.post(page, {"action": action}, follow=True)

    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert list_booked_titles(person) == []


def test_attendee_link_opens_own_bookings_but_not_those_of_colleague(client, event, person):
    session = make_bookable_session(event)
    colleague = make_registration(person.ticket, order=person.order)
    path = person.order.build_path_with(make_own_secret(person))

    own, other = (f"{path}{one.reference}/sessions/" for one in (person, colleague))

    assert [client.get(page).status_code for page in (own, other)] == [200, 404]

    answers = [client.post(page, {"action": f"book:{session.number}"}) for page in (own, other)]

    assert [answer.status_code for answer in answers] == [302, 404]
    assert list_booked_titles(person) == ["Atelier"]
    assert list_booked_titles(colleague) == []


def test_order_link_cannot_open_bookings_of_another_order(client, event, person):
    colleague = make_registration(person.ticket, order=make_order(event))

    page = f"{person.order.manage_path}{colleague.reference}/sessions/"
    assert client.get(page).status_code == 404


def test_organizer_books_for_attendee_with_reason(client, event, person):
    session = make_bookable_session(event)
    client.force_login(make_staff(event))
    page = f"/organize/{event.slug}/registrations/{person.reference}/sessions/"

    client.post(page, {"action": f"book:{session.number}", "reason": "Par téléphone"})

    assert list_booked_titles(person) == ["Atelier"]
    one = client.get(f"/organize/{event.slug}/registrations/{person.reference}/").text
    assert "Par téléphone" in one
    assert "Atelier" in one


def test_organizer_cannot_reduce_capacity_below_bookings(client, event, person):
    session = make_bookable_session(event)
    book_session(registration=person, session=session)
    client.force_login(make_staff(event))
    page = f"/organize/{event.slug}/schedule/{session.number}/"

    answer = client.post(page, {"title": "Atelier", "capacity": "0", "is_bookable": "on", "seen": "{}"})

    assert "1 place est déjà prise." in answer.text


@pytest.mark.once
def test_session_page_links_to_own_bookings_or_to_link_request(client, event):
    session = make_bookable_session(event)
    member = make_member(email="ana@example.org")
    own = make_registration(make_ticket(event), email="ana@example.org")
    page = f"/events/congress/sessions/{session.guid}/"

    stranger = client.get(page).text
    client.force_login(member)
    known = client.get(page).text

    booking = f"/orders/{own.order.reference}/{make_own_secret(own)}/{own.reference}/sessions/"
    assert 'href="/orders/link/"' in stranger
    assert f'href="{booking}#s{session.number}"' in known
    assert client.get(booking).status_code == 200
