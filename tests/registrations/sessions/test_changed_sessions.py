"""Attendees are notified once of changes, published with notice, to sessions they booked or starred."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import SessionBooking
from registrations.sessions.booking import book_session
from registrations.sessions.notifications import notify_changed_sessions, notify_session_changes
from schedule.models import ScheduleVersion
from schedule.versions.publish import Notify
from tests.factories import make_event, make_room, make_session
from tests.schedule.versions.timetables import change_slot, publish_current_draft, remove_slot

from .attendees import list_mails, make_follower, make_holder, make_workshop, star_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="congress")


def publish_move(session, *, notify=Notify.EVERYBODY, hours=1) -> None:
    change_slot(session, hours=hours)
    publish_current_draft(session, notify=notify)


def test_silent_version_is_not_announced_later(event, run_tasks, mailoutbox):
    starred, other = make_session(event), make_session(event)
    make_follower(event, starred)
    publish_move(other)
    run_tasks()

    publish_move(starred, notify=Notify.NOBODY)
    notify_changed_sessions()
    run_tasks()

    assert mailoutbox == []


def test_silent_version_does_not_cancel_notice_of_earlier_version(event, run_tasks, mailoutbox):
    moved, silently_moved = make_session(event, "Annoncée"), make_session(event, "Discrète")
    make_follower(event, moved, silently_moved)

    publish_move(moved)
    publish_move(silently_moved, notify=Notify.NOBODY)
    run_tasks()

    assert list_mails(mailoutbox) == [("star@example.org", "Session déplacée : Annoncée")]


def test_a_move_with_notice_after_a_silent_one_is_announced(event, run_tasks, mailoutbox):
    session = make_session(event, "Étoilée")
    make_follower(event, session)
    publish_move(session, notify=Notify.NOBODY)

    publish_move(session)
    run_tasks()

    assert list_mails(mailoutbox) == [("star@example.org", "Session déplacée : Étoilée")]


def test_a_session_starred_after_it_moved_is_not_announced(event, run_tasks, mailoutbox):
    starred, moved = make_session(event), make_session(event)
    registration = make_follower(event, starred)
    publish_move(moved)
    run_tasks()

    star_session(registration, moved)
    notify_changed_sessions()
    run_tasks()

    assert mailoutbox == []


def test_notice_omits_session_that_moved_before_it_was_starred(event, run_tasks, mailoutbox):
    starred, moved = make_session(event, "Étoilée"), make_session(event, "Ancienne")
    registration = make_follower(event, starred)
    publish_move(moved)
    star_session(registration, moved)

    publish_move(starred)
    run_tasks()

    assert list_mails(mailoutbox) == [("star@example.org", "Session déplacée : Étoilée")]


def test_move_undone_before_the_mail_is_not_announced(event, run_tasks, mailoutbox):
    session = make_session(event)
    publish_move(session)
    run_tasks()
    make_follower(event, session)

    publish_move(session)
    publish_move(session, hours=-1)
    run_tasks()

    assert mailoutbox == []


def test_a_session_booked_after_it_moved_is_not_announced(event, run_tasks, mailoutbox):
    session = make_workshop(event)
    registration = make_holder(event)
    publish_move(session)
    session.refresh_from_db()

    book_session(registration=registration, session=session)
    notify_changed_sessions()
    run_tasks()

    # The only mail is the one about the booking.
    assert "Session déplacée" not in "".join(subject for _to, subject in list_mails(mailoutbox))
    assert not SessionBooking.objects.with_unannounced_changes().exists()


def test_version_records_whether_it_was_silent(event):
    session = make_session(event)

    publish_move(session)
    publish_move(session, notify=Notify.NOBODY)

    assert list(ScheduleVersion.objects.values_list("number", "is_silent")) == [(2, True), (1, False)]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("fr", ("Session retirée du programme : Atelier", "Cette session n’est plus au programme")),
        ("en", ("Session removed from the programme: Atelier", "This session is no longer on the programme")),
    ],
)
def test_mail_about_removed_session_has_own_subject_and_text(
    event, run_tasks, mailoutbox, language, sentences
):
    session = make_workshop(event)
    make_holder(event, session, language=language)
    make_follower(event, session, language=language)
    remove_slot(session)

    publish_current_draft(session)
    run_tasks()

    subject, heading = sentences
    assert list_mails(mailoutbox) == [("zoe@example.org", subject), ("star@example.org", subject)]
    assert all(heading in mail.body for mail in mailoutbox)


@pytest.mark.parametrize(
    ("language", "subjects"),
    [
        ("fr", ["Session annulée : Atelier", "De nouveau au programme : Atelier"]),
        ("en", ["Session cancelled: Atelier", "Back on the programme: Atelier"]),
    ],
)
def test_mails_about_cancelled_and_restored_session_have_own_subjects(
    event, run_tasks, mailoutbox, language, subjects
):
    session = make_workshop(event)
    make_holder(event, session, language=language)
    make_follower(event, session, language=language)

    for is_cancelled in (True, False):
        change_slot(session, is_cancelled=is_cancelled)
        publish_current_draft(session)
        run_tasks()

    found = list_mails(mailoutbox)
    assert [subject for address, subject in found if address == "zoe@example.org"] == subjects
    assert [subject for address, subject in found if address == "star@example.org"] == subjects


def test_one_mail_says_which_session_was_removed(event, run_tasks, mailoutbox):
    removed, moved = make_workshop(event, "Un"), make_workshop(event, "Deux", starts_at=event.ends_at)
    make_holder(event, removed, moved)
    remove_slot(removed)
    change_slot(moved, room_id=make_room(event, "Pasteur").pk)

    publish_current_draft(moved)
    run_tasks()

    assert len(mailoutbox) == 1
    assert "Un – session retirée du programme" in mailoutbox[0].body
    assert "Deux – " not in mailoutbox[0].body


def test_session_restored_after_removal_is_announced_as_back(event, run_tasks, mailoutbox):
    session = make_workshop(event)
    make_holder(event, session)
    remove_slot(session)
    publish_current_draft(session)
    run_tasks()

    change_slot(session)
    publish_current_draft(session)
    run_tasks()

    assert list_mails(mailoutbox)[-1][1] == "De nouveau au programme : Atelier"


def test_notification_reads_bookings_once(event, run_tasks):
    session, other = make_workshop(event), make_workshop(event, "Autre", starts_at=event.ends_at)
    registration = make_follower(event, other)
    book_session(registration=registration, session=session)
    book_session(registration=registration, session=other)
    run_tasks()
    change_slot(session, hours=1)
    publish_current_draft(session)

    with CaptureQueriesContext(connection) as queries:
        notify_session_changes.call(registration.pk)

    booking_queries = [query["sql"] for query in queries if '"booked_at"' in query["sql"]]
    assert len(booking_queries) == 1
