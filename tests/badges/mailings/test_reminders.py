"""Test reminders: each sent once, some days before in the event's time zone, with default or own texts."""

import datetime
import zoneinfo

import pytest
from django.utils import timezone

from badges.mailings.composing.drafts import NotADraft, delete_draft
from badges.mailings.models import Mailing, ReminderPlan
from badges.mailings.sending.launch import cancel_mailing
from badges.mailings.sending.reminders import (
    ReminderChoices,
    get_default_texts,
    get_reminder_plan,
    get_reminder_texts,
    list_reminder_times,
    save_reminder_plan,
    send_reminders,
)
from convention.errors import InvalidFields
from convention.events.models import Event
from registrations.visits.lifecycle.cancel import cancel_visit
from tests.badges.mailings.factories import add_people
from tests.factories import make_administrator, make_event, make_staff
from tests.registrations.visits.factories import make_visit

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


def make_event_starting_in(time: datetime.timedelta, **fields) -> Event:
    """Create an event that starts after this time, with two attendees and reminders enabled."""
    starts = timezone.now() + time
    event = make_event(starts_at=starts, ends_at=starts + DAY, **fields)
    add_people(event, 1)
    add_people(event, 1, language="en", start=1)
    save_reminder_plan(event=event, choices=ReminderChoices(is_enabled=True))
    return event


def test_each_reminder_is_sent_once_to_current_attendees(mailoutbox, run_tasks):
    event = make_event_starting_in(7 * DAY - HOUR, name="La Convention", name_en="The Convention")
    for _twice in range(2):
        send_reminders()
        run_tasks()

    assert sorted(mail.subject for mail in mailoutbox) == [
        "Informations pratiques\u202f: La Convention", "Practical information: The Convention",
    ]  # fmt: skip

    english = next(mail.body for mail in mailoutbox if "Practical" in mail.subject)

    assert "Hello Ana1," in english
    assert f"/en/events/{event.slug}/agenda/" in english
    assert "/badge.pdf" in english

    add_people(event, 1, start=2)
    Event.objects.filter(pk=event.pk).update(starts_at=timezone.now() + DAY - HOUR)
    send_reminders()

    run_tasks()

    assert len(mailoutbox) == 5
    assert sorted(Mailing.objects.values_list("reminder_days", flat=True)) == [1, 7]


def test_cancelled_visit_sends_no_reminders(client, mailoutbox, run_tasks):
    starts = timezone.now() + 7 * DAY - HOUR
    visit = make_visit(starts_at=starts, ends_at=starts + HOUR)
    save_reminder_plan(event=visit.event, choices=ReminderChoices(is_enabled=True))
    cancel_visit(visit=visit, reason="Grève.")

    send_reminders()

    assert not Mailing.objects.exists()

    client.force_login(make_administrator())
    page = client.get(f"/en/organize/{visit.event.slug}/mail/reminders/").content.decode()

    assert "no reminders will be sent" in page
    assert "planned" not in page


@pytest.mark.parametrize("time", [7 * DAY + HOUR, 5 * DAY, 2 * DAY, -HOUR])
def test_reminder_is_not_sent_too_early_or_too_late(time):
    make_event_starting_in(time)
    send_reminders()

    assert not Mailing.objects.exists()


def test_reminder_is_not_sent_if_disabled_or_event_is_draft():
    event = make_event_starting_in(7 * DAY - HOUR)
    Event.objects.update(visibility="draft")
    send_reminders()
    Event.objects.update(visibility="public")
    save_reminder_plan(event=event, choices=ReminderChoices(is_enabled=False))

    send_reminders()

    assert not Mailing.objects.exists()


def test_reminder_hour_is_in_event_time_zone_across_clock_change():
    starts = datetime.datetime(2027, 3, 29, 9, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))
    event = make_event(starts_at=starts, ends_at=starts + DAY)

    plan = save_reminder_plan(event=event, choices=ReminderChoices(is_enabled=True))

    assert [at.isoformat() for _days, at in list_reminder_times(plan)] == [
        "2027-03-22T09:00:00+01:00", "2027-03-28T09:00:00+02:00",
    ]  # fmt: skip


def test_only_texts_that_differ_from_defaults_are_stored():
    event = make_event()
    own = {**get_default_texts(), "subject_fr": "À demain"}

    plan = save_reminder_plan(event=event, choices=ReminderChoices(is_enabled=True, days=(1,), texts=own))

    assert plan.subject_fr == "À demain"
    assert plan.text_fr == ""
    assert plan.subject_en == ""
    assert plan.days == [1]
    assert get_reminder_texts(plan) == own


def test_plan_with_unknown_placeholder_or_no_day_is_refused():
    for plan in (
        ReminderChoices(is_enabled=True, days=()),
        ReminderChoices(is_enabled=True, texts={"text_fr": "{x}", "subject_fr": "x"}),
    ):
        with pytest.raises(InvalidFields):
            save_reminder_plan(event=make_event(), choices=plan)
    assert not ReminderPlan.objects.exists()


def test_page_enables_reminders_and_validates_days(client):
    event = make_event()
    client.force_login(make_staff(event))
    address = f"/en/organize/{event.slug}/mail/reminders/"

    fields = dict(client.get(address).context["form"].initial)

    assert fields["is_enabled"] is False
    assert fields["days"] == "7, 1"

    client.post(address, {**fields, "is_enabled": "on", "days": "10; 2"})
    plan = get_reminder_plan(event)

    assert plan.is_enabled
    assert plan.days == [10, 2]
    assert plan.text_en == ""

    for bad in ("0", "61", "x", "1 2 3 4 5 6", "1.5", "²"):
        page = client.post(address, {**fields, "days": bad})
        assert page.context["form"].errors["days"], bad


def test_reminder_cancelled_before_start_is_never_sent(mailoutbox, run_tasks):
    make_event_starting_in(7 * DAY - HOUR)
    send_reminders()

    cancel_mailing(mailing=Mailing.objects.get())
    send_reminders()
    run_tasks()

    assert Mailing.objects.get().state == Mailing.State.CANCELLED
    assert mailoutbox == []


def test_cancelled_reminder_cannot_be_deleted():
    make_event_starting_in(7 * DAY - HOUR)
    send_reminders()
    mailing = cancel_mailing(mailing=Mailing.objects.get())

    with pytest.raises(NotADraft):
        delete_draft(mailing=mailing)
