"""A cancelled visit is shown as cancelled on pages, in the API, in calendars, in mail and on paper."""

import datetime
import io

import icalendar
import pytest
from django.test import Client
from django.utils import timezone, translation

from badges.attendance.reports.pdf import draw_attendance
from badges.attendance.reports.printed_list import draw_printed_list
from badges.visits.day_lists import make_roster_list
from convention.events.cancellations import format_cancelled_title
from convention.text.dates import format_datetime, format_rfc3339
from registrations.models import WaitingEntry
from registrations.questions.meals_pdf import render_meals_pdf as meals_sheet
from registrations.sessions.personal_agenda import write_personal_agenda
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.lifecycle.reminders import remind_visitors
from registrations.visits.rides.seating import choose_rides
from schedule.paper.print_agenda import print_agenda
from schedule.paper.sheet_kinds import SHEET_KINDS
from tests.factories import make_room, make_session
from tests.pdf_readers import pdf_text
from tests.registrations.visits import visit_day
from tests.registrations.visits.factories import (
    get_applicant,
    get_state,
    make_application,
    make_visit,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def list_calendar_entries(content):
    return icalendar.Calendar.from_ical(content).walk("VEVENT")


def format_cancellation_sentence(visit):
    """Return the sentence about the cancellation that every page shows, in French."""
    with translation.override("fr"):
        return f"Cette visite a été annulée le {format_datetime(visit.cancelled_at, visit.event.zone)}"


def read_cancellation(visit, order):
    """Return the calendar entries, the API’s `cancelled_at` and sessions, and what the home page shows."""
    anybody, slug = Client(), visit.event.slug
    calendars = [f"/events/{slug}/agenda.ics", f"{order.manage_path}calendar.ics"]
    entries = [list_calendar_entries(anybody.get(address).content)[0] for address in calendars]
    event = anybody.get(f"/api/v1/events/{slug}/").json()
    sessions = anybody.get(f"/api/v1/events/{slug}/sessions/").json()["results"]
    first = anybody.get("/").context["cancellation_times"]
    return entries, event["cancelled_at"], [session["cancelled"] for session in sessions], first


def test_pages_api_and_calendars_show_cancellation():
    visit = make_visit(visibility="public")
    event, session = visit.event, make_session(visit.event, "Salle réseau")
    order = make_application(visit).registration.order
    pages = ["", "agenda/", f"sessions/{session.guid}/", "speakers/"]
    addresses = [*(f"/events/{event.slug}/{page}" for page in pages), order.manage_path]

    before, *plain = read_cancellation(visit, order)

    assert [entry["status"] for entry in before] == ["CONFIRMED"] * 2
    assert plain == [None, [False], {}]
    assert [Client().get(address).content.decode().count("annulée le") for address in addresses] == [0] * 5

    visit = cancel_visit(visit=visit, reason="Grève.")
    after, *told = read_cancellation(visit, order)

    assert [entry["status"] for entry in after] == ["CANCELLED"] * 2
    assert [new["sequence"] > old["sequence"] for new, old in zip(after, before, strict=True)] == [True] * 2
    since = visit.cancelled_at
    assert told == [format_rfc3339(since, event.zone), [True], {event.pk: since}]

    shown = [Client().get(address).content.decode() for address in addresses]

    assert [page.count(format_cancellation_sentence(visit)) for page in shown] == [1] * 5
    assert [page.count("inscriptions sont closes") for page in shown] == [0] * 5
    assert Client().get("/").context["next_event"] is None


def test_visit_page_mentions_free_cancellation_only_to_visitors_with_place():
    visit = make_visit()
    member, gone = make_application(visit), make_application(visit)
    withdraw_application(application=gone)
    visit = cancel_visit(visit=visit, reason="Grève.")

    pages = [
        make_client(get_applicant(one)).get(f"/visits/{visit.event.slug}/").content.decode()
        for one in (member, gone)
    ]

    assert [page.count(f"{format_cancellation_sentence(visit)}\u202f: Grève.") for page in pages] == [1, 1]
    assert [page.count("Votre place est annulée sans frais") for page in pages] == [1, 0]

    theirs = Client().get(member.registration.order.manage_path).content.decode()

    assert "Retirer de mon agenda" in theirs
    assert "Se réinscrire" not in theirs


def test_applications_to_a_cancelled_visit_are_called_off_except_earlier_withdrawals():
    visit = make_visit(places=2)
    placed, gone = make_application(visit), make_application(visit)
    withdraw_application(application=gone)
    other = make_application(visit)
    waiting = make_application(visit)

    cancel_visit(visit=visit, reason="Grève.")

    assert get_state(placed) == ApplicationState.CALLED_OFF
    assert get_state(other) == ApplicationState.CALLED_OFF
    assert get_state(waiting) == ApplicationState.CALLED_OFF
    assert get_state(gone) == ApplicationState.WITHDRAWN


def test_offer_that_expired_before_the_cancellation_is_not_called_off():
    visit = make_visit(places=1)
    make_application(visit)
    waiting = make_application(visit)
    long_ago = timezone.now() - datetime.timedelta(days=2)
    WaitingEntry.objects.filter(pk=waiting.waiting_entry_id).update(
        offered_at=long_ago, offer_expires_at=long_ago, offer_expired_at=long_ago
    )

    cancel_visit(visit=visit, reason="Grève.")

    assert get_state(waiting) == ApplicationState.OFFER_EXPIRED


def test_cancellation_mail_mentions_place_and_refund_only_to_visitors_with_place(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    visitor, waiting = (get_applicant(make_application(visit, language="en")) for _number in range(2))
    run_tasks()
    mailoutbox.clear()

    cancel_visit(visit=visit, reason="Strike.")
    run_tasks()

    for person, count in ((visitor, 1), (waiting, 0)):
        [mail] = [mail for mail in mailoutbox if mail.to == [person.email]]
        parts = [" ".join(part.split()) for part in (mail.body, mail.alternatives[0].content)]
        assert [part.count("called off. Reason: Strike.") for part in parts] == [1, 1]
        assert [part.count("Your place is cancelled, and any payment") for part in parts] == [count] * 2


def test_cancellation_mail_cancels_calendar_entries_of_visit_and_rides(run_tasks, mailoutbox):
    visit = visit_day.make_visit(starts=48)
    one = visit_day.make_visitor(visit)
    choose_rides(application=one, ride_ids=[visit_day.make_ride(visit).pk])
    cancel_visit(visit=visit, reason="Grève.")
    run_tasks()
    [mail] = [mail for mail in mailoutbox if mail.to == [one.person.email]]

    files = {file.filename: list_calendar_entries(file.content) for file in mail.attachments}

    assert {name: [str(entry["status"]) for entry in found] for name, found in files.items()} == {
        "visit.ics": ["CANCELLED"], "rides.ics": ["CANCELLED"],
    }  # fmt: skip
    assert files["rides.ics"][0]["location"] == "Gare de Lyon, sortie 3"


def test_cancellation_mail_without_a_ride_has_the_visit_in_one_file(run_tasks, mailoutbox):
    visit = visit_day.make_visit(starts=48)
    one = visit_day.make_visitor(visit)
    cancel_visit(visit=visit, reason="Grève.")

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [one.person.email]]
    assert [file.filename for file in mail.attachments] == ["visit.ics"]


def test_every_mail_about_a_visit_uses_one_calendar_entry(run_tasks, mailoutbox):
    visit = make_visit(starts_at=timezone.now() + datetime.timedelta(days=6, hours=23), lock_working_days=1)
    visitor = get_applicant(make_application(visit))
    run_tasks()
    remind_visitors()
    run_tasks()
    cancel_visit(visit=visit, reason="Grève.")

    run_tasks()

    files = [
        file for mail in mailoutbox if mail.to == [visitor.email]
        for file in mail.attachments if file.filename.endswith(".ics")
    ]  # fmt: skip

    entries = [entry for file in files for entry in list_calendar_entries(file.content)]
    assert [str(entry["status"]) for entry in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert len({str(entry["uid"]) for entry in entries}) == 1


@pytest.mark.once
@pytest.mark.usefixtures("french")
def test_every_printed_page_shows_cancellation():
    visit = make_visit()
    event = visit.event
    order = make_application(visit).registration.order
    room = make_room(event, name="Salle des machines")
    make_session(event, "La salle", room=room, starts_at=event.starts_at, minutes=30)

    kinds = set(SHEET_KINDS) - {"changes"}  # compares two versions

    assert "annulé" not in "".join(render_sheet(event, kind) for kind in kinds).casefold()

    visit = cancel_visit(visit=visit, reason="L’hôte ferme son site.")
    said, title = words(format_cancellation_sentence(visit)), words(format_cancelled_title(event.title))
    for kind in kinds:
        pages = render_sheet(event, kind).split("\f")
        assert said in words(pages[0]), kind
        assert [page for page in pages if title not in words(page)] == [], kind
    own = io.BytesIO()

    write_personal_agenda(registration=order.registrations.get(), file=own)

    assert said in words(pdf_text(own.getvalue()))
    for paper in (
        draw_attendance(event),
        meals_sheet(event),
        draw_printed_list(event, make_roster_list(event, [])),
    ):
        assert title in words(pdf_text(paper))


def render_sheet(event, kind):
    file = io.BytesIO()
    print_agenda(event, file=file, format_name=kind)
    return pdf_text(file.getvalue())


def words(text):
    """Text with runs of white space as one space."""
    return " ".join(text.split())
