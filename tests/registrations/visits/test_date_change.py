"""A visit that moves to other dates: who is told, the link to the list, and what the organizers see."""

import datetime

import icalendar
import pytest
from django.utils import timezone, translation
from lxml import html

from convention.text.dates import format_date, format_datetime, format_datetime_range
from registrations.models import WaitingEntry
from registrations.visits.identity.identities import save_identity
from registrations.visits.identity.purge import compute_purge_time, list_visits_to_purge
from registrations.visits.lifecycle.date_change import follow_new_dates, notify_of_new_dates
from registrations.visits.models import Application, DayMail, NotifiedDates, Ride, RideSeat, Visit
from registrations.visits.models.visits import MAX_IDENTITY_DAYS_BEFORE
from tests.factories import make_administrator, make_member, make_secretary
from tests.registrations.visits.hosts import (
    DAY,
    make_host,
    make_hosted,
    make_identified,
    make_identity_answers,
    make_sent_list,
    make_visitor,
)
from tests.registrations.visits.visit_day import HOUR, make_ride
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def move_visit(visit, *, days):
    """Move the visit by `days`, as saving the event's settings does."""
    stored = Visit.objects.select_related("event").get(pk=visit.pk).event
    event = visit.event
    event.starts_at, event.ends_at = stored.starts_at + days * DAY, stored.ends_at + days * DAY
    event.save()
    follow_new_dates(stored, event)
    visit.refresh_from_db()


def post_new_dates(visit, *, days):
    """Move the visit by `days` on its settings page, confirm it, and return the page that follows."""
    question, values = ask_for_new_dates(visit, days=days)
    [code] = html.fromstring(question.content).xpath("//button[@name='dates_confirmed']/@value")
    page = f"/en/organize/{visit.event.slug}/settings/"
    return make_client(make_administrator()).post(page, {**values, "dates_confirmed": code}, follow=True)


def ask_for_new_dates(visit, *, days, **changes):
    """Move the visit by `days` on its settings page; return the page with the question, and what was sent."""
    client, page = make_client(make_administrator()), f"/en/organize/{visit.event.slug}/settings/"
    [form] = html.fromstring(client.get(page).content).xpath("//form[.//input[@name='seen']]")
    values = dict(form.form_values())
    for name in ("starts_at", "ends_at"):
        moved = datetime.datetime.fromisoformat(values[name]) + days * DAY
        values[name] = f"{moved:%Y-%m-%dT%H:%M}"
    values |= changes
    return client.post(page, values, follow=True), values


def test_new_date_of_an_announced_visit_asks_before_it_is_saved(visit, run_tasks, mailoutbox):
    old_dates = (visit.event.starts_at, visit.event.ends_at)
    run_tasks()
    mailoutbox.clear()

    question, _values = ask_for_new_dates(visit, days=7, description="Typed meanwhile")
    run_tasks()

    visit.event.refresh_from_db()
    text = question.content.decode()
    assert (visit.event.starts_at, visit.event.ends_at) == old_dates
    assert mailoutbox == []
    assert "Change the date and send the e-mails?" in text
    with translation.override("en"):
        assert f"Old date: {format_datetime_range(*old_dates, visit.event.zone)}" in text
        new_dates = [moment + 7 * DAY for moment in old_dates]
        assert f"New date: {format_datetime_range(*new_dates, visit.event.zone)}" in text
    assert "1 person with a place or waiting for one will be informed." in text
    assert "1 contact of the host will be informed." in text
    assert "The host’s security contact will be informed." in text
    assert "Typed meanwhile" in text


def test_confirmation_of_one_date_is_not_valid_for_another(visit):
    question, _values = ask_for_new_dates(visit, days=7)
    [code] = html.fromstring(question.content).xpath("//button[@name='dates_confirmed']/@value")

    second_question, _values = ask_for_new_dates(visit, days=14, dates_confirmed=code)

    assert not second_question.redirect_chain
    assert "Change the date and send the e-mails?" in second_question.content.decode()


def test_message_after_a_new_date_says_how_many_emails_are_sent(visit):
    answer = post_new_dates(visit, days=7)

    assert "3 e-mails with the new date are on their way." in answer.content.decode()


def test_new_date_of_a_draft_visit_is_saved_without_a_question():
    visit = make_hosted(days=30, locked_at=None, agreed_at=None)

    answer, _values = ask_for_new_dates(visit, days=7)

    assert answer.redirect_chain


def test_settings_page_mails_new_date_to_everyone_concerned(visit, run_tasks, mailoutbox):
    ticket = visit.event.tickets.get()
    address = "waits@example.org"
    entry = WaitingEntry.objects.create(event=visit.event, ticket=ticket, email=address, address=address)
    waiting = Application.objects.create(visit=visit, person=make_member(), waiting_entry=entry)
    make_host(visit, visit.security_email)
    run_tasks()
    mailoutbox.clear()

    answer = post_new_dates(visit, days=7)
    run_tasks()

    assert answer.redirect_chain
    place = visit.applications.exclude(pk=waiting.pk).get()
    # The security contact is also a contact of the host, and gets one mail.
    expected = [place.person.email, waiting.person.email, "sophie@hote.example", visit.security_email]
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(expected)


def test_mail_names_both_dates_and_replaces_calendar_entry(visit, run_tasks, mailoutbox):
    application = visit.applications.get()
    application.person.language = "en"
    application.person.save()
    old_day = visit.day

    move_visit(visit, days=7)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [application.person.email]]
    assert f"{old_day.day}\N{NO-BREAK SPACE}{old_day:%B}" in mail.body
    assert f"{visit.day.day}\N{NO-BREAK SPACE}{visit.day:%B}" in mail.body
    [calendar] = [file for file in mail.attachments if file.filename.endswith(".ics")]
    assert f"{visit.day:%Y%m%d}T" in calendar.content


def test_each_move_has_its_own_message_id_there_and_back(visit, run_tasks, mailoutbox):
    for days in (7, -7, 7):
        move_visit(visit, days=days)
        run_tasks()

    applicant = visit.applications.get().person
    message_ids = [mail.message()["Message-ID"] for mail in mailoutbox if mail.to == [applicant.email]]
    assert len(message_ids) == 3
    assert len(set(message_ids)) == 3


def test_retry_of_a_move_has_the_same_message_id(visit, run_tasks, mailoutbox):
    application, event = visit.applications.get(), visit.event
    old_dates = {"starts_at": event.starts_at, "ends_at": event.ends_at}
    move_visit(visit, days=7)
    run_tasks()
    # As after a worker that died between the mail and the row.
    NotifiedDates.objects.filter(application=application).update(**old_dates)

    notify_of_new_dates.func(application.notified_dates.pk)

    mails = [mail for mail in mailoutbox if mail.to == [application.person.email]]
    assert len(mails) == 2
    assert len({mail.message()["Message-ID"] for mail in mails}) == 1


def test_move_back_before_the_mails_are_sent_sends_no_mail(visit, run_tasks, mailoutbox):
    for days in (7, -7):
        move_visit(visit, days=days)
    run_tasks()

    assert mailoutbox == []


def test_two_moves_before_the_mails_are_sent_are_one_mail_to_each(visit, run_tasks, mailoutbox):
    for _move in range(2):
        move_visit(visit, days=7)
    run_tasks()

    addresses = [mail.to[0] for mail in mailoutbox]
    assert visit.applications.get().person.email in addresses
    assert len(addresses) == len(set(addresses))


def test_mail_after_two_moves_names_the_last_dates_that_the_recipient_was_told(visit, run_tasks, mailoutbox):
    first_day = visit.day

    for _move in range(2):
        move_visit(visit, days=7)
    run_tasks()

    security = find_mail(mailoutbox, visit.security_email)
    host = find_mail(mailoutbox, visit.host_contacts.get().email)
    applicant = find_mail(mailoutbox, visit.applications.get().person.email)
    assert name_day(first_day) in security.body
    assert name_day(first_day) in host.body
    assert name_day(first_day) in applicant.body
    assert name_day(first_day + 7 * DAY) not in applicant.body


def test_each_recipient_reads_the_last_dates_of_their_own_mail(visit, run_tasks, mailoutbox):
    applicant, host = visit.applications.get(), visit.host_contacts.get()
    first_day = visit.day
    move_visit(visit, days=7)
    # The worker stops after the mail to the applicant.
    notify_of_new_dates.func(applicant.notified_dates.pk)
    mailoutbox.clear()

    move_visit(visit, days=7)
    run_tasks()

    assert name_day(first_day + 7 * DAY) in find_mail(mailoutbox, applicant.person.email).body
    assert name_day(first_day) in find_mail(mailoutbox, host.email).body


def name_day(day):
    """Return day and month in French, as the mails write them, with or without the year."""
    with translation.override("fr"):
        return format_date(day).rpartition("\N{NO-BREAK SPACE}")[0]


def find_mail(mails, address):
    """Return the only mail to the address."""
    [mail] = [mail for mail in mails if mail.to == [address]]
    return mail


def test_open_link_moves_with_the_end_of_the_visit(visit):
    expires_at = visit.lists.get().link_expires_at

    move_visit(visit, days=7)

    assert visit.lists.get().link_expires_at == expires_at + 7 * DAY


def test_reminders_are_sent_again_for_the_new_date(visit):
    DayMail.objects.create(
        application=visit.applications.get(), kind=DayMail.Kind.WEEK, sent_at=timezone.now()
    )

    move_visit(visit, days=14)

    assert not DayMail.objects.exists()


@pytest.mark.parametrize("facts", [{"locked_at": None, "agreed_at": None}, {"cancelled_at": timezone.now()}])
def test_move_of_draft_or_cancelled_visit_tells_nobody(facts, run_tasks, mailoutbox):
    visit = make_hosted(days=30, **facts)
    make_identified_without_mail(visit)

    move_visit(visit, days=7)
    run_tasks()

    assert mailoutbox == []


def make_identified_without_mail(visit):
    """Give the visit somebody with a place."""
    Application.objects.create(visit=visit, person=make_member())


def test_pages_ask_to_send_list_again_until_it_was_sent(visit):
    client = make_client(make_secretary())
    pages = [f"/en/organize/{visit.event.slug}/visit/", f"/en/organize/{visit.event.slug}/visit/lists/"]
    sentence = "after the list was sent. Send the list again, with the new dates."

    move_visit(visit, days=7)

    assert [sentence in client.get(page).text for page in pages] == [True, True]

    make_identified(visit, 2)
    make_sent_list(visit)

    assert [sentence in client.get(page).text for page in pages] == [False, False]


def test_rides_move_with_the_visit(visit):
    ride = make_ride(visit, arrives_at=visit.event.starts_at - HOUR / 2)
    leaves_at, arrives_at = ride.leaves_at, ride.arrives_at

    move_visit(visit, days=7)

    ride.refresh_from_db()
    assert ride.leaves_at == leaves_at + 7 * DAY
    assert ride.arrives_at == arrives_at + 7 * DAY


def test_longer_visit_moves_only_its_return_rides(visit):
    there, back = make_ride(visit), make_ride(visit, "back")
    early = make_ride(visit, "back", leaves_at=visit.event.ends_at - HOUR / 4)
    stored, event = Visit.objects.get(pk=visit.pk).event, visit.event
    event.ends_at += 2 * HOUR
    event.save()

    follow_new_dates(stored, event)

    changes = {ride: Ride.objects.get(pk=ride.pk).leaves_at - ride.leaves_at for ride in (there, early, back)}
    assert changes == {there: 0 * HOUR, early: 2 * HOUR, back: 2 * HOUR}


def test_rides_of_a_draft_move_without_an_email(mailoutbox, run_tasks):
    visit = make_hosted(days=30, locked_at=None, agreed_at=None)
    ride = make_ride(visit)

    move_visit(visit, days=7)
    run_tasks()

    assert Ride.objects.get().leaves_at == ride.leaves_at + 7 * DAY
    assert mailoutbox == []


def test_rides_stay_when_a_running_visit_ends_later():
    visit = make_hosted(days=0)
    ride = make_ride(visit, "back")
    stored, event = Visit.objects.get(pk=visit.pk).event, visit.event
    event.ends_at += HOUR
    event.save()

    follow_new_dates(stored, event)

    assert Ride.objects.get().leaves_at == ride.leaves_at


def test_passenger_reads_the_new_ride_in_the_mail_about_the_new_date(visit, run_tasks, mailoutbox):
    passenger, ride = visit.applications.get(), make_ride(visit)
    RideSeat.objects.create(ride=ride, application=passenger)

    move_visit(visit, days=7)
    run_tasks()

    mail = find_mail(mailoutbox, passenger.person.email)
    with translation.override("fr"):
        departure = format_datetime(ride.leaves_at + 7 * DAY, visit.event.zone)
    assert f"{departure}, {ride.meeting_point}" in mail.body
    assert ride.meeting_point in mail.alternatives[0].content


def test_mail_without_a_seat_names_no_ride(visit, run_tasks, mailoutbox):
    ride = make_ride(visit)

    move_visit(visit, days=7)
    run_tasks()

    assert ride.meeting_point not in find_mail(mailoutbox, visit.applications.get().person.email).body


def test_settings_page_says_that_rides_have_moved(visit):
    make_ride(visit)

    page = post_new_dates(visit, days=7)

    assert "One ride has moved with the visit. Check its time under “Rides”." in page.text


def test_settings_page_of_a_visit_without_rides_says_nothing_of_them(visit):
    page = post_new_dates(visit, days=7)

    assert "moved with the visit" not in page.text


def test_unchanged_dates_tell_nobody(visit, run_tasks, mailoutbox):
    move_visit(visit, days=0)
    run_tasks()

    assert mailoutbox == []
    assert visit.moved_at is None


def test_security_contact_entered_after_a_move_reads_the_dates_of_then(visit, run_tasks, mailoutbox):
    Visit.objects.update(security_email="")
    visit.refresh_from_db()
    first_day = visit.day
    move_visit(visit, days=7)
    run_tasks()
    Visit.objects.update(security_email="garde@hote.example")
    visit.refresh_from_db()

    move_visit(visit, days=7)
    run_tasks()

    mail = find_mail(mailoutbox, "garde@hote.example")
    assert name_day(first_day + 7 * DAY) in mail.body
    assert name_day(first_day) not in mail.body


def test_postponed_visit_still_accepts_identities_that_were_requested_before():
    visit = make_hosted(days=30, identity_days_before=35)
    visitor = make_visitor(visit)

    move_visit(visit, days=7)

    assert save_identity(application=visitor, answers=make_identity_answers(1)).pk
    assert visit.identity_days_before == 42


def test_visit_postponed_by_months_requests_identities_as_early_as_possible():
    visit = make_hosted(days=30, identity_days_before=35)

    answer = post_new_dates(visit, days=100)

    visit.refresh_from_db()
    assert visit.identity_days_before == MAX_IDENTITY_DAYS_BEFORE
    assert "Visitors can enter their identity details again from" in answer.text


def test_new_date_before_identities_were_requested_leaves_the_number_of_days():
    visit = make_hosted(days=30, identity_days_before=21)

    move_visit(visit, days=7)

    assert visit.identity_days_before == 21


def test_earlier_date_leaves_the_number_of_days():
    visit = make_hosted(days=30, identity_days_before=35)

    move_visit(visit, days=-7)

    assert visit.identity_days_before == 35


def test_settings_page_says_that_identities_are_still_requested_after_a_new_date():
    visit = make_hosted(days=30, identity_days_before=35)

    answer = post_new_dates(visit, days=7)

    assert "Visitors can still enter their identity details" in answer.text


def test_identities_of_a_postponed_visit_are_deleted_a_week_after_its_new_end():
    visit = make_hosted(days=30, identity_days_before=35)
    first_purge_time = compute_purge_time(visit)

    move_visit(visit, days=7)

    assert list_visits_to_purge(at=first_purge_time + 6 * DAY) == []
    assert list_visits_to_purge(at=first_purge_time + 7 * DAY) == [visit]


def test_calendar_file_holds_the_visitors_own_link_where_a_contact_ordered(visit, run_tasks, mailoutbox):
    visitor = visit.applications.get()
    order = visitor.registration.order
    order.email = "contact@example.org"
    order.save(update_fields=["email"])

    move_visit(visit, days=7)
    run_tasks()

    [file] = find_mail(mailoutbox, visitor.person.email).attachments
    [entry] = icalendar.Calendar.from_ical(file.content).walk("VEVENT")
    assert entry["url"] != order.manage_url
