"""Sessions for members only: booking, visibility, notifications, and transfer to non-members."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from convention.club.models import Seat
from registrations.booking.join_waiting_list import join_session_list
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.substitute import substitute_attendee
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.order_request import RequestedPlace
from registrations.permissions import make_own_secret
from registrations.sessions.booking import MembersOnlySession, book_session, leave_session, swap_session
from registrations.sessions.notifications import notify_changed_sessions
from registrations.sessions.printed_agendas import AgendaSelection, AttendeeAgendas, select_attendees
from schedule.models import Session
from tests.factories import make_event, make_member, make_person, make_session, make_staff
from tests.schedule.versions.timetables import change_slot, publish_current_draft
from tests.site_objects import make_client

from .attendees import list_mails, make_follower, make_holder, make_workshop, star_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="conf")


@pytest.fixture
def session(event) -> Session:
    return make_workshop(event, "Conclave", is_for_members=True)


@pytest.fixture
def member(event) -> Registration:
    return make_holder(event, person=make_member(), email="member@example.org")


@pytest.fixture
def guest(event) -> Registration:
    return make_holder(event, person=make_person(), email="guest@example.org")


def get_path(registration: Registration) -> str:
    order = registration.order
    return f"/en/orders/{order.reference}/{make_own_secret(registration)}/{registration.reference}/sessions/"


def list_titles(client: Client, path: str) -> list[str]:
    page = html.fromstring(client.get(path).text)
    return [title.text_content() for title in page.xpath("//*[@class='listing-title']")]


def end_membership(registration: Registration) -> None:
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Seat.objects.filter(person=registration.person).update(ends_on=yesterday)


def test_only_members_can_book_wait_and_swap(event, session, member, guest):
    full = make_workshop(event, "Comble", is_for_members=True, capacity=0, starts_at=event.starts_at)
    other = make_workshop(event, "Ouvert", starts_at=event.ends_at - datetime.timedelta(hours=2))
    book_session(registration=guest, session=other)

    assert book_session(registration=member, session=session).registration == member
    with pytest.raises(MembersOnlySession, match="est réservée aux adhérents"):
        book_session(registration=guest, session=session)
    with pytest.raises(MembersOnlySession):
        swap_session(registration=guest, old_sessions=[other], new_session=session)
    with pytest.raises(MembersOnlySession):
        join_session_list(registration=guest, session=full)
    assert SessionBooking.objects.active().get(registration=guest).session == other


def test_registration_page_offers_members_session_to_members_only(client, event, session, member, guest):
    make_workshop(event, "Ouvert")
    organizer = make_client(make_staff(event))
    organizers_page = f"/en/organize/conf/registrations/{guest.reference}/sessions/"

    refused = client.post(get_path(guest), {"action": f"book:{session.number}"})
    explained = organizer.post(organizers_page, {"action": f"book:{session.number}"}, follow=True)

    assert list_titles(client, get_path(member)) == ["Conclave", "Ouvert"]
    assert list_titles(client, get_path(guest)) == ["Ouvert"]
    assert refused.status_code == 404
    assert "Conclave" not in refused.text
    assert list_titles(organizer, organizers_page) == ["Conclave", "Ouvert"]
    assert "“Conclave” is for members only, and this attendee is not a member today." in explained.text


def test_former_member_can_still_see_and_release_booking(client, session, member):
    book_session(registration=member, session=session)
    end_membership(member)

    titles = list_titles(client, get_path(member))
    client.post(get_path(member), {"action": f"leave:{session.number}"})

    assert titles == ["Conclave"]
    assert list_titles(client, get_path(member)) == []


def test_free_place_is_not_offered_to_former_member(event, session, member):
    Session.objects.filter(pk=session.pk).update(capacity=1)
    other = make_holder(event, person=make_member(), email="other@example.org")
    book_session(registration=other, session=session)
    entry = join_session_list(registration=member, session=session)
    end_membership(member)

    leave_session(registration=other, session=session)

    entry.refresh_from_db()
    assert entry.offered_at is None
    assert entry.skip_reason == WaitingEntry.SkipReason.NOT_A_MEMBER


def test_transfer_to_non_member_drops_booking_of_members_session(event, session, member):
    open_session = make_workshop(event, "Ouvert", starts_at=event.ends_at - datetime.timedelta(hours=2))
    for each in (session, open_session):
        book_session(registration=member, session=each)
    colleague = RequestedPlace(ticket="", first_name="Bob", last_name="Roi", email="bob@example.org")

    registration = substitute_attendee(registration=member, new_attendee=colleague)

    bookings = SessionBooking.objects.active().filter(registration=registration)
    assert [booking.session for booking in bookings] == [open_session]
    session.refresh_from_db()
    assert session.reserved == 0


def test_correction_to_another_person_drops_booking_of_members_session(session, member):
    book_session(registration=member, session=session)
    correction = Correction(
        first_name="Bob", last_name="Roi", email="bob@example.org", company=member.company, no_photo=False
    )

    correct_registration(registration=member, correction=correction)

    assert not SessionBooking.objects.active().exists()
    session.refresh_from_db()
    assert session.reserved == 0


def test_only_members_are_notified_of_changed_members_session(event, session, run_tasks, mailoutbox):
    follower = make_follower(event, session)
    member = make_follower(event)
    Registration.objects.filter(pk=member.pk).update(person=make_member(), email="member@example.org")
    star_session(Registration.objects.get(pk=member.pk), session)

    change_slot(session, hours=1)
    publish_current_draft(session)
    notify_changed_sessions()
    run_tasks()

    assert follower.email == "star@example.org"
    assert [address for address, _subject in list_mails(mailoutbox)] == ["member@example.org"]


def test_printed_agendas_show_members_session_to_members_only(event, session, member, guest):
    book_session(registration=member, session=session)
    make_session(event, "Assemblée", role="plenary", is_for_members=True)
    make_session(event, "Ouverture", role="plenary")
    attendees = list(select_attendees(event, AgendaSelection()))
    # The guest booked it while it was open to everybody.
    SessionBooking.objects.create(registration=guest, session=session)

    agendas = AttendeeAgendas.load(event, attendees)

    printed = {
        attendee.email: [item.title for item in agendas.get_agenda(attendee, title="").sessions]
        for attendee in attendees
    }
    assert printed == {
        "member@example.org": ["Conclave (réservé aux adhérents)"],
        "guest@example.org": ["Ouverture"],
    }
