"""A copied event has the settings of its source, other dates, and nothing of its attendees."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.utils import timezone

from badges.attendance.models import Checkpoint
from badges.mailings.models import ReminderPlan
from convention.audit.models import AuditEntry
from convention.events.models import Event
from convention.events.publishing.copy_event import copy_event, shift_moment
from registrations.models import ConsentText, PriceStep, Question, QuestionOption, Quota, RefundRule
from tests.factories import (
    make_addon,
    make_administrator,
    make_event,
    make_question,
    make_registration,
    make_room,
    make_staff,
    make_ticket,
    make_track,
    make_voucher,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")

COPIED = {
    "Room", "EventRole", "EventPicture", "DayHours",
    "Quota", "Ticket", "Addon", "Package", "Question", "RefundRule", "WaitingPolicy",
    "Schedule", "Track", "WalkingTime", "ConflictLevel", "ReminderPlan", "Checkpoint", "FeedbackSettings",
}  # fmt: skip
# People, money, rows made for one event, and programmes, which are imported or planned.
NOT_COPIED = {
    "Mailing", "Device", "Scan", "Presence", "PresenceCounter", "Visit", "Receivable", "Quotation",
    "RegistrationDraft", "Order", "IdempotencyKey", "OrderAlarm", "PassQuota", "Voucher", "Registration",
    "ImportRun", "AnswerFile", "Sponsorship", "WaitingEntry", "Speaker", "Session", "PersonalAgenda",
    "ScheduleUpload", "ScheduleVersion", "ScheduleDraft", "PlanRun", "AgendaPrint", "SpeakerMailing",
    "CallForProposals", "Job", "Delegation", "EventKey", "Certificate", "DeskDevice", "DeskEntry",
    "PairingInvitation", "DateChange",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _year_before_the_event(monkeypatch):
    """Stop the clock before the dates below, so that the tests pass after these days, too."""
    now = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)


def make_full_event():
    """Return an event with one of each setting, and one registration."""
    event = make_event(
        slug="convention-2027",
        starts_at=datetime.datetime(2027, 3, 27, 9, tzinfo=PARIS),
        ends_at=datetime.datetime(2027, 3, 28, 18, tzinfo=PARIS),
        registration_closes_at=datetime.datetime(2027, 3, 26, 23, 59, tzinfo=PARIS),
    )
    quota = Quota.objects.create(event=event, name="Salle", capacity=50, reserved=1)
    ticket = make_ticket(event, name="Invité", price=9000, capacity=40, quota=quota)
    early = datetime.datetime(2027, 1, 12, 23, 59, tzinfo=PARIS)
    PriceStep.objects.create(ticket=ticket, price=7000, ends_at=early)
    addon = make_addon(event, name="Dîner", price=4000)
    addon.tickets.add(ticket)
    RefundRule.objects.create(event=event, ticket=ticket, days_before=30, refund_percent=50)
    dinner = make_question(event, "dinner", options=("oui", "non"), kind="choice")
    follow_up = make_question(event, "wine", shown_after_option=dinner.options.first())
    follow_up.tickets.add(ticket)
    consent = make_question(event, "photo", kind="consent", version=2)
    ConsentText.objects.create(question=consent, version=2, text="Photos")
    make_voucher(event)
    make_room(event)
    make_track(event)
    entrance = Checkpoint.objects.create(event=event, name="Entrée", kind="entrance")
    Checkpoint.objects.create(event=event, name="Entrée sud", kind="entrance", counts_as=entrance)
    dinner_door = Checkpoint.objects.create(event=event, name="Salle du dîner", kind="meal", addon=addon)
    dinner_door.tickets.add(ticket)
    ReminderPlan.objects.create(event=event, is_enabled=True, days=[7, 1])
    make_registration(ticket)
    return event


def test_event_is_copied_with_settings_and_shifted_dates():
    source = make_full_event()
    organizer = make_staff(source)
    make_staff(source, is_active=False)
    source.roles.update(ends_on=source.ends_at.date())
    client = make_client(make_administrator())

    form = client.get("/en/organize/new/copy/?source=convention-2027").content.decode()
    values = {"source": "convention-2027", "name": "Convention 2028", "starts_on": "2028-03-25"}
    checklist = client.post("/en/organize/new/copy/", values, follow=True)

    assert '<option value="convention-2027" selected>' in form
    assert checklist.redirect_chain[0][0] == "/en/organize/convention-2028/publish/"
    copied = Event.objects.get(slug="convention-2028")
    assert copied.visibility == "draft"
    assert copied.starts_at == datetime.datetime(2028, 3, 25, 9, tzinfo=PARIS)
    # Summer time begins on another date; the local time of day stays the same.
    assert copied.ends_at == datetime.datetime(2028, 3, 26, 18, tzinfo=PARIS)
    ticket = copied.tickets.get()
    assert ticket.reserved == 0
    assert ticket.quota.event == copied
    assert ticket.quota.reserved == 0
    assert ticket.price_steps.get().ends_at == datetime.datetime(2028, 1, 11, 23, 59, tzinfo=PARIS)
    assert copied.addons.get().tickets.get() == ticket
    assert copied.refund_rules.get().ticket == ticket
    asked = Question.objects.get(event=copied, slug="wine")
    assert asked.shown_after_option == QuestionOption.objects.get(question__event=copied, slug="oui")
    assert asked.tickets.get() == ticket
    assert ConsentText.objects.get(question__event=copied).version == 2
    assert copied.rooms.get().name == source.rooms.get().name
    assert copied.tracks.count() == 1
    assert Checkpoint.objects.get(event=copied, name="Entrée sud").counts_as.event == copied
    dinner = Checkpoint.objects.get(event=copied, name="Salle du dîner")
    assert dinner.addon.event == copied
    assert dinner.tickets.get() == ticket
    assert ReminderPlan.objects.get(event=copied).is_enabled
    role = copied.roles.get()
    assert role.person == organizer
    assert role.ends_on == copied.ends_at.date()
    assert AuditEntry.objects.get(verb="role.give").event == "convention-2028"
    for model in (apps.get_model("registrations", name) for name in ("Registration", "Order", "Voucher")):
        assert not model.objects.filter(event=copied).exists()
    assert AuditEntry.objects.get(verb="event.copy").event == "convention-2028"
    assert make_client(organizer).get("/en/organize/convention-2028/").status_code == 200
    # As for a concurrent request that chose the same slug.
    values = {"name": "Convention 2028", "name_en": "", "starts_on": datetime.date(2028, 3, 25)}
    assert copy_event(source=source, slug="convention-2028", **values).slug == "convention-2028-2"


def test_shift_moment_preserves_local_time_of_day():
    at = datetime.datetime(2027, 3, 20, 2, 30, tzinfo=PARIS)

    assert shift_moment(at, 1, PARIS) == datetime.datetime(2027, 3, 21, 2, 30, tzinfo=PARIS)
    # 2:30 does not exist on that day.
    assert shift_moment(at, 8, PARIS) == datetime.datetime(2027, 3, 28, 3, 30, tzinfo=PARIS)
    assert shift_moment(None, 8, PARIS) is None


@pytest.mark.once
def test_every_table_of_an_event_is_copied_or_left_out_on_purpose():
    tables = {
        model.__name__
        for model in apps.get_models()
        if any(field.related_model is Event for field in model._meta.concrete_fields)
    }

    assert tables == COPIED | NOT_COPIED


def test_event_is_not_copied_to_a_day_that_has_passed():
    make_event(slug="convention-2027")
    client = make_client(make_administrator())
    values = {"source": "convention-2027", "name": "Convention 2025", "starts_on": "2025-03-25"}

    answer = client.post("/en/organize/new/copy/", values)

    assert "This day has passed." in answer.content.decode()
    assert Event.objects.count() == 1
