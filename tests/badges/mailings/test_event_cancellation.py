"""Mailings and reminders of a cancelled event."""

import datetime

import pytest
from django.utils import timezone, translation

from badges.mailings.models import Mailing, ReminderPlan
from badges.mailings.sending.launch import launch_mailing, schedule_mailing
from badges.mailings.sending.reminders import send_reminders
from convention.events.publishing.cancel_event import cancel_event, load_effects
from tests.badges.mailings.factories import add_people, make_mailing
from tests.factories import make_administrator, make_event

pytestmark = pytest.mark.django_db


def cancel(event) -> None:
    cancel_event(event=event, reason="Strike", requested_by=make_administrator())


def test_mailing_being_sent_stops(run_tasks, mailoutbox):
    event = make_event()
    add_people(event, 2)
    mailing = launch_mailing(mailing=make_mailing(event))
    Mailing.objects.filter(pk=mailing.pk).update(started_at=timezone.now())

    cancel(event)
    run_tasks()

    mailing.refresh_from_db()
    assert mailing.state == "cancelled"
    assert [mail for mail in mailoutbox if mail.subject.startswith("Nouvelles")] == []


def test_scheduled_mailing_becomes_draft():
    event = make_event()
    add_people(event, 1)
    mailing = schedule_mailing(mailing=make_mailing(event), at=timezone.now() + datetime.timedelta(hours=1))

    with translation.override("en"):
        sentences = load_effects(event).sentences
    cancel(event)

    mailing.refresh_from_db()
    assert mailing.is_draft
    assert "1 scheduled or ongoing mailing will be stopped." in sentences


def test_no_reminder_is_sent():
    event = make_event(starts_at=timezone.now() + datetime.timedelta(days=1))
    add_people(event, 1)
    ReminderPlan.objects.create(event=event, is_enabled=True, days=[1])
    with translation.override("en"):
        sentences = load_effects(event).sentences
    cancel(event)

    send_reminders()

    assert "No more reminders will be sent." in sentences
    assert not Mailing.objects.exists()
