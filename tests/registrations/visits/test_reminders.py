"""Mails a week and a day before a visit and after it, once per visitor, in the visitor's language."""

import datetime

import icalendar
import pytest
from django.utils import timezone

from registrations.visits.lifecycle.reminders import remind_visitors
from registrations.visits.models import DayMail, Visit
from registrations.visits.rides.seating import choose_rides
from tests.registrations.visits.visit_day import HOUR, make_ride, make_visit, make_visitor, scan_by_hand

pytestmark = pytest.mark.django_db


def test_mail_on_day_before_contains_meeting_point_and_briefing(run_tasks, mailoutbox):
    visit = make_visit(starts=20, identity_fields=["document_number"], briefing="Chaussures fermées.")
    ride = make_ride(visit)
    one, alone = make_visitor(visit, last_name="Aube"), make_visitor(visit, last_name="Brun")
    alone.registration.order.language = "en"
    alone.registration.order.save()
    choose_rides(application=one, ride_ids=[ride.pk])
    remind_visitors()
    remind_visitors()
    run_tasks()

    first, second = sorted(mailoutbox, key=lambda mail: mail.to)

    assert [first.to, second.to] == [[one.registration.email], [alone.registration.email]]
    assert first.subject == "Préparez votre visite\u202f: Visite chez Nordlys"
    assert second.subject == "Practical information for your visit: Visit to Nordlys"
    for words in ("Gare de Lyon, sortie 3", ride.map_url, "pièce d’identité", "Chaussures fermées."):
        assert words in first.body, words
    assert "You have not chosen a ride" in second.body

    (file,) = first.attachments
    (entry,) = icalendar.Calendar.from_ical(file.content).walk("VEVENT")

    assert entry["location"] == "Gare de Lyon, sortie 3"
    assert DayMail.objects.filter(sent_at__isnull=False, kind="eve").count() == 2


def test_reminder_gives_the_address_as_other_mails_do(run_tasks, mailoutbox):
    make_visitor(make_visit(starts=20))

    remind_visitors()
    run_tasks()

    [mail] = mailoutbox
    assert "Où\u202f: Site Nordlys, 1 allée des Serveurs, Palaiseau" in mail.body.splitlines()
    assert "<td>Site Nordlys, 1 allée des Serveurs, Palaiseau</td>" in mail.alternatives[0].content


def test_reminder_of_visit_without_rides_mentions_no_coach(run_tasks, mailoutbox):
    visit = make_visit(starts=20)
    make_visitor(visit)

    remind_visitors()
    run_tasks()

    [mail] = mailoutbox
    words = " ".join(mail.body.split())
    assert "scanné à l’entrée du site" in words
    assert "dans le car" not in words
    assert f"/visits/{visit.event.slug}/ " in f"{words} "
    assert "/rides/" not in words


@pytest.mark.parametrize(
    ("starts", "kinds"),
    [
        (7 * 24 + 1, []),
        (7 * 24 - 1, ["week"]),
        (6 * 24 - 1, []),
        (25, []),
        (23, ["eve"]),
        (1, ["eve"]),
        (-1, []),
    ],
)
def test_reminders_are_created_at_their_times(starts, kinds):
    make_visitor(make_visit(starts=starts))
    remind_visitors()

    assert [mail.kind for mail in DayMail.objects.all()] == kinds


def test_visitor_who_attended_is_asked_for_feedback(run_tasks, mailoutbox):
    visit = make_visit()
    came, _absent = make_visitor(visit), make_visitor(visit)
    scan_by_hand(came)
    event = visit.event
    event.starts_at, event.ends_at = timezone.now() - 9 * HOUR, timezone.now() - 3 * HOUR
    event.save()
    remind_visitors()
    run_tasks()

    (mail,) = mailoutbox

    assert mail.to == [came.registration.email]
    assert f"/visits/{event.slug}/feedback/" in mail.body
    assert mail.attachments == []


def test_no_reminder_for_cancelled_visit_or_withdrawn_place(run_tasks, mailoutbox):
    visit, off = make_visit(starts=20), make_visit(starts=20, cancelled_at=timezone.now())
    one = make_visitor(visit)
    make_visitor(off)
    remind_visitors()
    one.withdrawn_at = timezone.now()
    one.save()

    run_tasks()

    assert mailoutbox == []
    assert DayMail.objects.get().sent_at is None

    Visit.objects.update(cancelled_at=timezone.now() - datetime.timedelta(days=1))
    remind_visitors()

    assert DayMail.objects.count() == 1
