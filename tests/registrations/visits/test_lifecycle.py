"""Lifecycle of a visit, its confidentiality terms, and places whose visitor lost the seat."""

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
from registrations.visits.applications.notifications import notify_applicant, remind_before_lock
from registrations.visits.applications.places import grant_exception
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.lifecycle.change import change_visit
from registrations.visits.lifecycle.create import VisitAlreadyExists
from registrations.visits.lifecycle.create import create_visit as begin
from registrations.visits.lifecycle.event_hooks import check_event_change
from registrations.visits.lifecycle.steps import (
    close_applications,
    publish_visit,
    record_agreement,
    reopen_applications,
)
from registrations.visits.models import Application, HostContact, Visit
from registrations.visits.preconditions import ApplicationEnded, VisitNotReady
from registrations.visits.visitor_list.lock import lock_due_lists, lock_list, unlock_list
from registrations.waiting_list.organizer_actions import offer_place_now
from tests.factories import (
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_registration,
    make_ticket,
)
from tests.registrations.visits.factories import (
    TEXT,
    accept_current_text,
    get_applicant,
    get_state,
    make_application,
    make_market,
    make_visit,
    reload_visit,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def draft_event(**fields) -> Event:
    starts = timezone.now() + 40 * DAY
    values = {"kind": "site_visit", "visibility": "draft", "starts_at": starts, "ends_at": starts + DAY / 4}
    return make_event(**{**values, **fields})


def test_new_visit_is_a_draft_with_member_ticket():
    visit = begin(event=draft_event())
    assert visit.state == "draft"
    ticket = Ticket.objects.get()
    assert ticket.audience == "member"
    assert ticket.capacity == 20
    assert ticket.company_cap == 2
    assert ticket.is_default
    with pytest.raises(VisitAlreadyExists):
        begin(event=visit.event)


def test_visit_cannot_be_created_for_another_kind_of_event():
    with pytest.raises(VisitAlreadyExists):
        begin(event=make_event())


def test_existing_member_registrations_become_applications():
    event = draft_event()
    ticket = make_ticket(event, slug="member", audience="member", is_default=True, capacity=5)
    place = make_registration(ticket, person=make_member(), member_of=make_company())
    make_registration(make_ticket(event, slug="staff", audience="staff"))
    visit = begin(event=event)
    application = Application.objects.get()
    assert (application.registration, application.company) == (place, place.member_of)
    assert (visit.state, get_state(application)) == ("draft", ApplicationState.CONFIRMED)


def test_published_event_becomes_no_visit_before_the_host_agreed():
    event = draft_event(visibility="members")

    with pytest.raises(VisitNotReady, match="set it back to draft"):
        begin(event=event)

    assert not Visit.objects.exists()


def test_page_of_published_event_says_to_set_it_back_to_draft():
    event = draft_event(visibility="members")

    page = make_client(make_administrator()).get(f"/en/organize/{event.slug}/visit/").text

    assert "First set it back to draft in its settings." in page
    assert "/visit/begin/" not in page


def test_settings_do_not_publish_a_visit_without_the_agreement_of_the_host():
    event = begin(event=draft_event()).event
    changed = Event.objects.get(pk=event.pk)
    changed.visibility = Event.Visibility.MEMBERS

    problems = check_event_change(event, changed, make_administrator())

    assert problems["visibility"] == [
        "Open the visit to members on its own page, which lists what is missing first."
    ]


def test_steps_of_visit_change_state_in_order_and_are_audited():
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
    assert (event.visibility, event.registration_deadline) == (
        "members",
        reload_visit(visit).locks_at,
    )
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


def test_steps_of_visit_out_of_order_are_refused():
    visit = make_visit(visibility="draft", agreed_at=None)
    for step in (close_applications, reopen_applications, lock_list, unlock_list):
        with pytest.raises(NotOpenNow):
            step(visit=visit)
    with pytest.raises(VisitNotReady, match="has not agreed"):
        publish_visit(visit=visit)


def test_visit_cannot_be_published_after_lock_time():
    visit = make_visit(visibility="draft", starts_at=timezone.now() + DAY)
    with pytest.raises(VisitNotReady, match="later date"):
        publish_visit(visit=visit)


def test_locking_by_hand_closes_registration_until_it_is_unlocked(client):
    visit = make_visit(slug="labs", visibility="public")

    lock_list(visit=visit)
    assert "Demander une place" not in client.get("/events/labs/").text

    unlock_list(visit=visit)
    assert "Demander une place" in client.get("/events/labs/").text
    assert Event.objects.get(slug="labs").registration_deadline == reload_visit(visit).locks_at


def test_unlocking_does_not_reopen_closed_applications():
    visit = make_visit()
    close_applications(visit=visit)
    lock_list(visit=visit)

    assert unlock_list(visit=visit).state == "closed"
    assert not Event.objects.get().is_registration_open()


def test_organizer_cannot_offer_place_after_lock():
    visit = make_visit(places=1)
    make_application(visit)
    second = make_application(visit)
    Ticket.objects.update(capacity=2)
    lock_list(visit=visit)
    with pytest.raises(NotOpenNow, match="locked"):
        offer_place_now(entry=second.waiting_entry)
    assert get_state(second) == ApplicationState.WAITING


def test_due_lists_are_locked_once():
    due, later = make_visit(starts_at=timezone.now() + DAY), make_visit()
    draft = make_visit(starts_at=timezone.now() + DAY, visibility="draft")
    lock_due_lists()
    lock_due_lists()
    assert reload_visit(due).locked_at is not None
    assert reload_visit(later).locked_at is None
    assert reload_visit(draft).locked_at is None
    assert AuditEntry.objects.filter(verb="visit.lock").count() == 1


def test_sent_or_due_list_cannot_be_unlocked():
    for visit in (
        make_visit(locked_at=timezone.now(), sent_at=timezone.now()),
        make_visit(locked_at=timezone.now(), starts_at=timezone.now() + DAY),
    ):
        with pytest.raises(NotOpenNow, match="stays locked"):
            unlock_list(visit=visit)


def test_cancelled_visit_releases_places_and_notifies_everyone_with_reason(run_tasks, mailoutbox):
    visit = make_visit(places=1, security_email="security@host.example", price=12_000)
    contact = HostContact.objects.create(visit=visit, name="Lou", email="lou@host.example", language="en")
    HostContact.objects.create(visit=visit, name="Past", email="past@host.example", ended_at=timezone.now())
    first, second, gone = (
        make_application(visit, language="en"),
        make_application(visit),
        make_application(visit),
    )
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
        get_applicant(first).email, get_applicant(second).email, contact.email, "security@host.example",
    }  # fmt: skip
    assert len(mailoutbox) == 4
    [mine] = [mail for mail in mailoutbox if mail.to == [get_applicant(first).email]]
    assert "called off. Reason: Strike." in mine.body
    with pytest.raises(NotOpenNow):
        cancel_visit(visit=visit, reason="Again.")
    with pytest.raises(NotOpenNow):
        publish_visit(visit=visit)


def test_past_visit_cannot_be_cancelled():
    over = make_visit(starts_at=timezone.now() - 2 * DAY, locked_at=timezone.now() - 9 * DAY)
    assert over.state == "held"
    with pytest.raises(NotOpenNow):
        cancel_visit(visit=over, reason="Late.")


def test_added_places_are_offered_to_waiting_list_at_once():
    visit = make_visit(places=1)
    _first, second = make_application(visit), make_application(visit)
    ticket = Ticket.objects.get(event=visit.event)
    ticket.capacity, visit.security_name = 2, "Sam"
    change_visit(visit=visit, ticket=ticket, changed=["capacity", "security_name"])
    assert (reload_visit(visit).security_name, get_state(second)) == ("Sam", ApplicationState.OFFERED)


def test_capacity_below_reserved_and_lock_days_after_lock_are_refused():
    visit = make_visit(places=2)
    make_application(visit), make_application(visit)
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


def test_new_confidentiality_terms_need_new_acceptance(run_tasks, mailoutbox):
    visit = make_visit(identity_fields=["birth_date"])
    application = accept_current_text(make_application(visit, language="en"))
    run_tasks()
    assert get_state(application) == ApplicationState.AGREED
    mailoutbox.clear()
    save_nda_text(visit=visit, text="Rien ne sort d’ici.", text_en="Nothing leaves this place.")
    run_tasks()
    assert get_state(application) == ApplicationState.CONFIRMED
    [mail] = mailoutbox
    assert "have changed" in mail.body
    assert get_state(accept_current_text(application)) == ApplicationState.AGREED


def test_confidentiality_mail_mentions_a_change_only_to_those_who_know_an_earlier_version(
    run_tasks, mailoutbox
):
    visit = make_visit()
    asked = make_application(visit, language="en")
    notify_applicant.enqueue(asked.pk)
    run_tasks()
    save_nda_text(visit=visit, text="Rien ne sort d’ici.")
    latecomer = make_application(visit, language="en")
    mailoutbox.clear()

    notify_applicant.enqueue(latecomer.pk)
    run_tasks()

    texts = {mail.to[0]: " ".join(mail.body.split()) for mail in mailoutbox}
    assert "terms for this visit have changed." in texts[get_applicant(asked).email]
    assert "You have a place." in texts[get_applicant(latecomer).email]


def test_confidentiality_mail_is_sent_once_for_each_version(run_tasks, mailoutbox):
    visit = make_visit()
    application = make_application(visit, language="en")

    def notify_twice() -> tuple[list[list[str]], list[str]]:
        for _time in range(2):
            notify_applicant.enqueue(application.pk)
            run_tasks()
        asked = [mail for mail in mailoutbox if "accept the confidentiality terms" in mail.subject]
        application.refresh_from_db()
        return [mail.to for mail in asked], application.sent_mails

    address = get_applicant(application).email
    assert notify_twice() == ([[address]], ["text1"])
    save_nda_text(visit=visit, text="Rien ne sort d’ici.")
    assert notify_twice() == ([[address]] * 2, ["text1", "text2"])


def test_missing_acceptance_is_reminded_once_shortly_before_lock(run_tasks, mailoutbox):
    far, near = (
        make_visit(lock_working_days=0),
        make_visit(lock_working_days=0, starts_at=timezone.now() + 2 * DAY),
    )
    late, done = (
        make_application(near, language="en"),
        accept_current_text(make_application(near, language="en")),
    )
    make_application(far, language="en")
    run_tasks()
    mailoutbox.clear()
    for _round in range(2):
        remind_before_lock()
        run_tasks()
    assert [mail.to for mail in mailoutbox] == [[get_applicant(late).email]]
    assert mailoutbox[0].subject.startswith("Reminder: please accept")
    assert get_state(done) == ApplicationState.COMPLETE


def test_no_reminder_task_is_queued_after_acceptance(run_tasks):
    accept_current_text(make_application(make_visit(lock_working_days=0, starts_at=timezone.now() + 2 * DAY)))
    run_tasks()

    remind_before_lock()

    assert not DBTaskResult.objects.ready().exists()


def test_text_that_differs_in_line_ends_only_is_no_new_version():
    visit = make_visit(text="")
    save_nda_text(visit=visit, text="Un\r\ndeux  \r\n")
    with pytest.raises(InvalidFields):
        save_nda_text(visit=visit, text="Un\ndeux")
    with pytest.raises(InvalidFields):
        save_nda_text(visit=visit, text="  ")
    assert [text.number for text in visit.nda_texts.all()] == [1]


def test_acceptance_needs_current_text_and_name():
    visit = make_visit()
    application = make_application(visit)
    shown = visit.nda_texts.get().hash
    save_nda_text(visit=visit, text="Autre chose.")
    with pytest.raises(TextChanged):
        accept_nda_text(application=application, text_hash=shown, name="Ana")
    latest = visit.nda_texts.first().hash
    with pytest.raises(InvalidFields):
        accept_nda_text(application=application, text_hash=latest, name="  ")
    given = accept_nda_text(application=application, text_hash=latest, name="Ana")
    assert accept_nda_text(application=application, text_hash=latest, name="Other") == given


def test_withdrawn_applicant_cannot_accept_terms():
    application = make_application(make_visit())
    withdraw_application(application=application)
    with pytest.raises(ApplicationEnded):
        accept_current_text(application)


def test_restored_text_needs_no_second_acceptance():
    visit = make_visit()
    application = accept_current_text(make_application(visit))
    save_nda_text(visit=visit, text="Autre chose.")
    save_nda_text(visit=visit, text=TEXT)
    assert get_state(application) == ApplicationState.COMPLETE


# --- loss of the seat after the place was given ----------------------------------------------------------


def test_place_after_change_of_employer_is_kept_until_decision():
    visit = make_visit()
    application, other = make_application(visit), make_application(visit)
    change_employer(person=get_applicant(application), to=make_company(), on=timezone.localdate())
    assert find_current_objections(visit, [application, other]) == {application.pk: ["no_seat"]}
    assert get_state(application) == ApplicationState.CONFIRMED
    with pytest.raises(InvalidFields):
        grant_exception(application=application, reason="")
    grant_exception(application=application, reason="The host agrees.")
    assert application.exception_granted_at is not None
    entry = AuditEntry.objects.get(verb="visit.keep_place")
    assert (entry.reason, entry.fields) == ("The host agrees.", ["exception_granted_at"])


def test_new_employer_that_competes_is_an_objection():
    market, host = make_market(), make_company(role="vendor")
    host.markets.add(market)
    visit = make_visit(host=host)
    application = make_application(visit)
    rival = make_company(role="vendor")
    rival.markets.add(market)
    change_employer(person=get_applicant(application), to=rival, on=timezone.localdate())
    assert find_current_objections(visit, [application]) == {application.pk: ["no_seat", "competitor"]}


def test_restored_seat_removes_objection():
    visit = make_visit()
    application = make_application(visit)
    Seat.objects.update(ends_on=visit.day - DAY)
    assert list(find_current_objections(visit, [application])) == [application.pk]
    Seat.objects.update(ends_on=None)
    assert find_current_objections(visit, [application]) == {}


def test_event_facts_count_missing_acceptances_until_lock():
    visit = make_visit()
    accept_current_text(make_application(visit)), make_application(visit), make_application(visit)
    [found] = load_event_facts([visit.event], at=timezone.now())
    assert (found.missing_agreements, found.locks_at) == (2, reload_visit(visit).locks_at)
    lock_list(visit=visit)
    [found] = load_event_facts([visit.event], at=timezone.now())
    assert (found.missing_agreements, found.locks_at) == (0, None)


def make_payment_pending(application: Application, *, until: datetime.datetime | None) -> None:
    place = Registration.objects.filter(application=application)
    place.update(confirmed_at=None, hold_expires_at=until)


def test_place_that_awaits_payment_is_not_lost():
    visit = make_visit(places=1)
    first, second = make_application(visit), make_application(visit)
    withdraw_application(application=first)
    accept_ticket_offer(entry=second.waiting_entry)
    make_payment_pending(second, until=timezone.now() + DAY)
    assert get_state(second) == ApplicationState.APPLIED
    assert apply_for_visit(visit=visit, person=get_applicant(second)) == second


@pytest.mark.parametrize("is_swept", [False, True])
def test_applicant_may_apply_again_after_payment_hold_expired(is_swept):
    visit = make_visit()
    application = make_application(visit)
    make_payment_pending(application, until=timezone.now() - DAY)
    if is_swept:
        release_ticket_holds([application.registration.ticket_id], at=timezone.now())
    assert get_state(application) == ApplicationState.WITHDRAWN
    again = apply_for_visit(visit=visit, person=get_applicant(application))
    assert again != application
    assert get_state(again) == ApplicationState.CONFIRMED
    assert Application.objects.still_valid().get() == again
