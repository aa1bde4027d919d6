"""Cancelling an event and restoring it: the page, its rules, and where the cancellation is shown."""

import datetime

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.publishing.cancel_event import cancel_event, restore_event
from convention.events.publishing.copy_event import copy_event
from tests.factories import (
    make_administrator,
    make_event,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)
from tests.site_objects import make_client
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db

REASON = "The venue is <closed> after a flood"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def event() -> Event:
    return make_event(slug="x")


def cancel(event: Event, reason: str = REASON) -> Event:
    return cancel_event(event=event, reason=reason, requested_by=make_administrator())


def read_page(path: str, client: Client | None = None) -> str:
    return (client or Client()).get(path).content.decode()


def read_calendar_entry(path: str) -> icalendar.Event:
    return icalendar.Calendar.from_ical(Client().get(path).content).walk("VEVENT")[0]


def test_organizer_cancels_event_from_its_settings(event):
    organizer = make_client(make_staff(event))

    settings = read_page("/en/organize/x/settings/", organizer)
    form = read_page("/en/organize/x/cancel/", organizer)
    done = organizer.post("/en/organize/x/cancel/", {"reason": REASON}, follow=True)

    event.refresh_from_db()
    assert "/en/organize/x/cancel/" in settings
    assert "Nobody is registered." in form
    assert event.cancelled_at is not None
    assert event.cancellation_reason == REASON
    assert "The event has been cancelled." in done.content.decode()
    assert AuditEntry.objects.get(verb="event.cancel").reason == REASON


def test_overview_leads_to_cancellation_and_then_shows_it(event):
    organizer = make_client(make_staff(event))

    before = read_page("/en/organize/x/", organizer)
    cancel(event)
    after = read_page("/en/organize/x/", organizer)
    events = read_page("/en/organize/", organizer)

    assert "/en/organize/x/cancel/" in before
    assert "This event was cancelled on" in after
    assert "The venue is &lt;closed&gt; after a flood" in after
    assert '<span class="tag struck">cancelled</span>' in events


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "\0"])
def test_cancellation_needs_a_short_reason(event, reason):
    organizer = make_client(make_staff(event))

    answer = organizer.post("/en/organize/x/cancel/", {"reason": reason, "refund": "\0"})

    event.refresh_from_db()
    assert answer.status_code == 200
    assert event.cancelled_at is None


def test_second_cancellation_changes_nothing(event):
    organizer = make_client(make_staff(event))
    first = cancel(event)

    answer = organizer.post("/en/organize/x/cancel/", {"reason": "Another reason"})
    with pytest.raises(NotOpenNow):
        cancel_event(event=event, reason="Another reason", requested_by=make_administrator())

    event.refresh_from_db()
    assert "This event has already been cancelled." in answer.content.decode()
    assert event.cancelled_at == first.cancelled_at
    assert event.cancellation_reason == REASON


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"visibility": "draft"}, "This event is a draft"),
        ({"kind": "site_visit"}, "Call off the visit on its own page"),
        ({"starts_at": timezone.now() - 2 * DAY, "ends_at": timezone.now() - DAY}, "The event is over"),
    ],
)
def test_draft_visit_and_past_event_cannot_be_cancelled(fields, sentence):
    event = make_event(slug="x", **fields)
    organizer = make_client(make_staff(event))

    page = read_page("/en/organize/x/cancel/", organizer)
    organizer.post("/en/organize/x/cancel/", {"reason": REASON})

    event.refresh_from_db()
    assert sentence in page
    assert event.cancelled_at is None
    assert "/organize/x/cancel/" not in read_page("/en/organize/x/settings/", organizer)


def test_action_refuses_empty_reason(event):
    with pytest.raises(InvalidFields):
        cancel(event, "  ")


def test_event_is_restored_until_it_begins(event):
    organizer = make_client(make_staff(event))
    cancel(event)

    page = read_page("/en/organize/x/cancel/", organizer)
    done = organizer.post("/en/organize/x/restore/", follow=True)

    event.refresh_from_db()
    assert "Restore the event" in page
    assert "Registrations that were cancelled stay cancelled" in done.content.decode()
    assert event.cancelled_at is None
    assert event.cancellation_reason == ""
    assert event.is_registration_open()
    assert AuditEntry.objects.filter(verb="event.restore").count() == 1


def test_event_that_is_not_cancelled_or_has_begun_is_not_restored(event):
    organizer = make_client(make_staff(event))
    now = timezone.now()
    running = cancel(make_event(slug="y", starts_at=now - DAY, ends_at=now + DAY))

    answer = organizer.post("/en/organize/x/restore/", follow=True)
    with pytest.raises(NotOpenNow):
        restore_event(event=running)

    assert "This event is not cancelled." in answer.content.decode()


def test_settings_form_opened_before_cancellation_does_not_undo_it(event):
    stale = Event.objects.get(pk=event.pk)
    cancel(event)

    stale.name = "New name"
    stale.save()

    event.refresh_from_db()
    assert event.name == "New name"
    assert event.cancellation_reason == REASON


def test_copy_of_cancelled_event_is_not_cancelled(event):
    cancel(event)
    event.refresh_from_db()

    copy = copy_event(
        source=event, name="Next", name_en="", slug="next", starts_on=(event.starts_at + 30 * DAY).date()
    )

    copy.refresh_from_db()
    assert copy.cancelled_at is None
    assert copy.cancellation_reason == ""


def test_registration_is_closed_whatever_its_period(event):
    joined_at = timezone.now()
    event = cancel(event)

    is_open = event.is_registration_open(at=joined_at)

    assert not is_open


def test_registration_of_cancelled_event_is_not_ahead(event):
    event.registration_opens_at = timezone.now() + datetime.timedelta(days=1)
    event.cancelled_at = timezone.now()

    assert not event.is_registration_ahead()


def test_public_pages_show_cancellation_and_reason(event):
    ticket = make_ticket(event)
    session = make_session(event, "Opening")
    read_page("/en/events/x/")

    cancel(event)
    pages = [
        read_page(path)
        for path in ("/en/events/x/", "/en/events/x/agenda/", f"/en/events/x/sessions/{session.guid}/")
    ]

    for page in pages:
        assert "This event was cancelled on" in page
        assert "Reason: The venue is &lt;closed&gt; after a flood" in page
    assert "/register/" not in pages[0]
    assert ticket.name not in pages[0]
    assert "https://schema.org/EventCancelled" in pages[0]


def test_home_page_lists_cancelled_event_without_offering_registration(event):
    cancel(event)

    page = read_page("/en/")

    assert event.name in page
    assert '<span class="tag struck">cancelled</span>' in page
    assert "/en/events/x/register/" not in page


def test_api_and_calendars_show_cancellation(event):
    order = make_registration(make_ticket(event)).order
    make_session(event, "Opening", starts_at=event.starts_at, minutes=30)
    paths = ("/events/x/agenda.ics", f"{order.manage_path}calendar.ics")
    before = [read_calendar_entry(path) for path in paths]
    cancel(event)

    described = Client().get("/api/v1/events/x/").json()
    sessions = Client().get("/api/v1/events/x/sessions/").json()["results"]
    cancelled = [read_calendar_entry(path) for path in paths]
    restore_event(event=event)
    restored = [read_calendar_entry(path) for path in paths]

    assert described["cancelled_at"] is not None
    assert described["registration"]["open"] is False
    assert [session["cancelled"] for session in sessions] == [True]
    assert [entry["status"] for entry in cancelled] == ["CANCELLED", "CANCELLED"]
    assert [entry["status"] for entry in restored] == ["CONFIRMED", "CONFIRMED"]
    for first, second, third in zip(before, cancelled, restored, strict=True):
        assert first["sequence"] < second["sequence"] < third["sequence"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_cancel_one_time():
    event = make_event(slug="x")
    organizers = [make_administrator(), make_administrator()]

    outcomes = run_in_threads(
        [
            lambda person=person: cancel_event(event=event, reason=person.email, requested_by=person)
            for person in organizers
        ]
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Event", "NotOpenNow"]
    assert AuditEntry.objects.filter(verb="event.cancel").count() == 1
