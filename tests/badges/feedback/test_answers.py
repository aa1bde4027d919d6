"""Test that attendees who were scanned in give feedback once, in time and anonymously."""

import datetime
from collections.abc import Iterable

import pytest
from django.db import connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from badges.attendance.merge import merge_registrations_and_scans
from badges.feedback.actions import change_feedback_settings
from badges.feedback.answers import FeedbackAlreadyGiven, give_feedback, load_feedback_settings
from badges.feedback.models import FeedbackReceipt, FeedbackSettings, SessionFeedback
from badges.feedback.receipts import close_feedback, find_given_feedback, find_receipts_of
from convention.errors import Forbidden, InvalidFields, NotOpenNow
from convention.privacy.retention import run_retention_rules
from registrations.changes.correct import Correction, correct_as_organizer
from registrations.models import Registration
from tests.badges.attendance.factories import make_event, make_registration
from tests.badges.feedback.factories import (
    end_event,
    make_answers,
    make_attended_session,
    make_attendee,
    make_link,
    scan_in,
)
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
type Dump = dict[str, list[tuple[object, ...]]]


def submit_feedback(registration, session, stars=4, comment=""):
    give_feedback(registration=registration, session=session, stars=stars, comment=comment)


def clear_comments(at: datetime.datetime) -> int:
    """Run the retention rules as of `at`; return how many comments they cleared."""
    [run] = [run for run in run_retention_rules(at=at) if run.rule == "session-comments"]
    return run.removed_count


def dump_database() -> Dump:
    """Return every row of every table, in the order in which the database has them."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        return {table: fetch_rows(cursor, table) for table in tables}


def fetch_rows(cursor, table: str) -> list[tuple[object, ...]]:
    cursor.execute(f'SELECT * FROM "{table}"')
    return cursor.fetchall()


def find_values(rows: Iterable[tuple[object, ...]]) -> set[str]:
    return {str(value) for row in rows for value in row}


def test_only_attendees_scanned_in_at_session_can_give_feedback():
    session = make_attended_session()
    elsewhere = make_attended_session(session.event, "Réseaux")
    stranger, visitor = make_registration(session.event), make_registration(session.event)
    scan_in(elsewhere, visitor)

    for registration in (stranger, visitor):
        with pytest.raises(Forbidden):
            submit_feedback(registration, session)

    assert not SessionFeedback.objects.exists()
    assert not FeedbackReceipt.objects.exists()


def test_feedback_is_given_once_even_after_merge():
    session = make_attended_session()
    registration, duplicate = make_attendee(session), make_attendee(session, 2)
    submit_feedback(duplicate, session)
    with pytest.raises(FeedbackAlreadyGiven):
        submit_feedback(duplicate, session)

    survivor = merge_registrations_and_scans(survivor=registration, other=duplicate)

    with pytest.raises(FeedbackAlreadyGiven):
        submit_feedback(survivor, session)
    assert SessionFeedback.objects.count() == 1


def test_new_attendee_of_place_cannot_give_feedback_for_former_attendee():
    session = make_attended_session()
    registration = make_attendee(session)
    submit_feedback(registration, session)
    bob = Correction(first_name="Bob", last_name="Roi", email="bob@example.org", company="", no_photo=False)
    correct_as_organizer(registration=registration, correction=bob, reason="Somebody else comes")
    client, address = Client(), reverse("session-feedback", args=[session.event.slug, session.guid])
    registration.refresh_from_db()

    client.get(make_link(registration))
    page = client.get(reverse("event-feedback", args=[session.event.slug]))
    answered = client.post(address, {"stars": "1"})

    assert session.title not in page.content.decode()
    assert answered.status_code == 403
    assert not find_receipts_of(Registration.objects.all()).exists()
    with pytest.raises(Forbidden):
        submit_feedback(registration, session)


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_store_one_answer_for_each_attendee():
    session = make_attended_session()
    attendees = [make_attendee(session, number) for number in range(4)]

    results = run_in_threads(
        [lambda row=row: submit_feedback(row, session, 5) for row in [*attendees, *attendees]]
    )

    refused = [result for result in results if isinstance(result, FeedbackAlreadyGiven)]
    assert len(refused) == 4
    assert results.count(None) == 4
    assert SessionFeedback.objects.filter(session=session, stars=5).count() == 4


def test_database_dump_does_not_link_answers_to_attendees(settings):
    session = make_attended_session()
    attendees = [make_attendee(session, number) for number in range(12)]
    submit_feedback(attendees[0], session, 1, "Zyxwvut 0")
    before = dump_database()
    address = reverse("session-feedback", args=[session.event.slug, session.guid])

    for number, registration in enumerate(attendees[1:], start=1):
        client = Client()
        client.get(make_link(registration))
        client.post(address, {"stars": "3", "comment": f"Zyxwvut {number}"})

    after = dump_database()
    changed = {table for table, rows in after.items() if rows != before[table]}
    assert changed == {"feedback_sessionfeedback", "feedback_feedbackreceipt"}
    answers, receipts = after["feedback_sessionfeedback"], after["feedback_feedbackreceipt"]
    assert len(answers) == 12
    assert len(receipts) == 12
    # Neither table refers to the other, or to anything but the session.
    shared = find_values(answers) & find_values(receipts)
    assert shared == {str(session.pk)}
    others = find_values(row for table, rows in after.items() if table not in changed for row in rows)
    everything_else = "\n".join(others)
    texts = [f"Zyxwvut {number}" for number in range(12)]
    keys = find_values(row[:1] for row in (*answers, *receipts))
    assert [value for value in (*texts, *keys) if value in everything_else] == []
    # The rows are not in the order of answering, but for a chance of one in 479 million.
    order = [value for row in answers for value in row if value in texts]
    assert sorted(order) == sorted(texts)
    assert order != texts
    # Without the key, receipts do not show which attendees have answered.
    settings.SECRET_KEY = "another key"
    assert find_given_feedback(attendees, [session]) == set()


@pytest.mark.once
def test_answers_and_receipts_have_no_time_counter_or_person():
    fields = {
        model: {field.name: field for field in model._meta.get_fields() if field.concrete}
        for model in (SessionFeedback, FeedbackReceipt)
    }

    assert {*fields[SessionFeedback]} == {"id", "session", "stars", "comment", "hidden_reason"}
    assert isinstance(fields[SessionFeedback]["id"], models.UUIDField)
    assert {*fields[FeedbackReceipt]} == {"digest", "session"}


@pytest.mark.postgresql
def test_all_answers_of_session_have_same_transaction_id():
    """Hide the transaction ID that PostgreSQL stores with each row: it would lead to the receipt."""
    session = make_attended_session()
    make_answers(session, 5, 4, 3)

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT xmin::text FROM feedback_sessionfeedback")
        transactions = cursor.fetchall()

    assert len(transactions) == 1


def test_answers_are_accepted_from_session_start_until_feedback_closes():
    event = make_event()
    session = make_attended_session(event)
    early = make_attended_session(event, "Plus tard", starts_at=timezone.now() + datetime.timedelta(hours=1))
    registration = make_attendee(session)
    scan_in(early, registration)

    with pytest.raises(NotOpenNow):
        submit_feedback(registration, early)
    FeedbackSettings.objects.create(event=event, is_enabled=False)
    with pytest.raises(NotOpenNow):
        submit_feedback(registration, session)
    FeedbackSettings.objects.update(is_enabled=True, days_open=3)
    end_event(event, days_ago=2)
    submit_feedback(registration, session)
    end_event(event, days_ago=3)
    with pytest.raises(NotOpenNow):
        submit_feedback(make_attendee(session, 2), session)


def test_receipts_are_deleted_when_feedback_closes_and_comments_are_cleared_after_a_year():
    session = make_attended_session()
    make_answers(session, 5, 4, comment="Bien")
    end_event(session.event, days_ago=13)
    assert close_feedback(timezone.now()) == 0

    end_event(session.event, days_ago=14)
    assert close_feedback(timezone.now()) == 2
    settings = load_feedback_settings(session.event)
    settings.days_open = 30
    with pytest.raises(InvalidFields):
        change_feedback_settings(settings=settings, changed_fields=["days_open"])
    assert not load_feedback_settings(session.event).is_open()

    year_later = session.event.ends_at + datetime.timedelta(days=365)
    assert clear_comments(at=year_later) == 0
    assert clear_comments(at=year_later + datetime.timedelta(seconds=1)) == 2
    assert set(SessionFeedback.objects.values_list("stars", "comment")) == {(5, ""), (4, "")}
