"""Publishing notifies speakers, and attendees of the sessions that they booked or starred."""

import datetime

import pytest
from django_tasks_db.models import DBTaskResult

from convention.text.dates import format_time
from registrations.changes.merge import merge_registrations
from registrations.models import AgendaLink, SessionBooking
from registrations.sessions.booking import book_session
from registrations.sessions.notifications import find_publication_recipients, notify_changed_sessions
from schedule.versions.notices import find_recipients, notify_publication
from schedule.versions.publish import Notify
from tests.factories import make_event, make_person, make_registration, make_room, make_session
from tests.registrations.sessions.attendees import (
    get_ticket,
    list_mails,
    make_follower,
    make_holder,
    make_workshop,
)
from tests.schedule.versions.timetables import change_slot, publish_current_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="congress")


def test_attendees_with_booking_are_notified_of_changed_room(event, run_tasks, mailoutbox):
    session = make_workshop(event, room=make_room(event, "Curie"))
    make_holder(event, session, email="zoe@example.org")
    change_slot(session, room_id=make_room(event, "Pasteur").pk)

    publish_current_draft(session)
    run_tasks()

    assert list_mails(mailoutbox) == [("zoe@example.org", "Session déplacée : Atelier")]
    assert "Pasteur" in mailoutbox[0].body


@pytest.mark.parametrize("make_attendee", [make_holder, make_follower])
def test_mail_of_moved_session_has_note_of_version_and_previous_time_and_room(
    event, run_tasks, mailoutbox, make_attendee
):
    session = make_workshop(event, room=make_room(event, "Curie"))
    change_slot(session, hours=1)
    publish_current_draft(session, name="1")
    make_attendee(event, session)
    before = format_time(session.starts_at, event.zone)
    change_slot(session, hours=1)

    publish_current_draft(session, name="2", note="La salle Curie est inondée.")
    run_tasks()

    body = " ".join(mailoutbox[0].body.split())
    assert "La salle Curie est inondée." in body
    assert f"{before}, Curie".replace("\xa0", " ") in body


def test_one_mail_lists_all_changed_sessions(event, run_tasks, mailoutbox):
    first, second = make_workshop(event, "Un"), make_workshop(event, "Deux", starts_at=event.ends_at)
    make_holder(event, first, second)
    change_slot(first, hours=1)
    change_slot(second, is_cancelled=True)

    publish_current_draft(first, name="2")
    run_tasks()

    assert len(mailoutbox) == 1
    assert "Un" in mailoutbox[0].body
    assert "Deux – session annulée" in mailoutbox[0].body


def test_session_moved_back_before_publication_is_not_announced(event, run_tasks, mailoutbox):
    session, other = make_workshop(event), make_session(event)
    make_holder(event, session)
    change_slot(session, hours=1)
    change_slot(session, hours=-1)
    change_slot(other, hours=1)

    publish_current_draft(session)
    run_tasks()

    assert mailoutbox == []


@pytest.mark.parametrize("change", [{"hours": 1}, {"is_cancelled": True}, {"room_id": None}])
def test_unpublished_changes_are_not_announced(event, run_tasks, mailoutbox, change):
    session = make_workshop(event, room=make_room(event))
    make_holder(event, session)
    change_slot(session, **change)

    notify_changed_sessions()
    run_tasks()

    assert mailoutbox == []


def test_publication_without_notification_is_not_announced_later(event, run_tasks, mailoutbox):
    session = make_workshop(event, speakers=("Ana",))
    event.speakers.update(email="ana@example.org")
    make_holder(event, session)
    make_follower(event, session)
    change_slot(session, hours=1, is_cancelled=True)

    publish_current_draft(session, notify=Notify.NOBODY)
    notify_changed_sessions()
    run_tasks()

    assert mailoutbox == []
    assert not SessionBooking.objects.with_unannounced_changes().exists()


def test_repeated_task_sends_no_second_mail(event, run_tasks, mailoutbox):
    session = make_workshop(event)
    make_holder(event, session)
    change_slot(session, hours=1)
    publish_current_draft(session)
    run_tasks()

    notify_changed_sessions()
    run_tasks()

    assert len(mailoutbox) == 1


def test_signed_in_attendees_are_notified_of_starred_session(event, run_tasks, mailoutbox):
    session = make_session(event, "Étoilée")
    make_follower(event, session)
    change_slot(session, hours=1)

    publish_current_draft(session)
    run_tasks()

    assert list_mails(mailoutbox) == [("star@example.org", "Session déplacée : Étoilée")]


def test_attendee_with_booking_and_star_gets_one_mail(event, run_tasks, mailoutbox):
    session = make_workshop(event)
    registration = make_follower(event, session)
    book_session(registration=registration, session=session)
    change_slot(session, hours=1)

    publish_current_draft(session)
    run_tasks()

    assert len(mailoutbox) == 1


def test_speakers_with_an_address_are_notified_of_their_own_sessions(event, run_tasks, mailoutbox):
    moved = make_session(event, "Déplacée", speakers=("Ana", "Sans adresse"))
    make_session(event, "Inchangée", speakers=("Zoé",))
    event.speakers.filter(name="Ana").update(email="ana@example.org")
    event.speakers.filter(name="Zoé").update(email="zoe@example.org")
    change_slot(moved, hours=1)

    publish_current_draft(moved, note="Désolés.")
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["ana@example.org"]]
    assert "Déplacée" in mailoutbox[0].body
    assert "Inchangée" not in mailoutbox[0].body
    assert "Désolés." in mailoutbox[0].body


def test_the_preview_counts_each_person_once(event):
    session = make_workshop(event, speakers=("Ana", "Sans adresse"))
    event.speakers.filter(name="Ana").update(email="ana@example.org")
    registration = make_follower(event, session)
    book_session(registration=registration, session=session)
    make_follower(event, session)

    groups = find_recipients(event, [session.pk])

    assert [(group.count, group.without_address_count) for group in groups] == [(1, 1), (1, 0), (1, 0)]


@pytest.mark.parametrize("holder_count", [1, 12])
def test_preview_query_count_is_constant(event, django_assert_num_queries, holder_count):
    session = make_workshop(event, capacity=100)
    for _number in range(holder_count):
        make_holder(event, session)

    with django_assert_num_queries(3):
        find_publication_recipients(event, [session.pk])


def test_star_of_signed_in_attendee_is_linked_to_registration(client, event):
    session = make_session(event)
    person = make_person()
    registration = make_registration(get_ticket(event), person=person)
    client.force_login(person)

    client.post("/events/congress/agenda/choose/", {"add": str(session.guid)})

    assert AgendaLink.objects.get().registration == registration


def test_star_of_person_without_registration_is_not_linked(client, event):
    session = make_session(event)
    client.post("/events/congress/agenda/choose/", {"add": str(session.guid)})
    client.force_login(make_person())
    client.post("/events/congress/agenda/choose/", {"add": str(session.guid)})

    assert not AgendaLink.objects.exists()


def test_anonymous_visitor_sees_changed_sessions_marked_in_my_programme(client, event):
    session, same = make_session(event, "Déplacée"), make_session(event, "Inchangée")
    for one in (session, same):
        client.post("/en/events/congress/agenda/choose/", {"add": str(one.guid)})
    change_slot(session, hours=1)
    publish_current_draft(session)

    text = client.get("/en/events/congress/agenda/mine/").content.decode()

    assert text.count("Changed:") == 1


def test_publication_queues_one_task_that_notifies_every_attendee_with_booking(event, run_tasks, mailoutbox):
    session = make_workshop(event, capacity=200, starts_at=event.starts_at + datetime.timedelta(hours=1))
    for number in range(20):
        make_holder(event, session, email=f"p{number}@example.org")
    change_slot(session, hours=1)

    publish_current_draft(session)
    queued = list(DBTaskResult.objects.ready().values_list("task_path", flat=True))
    run_tasks()

    assert queued == [notify_publication.module_path]
    assert sorted(mail.to for mail in mailoutbox) == sorted(
        [f"p{number}@example.org"] for number in range(20)
    )


def test_merge_moves_agenda_link_to_survivor(event):
    session = make_session(event)
    duplicate = make_follower(event, session)
    survivor = make_registration(get_ticket(event), email="zoe@example.org")

    merge_registrations(survivor=survivor, duplicate=duplicate, copied_fields=[])

    assert AgendaLink.objects.get().registration == survivor
