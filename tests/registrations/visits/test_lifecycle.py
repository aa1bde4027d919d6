"""A visit's life from draft to lock or calling off; its text; places that are decided about."""

import datetime

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.reports.event_facts import load_event_facts
from convention.audit.models import AuditEntry
from convention.club.change_employer import change_employer
from convention.club.models import Seat
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.inventory.stock import release_ticket_holds
from registrations.models import Registration, Ticket, WaitingEntry
from registrations.visits.applications.applicants import find_current_objections
from registrations.visits.applications.apply import apply_for_visit
from registrations.visits.applications.confidentiality import TextChanged, accept_nda_text, save_nda_text
from registrations.visits.applications.notifications import remind_before_lock
from registrations.visits.applications.places import grant_exception
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.dates import find_lock_time
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.lifecycle.change import change_visit
from registrations.visits.lifecycle.create import VisitAlreadyExists
from registrations.visits.lifecycle.create import create_visit as begin
from registrations.visits.lifecycle.steps import (
    close_applications,
    publish_visit,
    record_agreement,
    reopen_applications,
)
from registrations.visits.models import Application, HostContact
from registrations.visits.preconditions import ApplicationEnded, VisitNotReady
from registrations.visits.visitor_list.lock import lock_due_lists, lock_list, unlock_list
from registrations.waiting_list.organizer_actions import offer_place_now
from tests.factories import make_company, make_event, make_member, make_registration, make_ticket
from tests.registrations.visits.factories import (
    TEXT,
    agreed,
    applicant,
    applied,
    make_market,
    make_visit,
    reread,
    state,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def draft_event(**fields) -> Event:
    starts = timezone.now() + 40 * DAY
    values = {"kind": "site_visit", "visibility": "draft", "starts_at": starts, "ends_at": starts + DAY / 4}
    return make_event(**{**values, **fields})


def test_a_visit_begins_as_a_draft_with_a_ticket_for_members():
    visit = begin(event=draft_event())
    assert visit.state == "draft"
    ticket = Ticket.objects.get()
    assert ticket.audience == "member"
    assert ticket.capacity == 20
    assert ticket.company_cap == 2
    assert ticket.is_default
    with pytest.raises(VisitAlreadyExists):
        begin(event=visit.event)


def test_an_event_of_another_kind_becomes_no_visit():
    with pytest.raises(VisitAlreadyExists):
        begin(event=make_event())


def test_members_who_were_registered_before_keep_their_places():
    event = draft_event(visibility="members")
    ticket = make_ticket(event, slug="member", audience="member", is_default=True, capacity=5)
    place = make_registration(ticket, person=make_member(), member_of=make_company())
    make_registration(make_ticket(event, slug="staff", audience="staff"))
    visit = begin(event=event)
    application = Application.objects.get()
    assert (application.registration, application.company) == (place, place.member_of)
    assert (visit.state, state(application)) == ("published", ApplicationState.CONFIRMED)


def test_each_step_follows_the_one_before():
    event = draft_event()
    visit = begin(event=event)
    with pytest.raises(VisitNotReady, match="host"):
        record_agreement(visit=visit)
    event.host = make_company(role="vendor")
    event.save()
    assert record_agreement(visit=visit).state == "agreed"
    with pytest.raises(VisitNotReady, match="Enter the confidentiality terms"):
        publish_visit(visit=visit)
    save_nda_text(visit=visit, text=TEXT)
    assert publish_visit(visit=visit).state == "published"
    event.refresh_from_db()
    assert (event.visibility, event.registration_closes_at) == ("members", find_lock_time(reread(visit)))
    assert close_applications(visit=visit).state == "closed"
    assert reopen_applications(visit=visit).state == "published"
    assert lock_list(visit=visit).state == "locked"
    assert unlock_list(visit=visit).state == "published"
    verbs = list(
        AuditEntry.objects.filter(verb__startswith="visit.").order_by("pk").values_list("verb", flat=True)
    )
    assert verbs == [
        "visit.create", "visit.agree", "visit.write_text", "visit.publish", "visit.close", "visit.reopen",
        "visit.lock", "visit.unlock",
    ]  # fmt: skip


def test_steps_out_of_turn_are_refused():
    visit = make_visit(visibility="draft", agreed_at=None)
    for step in (close_applications, reopen_applications, lock_list, unlock_list):
        with pytest.raises(NotOpenNow):
            step(visit=visit)
    with pytest.raises(VisitNotReady, match="has not agreed"):
        publish_visit(visit=visit)


def test_a_visit_whose_lock_has_passed_is_not_opened():
    visit = make_visit(visibility="draft", starts_at=timezone.now() + DAY)
    with pytest.raises(VisitNotReady, match="later date"):
        publish_visit(visit=visit)


def test_the_lock_ends_offers_and_tells_who_waits(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    first, second, third = applied(visit), applied(visit, language="en"), applied(visit, language="en")
    withdraw_application(application=first)
    assert state(second) == ApplicationState.OFFERED
    lock_list(visit=visit)
    assert (state(second), state(third)) == (ApplicationState.WITHDRAWN, ApplicationState.WAITING)
    assert Ticket.objects.get(event=visit.event).reserved == 0
    run_tasks()
    told = [mail.to[0] for mail in mailoutbox if "No places left" in mail.subject]
    assert told == [applicant(third).email]
    with pytest.raises(NotOpenNow):
        lock_list(visit=visit)


def test_nobody_is_offered_a_place_by_hand_once_the_list_is_locked():
    visit = make_visit(places=1)
    applied(visit)
    second = applied(visit)
    Ticket.objects.update(capacity=2)
    lock_list(visit=visit)
    with pytest.raises(NotOpenNow, match="locked"):
        offer_place_now(entry=second.waiting_entry)
    assert state(second) == ApplicationState.WAITING


def test_lists_are_locked_when_their_moment_has_come_and_once():
    due, later = make_visit(starts_at=timezone.now() + DAY), make_visit()
    draft = make_visit(starts_at=timezone.now() + DAY, visibility="draft")
    lock_due_lists()
    lock_due_lists()
    assert reread(due).locked_at is not None
    assert reread(later).locked_at is None
    assert reread(draft).locked_at is None
    assert AuditEntry.objects.filter(verb="visit.lock").count() == 1


def test_a_list_that_was_sent_or_is_due_stays_locked():
    for visit in (
        make_visit(locked_at=timezone.now(), sent_at=timezone.now()),
        make_visit(locked_at=timezone.now(), starts_at=timezone.now() + DAY),
    ):
        with pytest.raises(NotOpenNow, match="stays locked"):
            unlock_list(visit=visit)


def test_calling_off_frees_everything_and_tells_everybody_why(run_tasks, mailoutbox):
    visit = make_visit(places=1, security_email="security@host.example", price=12_000)
    contact = HostContact.objects.create(visit=visit, name="Lou", email="lou@host.example", language="en")
    HostContact.objects.create(visit=visit, name="Past", email="past@host.example", ended_at=timezone.now())
    first, second, gone = applied(visit, language="en"), applied(visit), applied(visit)
    withdraw_application(application=gone)
    run_tasks()
    mailoutbox.clear()
    with pytest.raises(InvalidFields):
        cancel_visit(visit=visit, reason="")
    visit = cancel_visit(visit=visit, reason="Strike.")
    run_tasks()
    assert visit.state == "cancelled"
    assert Registration.objects.active().count() == WaitingEntry.objects.active().count() == 0
    assert (Ticket.objects.get().reserved, first.registration.order.amount_due.amount) == (0, 0)
    assert {mail.to[0] for mail in mailoutbox} == {
        applicant(first).email, applicant(second).email, contact.email, "security@host.example",
    }  # fmt: skip
    assert len(mailoutbox) == 4
    [mine] = [mail for mail in mailoutbox if mail.to == [applicant(first).email]]
    assert "called off: Strike." in mine.body
    with pytest.raises(NotOpenNow):
        cancel_visit(visit=visit, reason="Again.")
    with pytest.raises(NotOpenNow):
        publish_visit(visit=visit)


def test_a_visit_that_is_over_cannot_be_called_off():
    over = make_visit(starts_at=timezone.now() - 2 * DAY, locked_at=timezone.now() - 9 * DAY)
    assert over.state == "held"
    with pytest.raises(NotOpenNow):
        cancel_visit(visit=over, reason="Late.")


def test_facts_are_kept_and_more_places_go_to_who_waits_at_once():
    visit = make_visit(places=1)
    _first, second = applied(visit), applied(visit)
    ticket = Ticket.objects.get(event=visit.event)
    ticket.capacity, visit.security_name = 2, "Sam"
    change_visit(visit=visit, ticket=ticket, changed=["capacity", "security_name"])
    assert (reread(visit).security_name, state(second)) == ("Sam", ApplicationState.OFFERED)


def test_there_are_never_fewer_places_than_are_taken_nor_another_day_once_locked():
    visit = make_visit(places=2)
    applied(visit), applied(visit)
    ticket = Ticket.objects.get(event=visit.event)
    ticket.capacity = 1
    with pytest.raises(InvalidFields) as error:
        change_visit(visit=visit, ticket=ticket, changed=["capacity"])
    assert list(error.value.field_errors) == ["capacity"]
    lock_list(visit=visit)
    visit.lock_working_days = 2
    with pytest.raises(InvalidFields) as error:
        change_visit(visit=visit, ticket=ticket, changed=["lock_working_days"])
    assert list(error.value.field_errors) == ["lock_working_days"]


# --- confidentiality ------------------------------------------------------------------------------------


def test_a_new_text_asks_everybody_again(run_tasks, mailoutbox):
    visit = make_visit(identity_fields=["birth_date"])
    application = agreed(applied(visit, language="en"))
    run_tasks()
    assert state(application) == ApplicationState.AGREED
    mailoutbox.clear()
    save_nda_text(visit=visit, text="Rien ne sort d’ici.", text_en="Nothing leaves this place.")
    run_tasks()
    assert state(application) == ApplicationState.CONFIRMED
    [mail] = mailoutbox
    assert "have changed" in mail.body
    assert state(agreed(application)) == ApplicationState.AGREED


def test_the_mail_that_asks_goes_out_once_for_each_version(run_tasks, mailoutbox):
    visit = make_visit()
    application = applied(visit, language="en")
    run_tasks()
    asked = [mail for mail in mailoutbox if "accept the confidentiality terms" in mail.subject]
    assert [mail.to for mail in asked] == [[applicant(application).email]]
    application.refresh_from_db()
    assert application.sent_mails == ["text1"]


def test_who_has_not_agreed_is_reminded_once_in_the_last_days_before_the_lock(run_tasks, mailoutbox):
    far, near = (
        make_visit(lock_working_days=0),
        make_visit(lock_working_days=0, starts_at=timezone.now() + 2 * DAY),
    )
    late, done = applied(near, language="en"), agreed(applied(near, language="en"))
    applied(far, language="en")
    run_tasks()
    mailoutbox.clear()
    for _round in range(2):
        remind_before_lock()
        run_tasks()
    assert [mail.to for mail in mailoutbox] == [[applicant(late).email]]
    assert mailoutbox[0].subject.startswith("Reminder: please accept")
    assert state(done) == ApplicationState.COMPLETE


def test_no_task_waits_for_who_has_agreed_in_the_last_days_before_the_lock(run_tasks):
    agreed(applied(make_visit(lock_working_days=0, starts_at=timezone.now() + 2 * DAY)))
    run_tasks()

    remind_before_lock()

    assert not DBTaskResult.objects.ready().exists()


def test_the_same_words_in_other_line_ends_are_no_new_version():
    visit = make_visit(text="")
    save_nda_text(visit=visit, text="Un\r\ndeux  \r\n")
    with pytest.raises(InvalidFields):
        save_nda_text(visit=visit, text="Un\ndeux")
    with pytest.raises(InvalidFields):
        save_nda_text(visit=visit, text="  ")
    assert [text.number for text in visit.nda_texts.all()] == [1]


def test_nobody_agrees_to_a_text_that_changed_under_their_eyes_nor_without_a_name():
    visit = make_visit()
    application = applied(visit)
    shown = visit.nda_texts.get().hash
    save_nda_text(visit=visit, text="Autre chose.")
    with pytest.raises(TextChanged):
        accept_nda_text(application=application, text_hash=shown, name="Ana")
    latest = visit.nda_texts.first().hash
    with pytest.raises(InvalidFields):
        accept_nda_text(application=application, text_hash=latest, name="  ")
    given = accept_nda_text(application=application, text_hash=latest, name="Ana")
    assert accept_nda_text(application=application, text_hash=latest, name="Other") == given


def test_who_has_withdrawn_agrees_to_nothing():
    application = applied(make_visit())
    withdraw_application(application=application)
    with pytest.raises(ApplicationEnded):
        agreed(application)


def test_an_old_text_that_returns_word_by_word_needs_no_second_agreement():
    visit = make_visit()
    application = agreed(applied(visit))
    save_nda_text(visit=visit, text="Autre chose.")
    save_nda_text(visit=visit, text=TEXT)
    assert state(application) == ApplicationState.COMPLETE


# --- the seat is lost after the place was given ----------------------------------------------------------


def test_a_change_of_employer_is_shown_and_the_place_stays_until_somebody_decides():
    visit = make_visit()
    application, other = applied(visit), applied(visit)
    change_employer(person=applicant(application), to=make_company(), on=timezone.localdate())
    assert find_current_objections(visit, [application, other]) == {application.pk: ["no_seat"]}
    assert state(application) == ApplicationState.CONFIRMED
    with pytest.raises(InvalidFields):
        grant_exception(application=application, reason="")
    grant_exception(application=application, reason="The host agrees.")
    assert application.exception_granted_at is not None
    entry = AuditEntry.objects.get(verb="visit.keep_place")
    assert (entry.reason, entry.fields) == ("The host agrees.", ["exception_granted_at"])


def test_a_new_employer_that_competes_is_said_to():
    market, host = make_market(), make_company(role="vendor")
    host.markets.add(market)
    visit = make_visit(host=host)
    application = applied(visit)
    rival = make_company(role="vendor")
    rival.markets.add(market)
    change_employer(person=applicant(application), to=rival, on=timezone.localdate())
    assert find_current_objections(visit, [application]) == {application.pk: ["no_seat", "competitor"]}


def test_a_seat_that_is_given_again_is_no_matter_any_more():
    visit = make_visit()
    application = applied(visit)
    Seat.objects.update(ends_on=visit.day - DAY)
    assert list(find_current_objections(visit, [application])) == [application.pk]
    Seat.objects.update(ends_on=None)
    assert find_current_objections(visit, [application]) == {}


def test_the_organizer_s_first_page_counts_who_has_not_agreed_until_the_lock():
    visit = make_visit()
    agreed(applied(visit)), applied(visit), applied(visit)
    [found] = load_event_facts([visit.event], at=timezone.now())
    assert (found.missing_agreements, found.locks_at) == (2, find_lock_time(reread(visit)))
    lock_list(visit=visit)
    [found] = load_event_facts([visit.event], at=timezone.now())
    assert (found.missing_agreements, found.locks_at) == (0, None)


def unpaid(application: Application, *, until: datetime.datetime | None) -> None:
    place = Registration.objects.filter(application=application)
    place.update(confirmed_at=None, hold_expires_at=until)


def test_a_place_held_for_a_payment_is_not_lost_yet():
    visit = make_visit(places=1)
    first, second = applied(visit), applied(visit)
    withdraw_application(application=first)
    accept_ticket_offer(entry=second.waiting_entry)
    unpaid(second, until=timezone.now() + DAY)
    assert state(second) == ApplicationState.APPLIED
    assert apply_for_visit(visit=visit, person=applicant(second)) == second


@pytest.mark.parametrize("is_swept", [False, True])
def test_whose_payment_did_not_come_applies_again(is_swept):
    visit = make_visit()
    application = applied(visit)
    unpaid(application, until=timezone.now() - DAY)
    if is_swept:
        release_ticket_holds([application.registration.ticket_id], at=timezone.now())
    assert state(application) == ApplicationState.WITHDRAWN
    again = apply_for_visit(visit=visit, person=applicant(application))
    assert again != application
    assert state(again) == ApplicationState.CONFIRMED
    assert Application.objects.still_valid().get() == again
