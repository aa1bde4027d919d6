"""The waiting list of a visit: its e-mails, its counts, and members who come to the desk without a place."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import NotOpenNow
from registrations.application_rules import ApplicationRequired
from registrations.booking.walk_in import register_walk_in
from registrations.models import Ticket, WaitingEntry
from registrations.visits.applications.applicants import find_waiting_positions
from registrations.visits.applications.apply import apply_for_visit
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.models import Application, Visit
from registrations.visits.planning.season import find_season
from registrations.visits.visitor_list.lock import lock_list, unlock_list
from registrations.waiting_list.overview import load_waiting_lists
from registrations.waiting_list.periodic import process_waiting_lists
from tests.factories import make_member, make_secretary
from tests.registrations.visits.factories import get_state, make_application, make_visit, reload_visit
from tests.registrations.visits.test_applications import make_requested_place
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def test_mail_about_the_waiting_list_names_the_visit_without_its_ticket(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    make_application(visit)
    waiting = make_application(visit, language="en")

    run_tasks()

    subjects = [mail.subject for mail in mailoutbox if mail.to == [waiting.person.email]]
    assert subjects == ["On the waiting list: Visit"]


def test_offered_places_do_not_count_as_taken():
    visit = make_visit(places=2)
    first = make_application(visit)
    make_application(visit)
    make_application(visit)
    withdraw_application(application=first)

    [waiting_list] = load_waiting_lists(visit.event)

    assert waiting_list.offered_count == 1
    assert waiting_list.taken_count == 1


def test_desk_reads_who_can_give_a_member_a_place():
    visit, person = make_visit(), make_member()

    with pytest.raises(ApplicationRequired, match="The secretary can add one"):
        register_walk_in(event=visit.event, place=make_requested_place(person), idempotency_key="k")


def test_page_of_the_wait_says_that_no_more_places_are_offered_once_the_list_is_locked():
    visit = make_visit(places=1)
    make_application(visit)
    entry = make_application(visit).waiting_entry
    lock_list(visit=visit)

    page = Client().get(f"/en/waiting/{entry.link_token}/").text

    assert "no more places are offered from the waiting list" in page
    assert "Number 1 on the waiting list" not in page


def test_page_of_the_wait_names_the_position_while_the_list_is_open():
    visit = make_visit(places=1)
    make_application(visit)
    entry = make_application(visit).waiting_entry

    page = Client().get(f"/en/waiting/{entry.link_token}/").text

    assert "Number 1 on the waiting list" in page


def test_season_counts_who_is_on_the_waiting_list():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)
    season = find_season(visit.event.starts_at.date())

    page = make_client(make_secretary()).get("/en/organize/season/", {"season": season.year}).text

    assert "1 on the waiting list" in page


def test_member_who_waits_reads_that_the_waiting_list_is_closed_once_the_list_is_locked():
    visit = make_visit(places=1)
    make_application(visit)
    person = make_application(visit).person
    lock_list(visit=visit)

    page = make_client(person).get(f"/en/visits/{visit.event.slug}/").text

    assert "the visitor list and the waiting list are closed" in page
    assert "You are number" not in page


def make_offer() -> tuple[Visit, Application, Application]:
    """Return a visit for one, the applicant who is offered its place, and the next one."""
    visit = make_visit(places=1)
    first, offered, waiting = (make_application(visit, language="en") for _number in range(3))
    withdraw_application(application=first)
    assert get_state(offered) == ApplicationState.OFFERED
    return visit, offered, waiting


def expire_open_offer(application: Application) -> None:
    """Let the offer of the application expire, as the periodic job does."""
    moment = timezone.now() - datetime.timedelta(minutes=1)
    WaitingEntry.objects.filter(application=application).update(offer_expires_at=moment)
    process_waiting_lists()


def test_locking_the_list_returns_an_open_offer_to_its_position():
    visit, offered, waiting = make_offer()

    lock_list(visit=visit)

    assert get_state(offered) == ApplicationState.WAITING
    assert get_state(waiting) == ApplicationState.WAITING
    assert find_waiting_positions(visit) == {offered.waiting_entry_id: 1, waiting.waiting_entry_id: 2}
    assert Ticket.objects.get(event=visit.event).reserved == 0
    assert AuditEntry.objects.filter(verb="waiting.end_offer").count() == 1


def test_locking_the_list_e_mails_everyone_who_waits_also_with_an_offer(run_tasks, mailoutbox):
    visit, offered, waiting = make_offer()
    run_tasks()
    mailoutbox.clear()

    lock_list(visit=visit)
    run_tasks()

    bodies = {mail.to[0]: " ".join(mail.body.split()) for mail in mailoutbox}
    assert {mail.subject for mail in mailoutbox} == {"No places left: Visit"}
    assert "the place we offered you can no longer be accepted" in bodies[offered.person.email]
    assert "no place became available for you" in bodies[waiting.person.email]


def reopen_list(visit: Visit, run_tasks, mailoutbox) -> None:
    """Lock and reopen the list, and deliver the e-mails of both."""
    lock_list(visit=visit)
    run_tasks()
    unlock_list(visit=reload_visit(visit))
    run_tasks()
    mailoutbox.clear()


def test_second_lock_e_mails_only_who_was_offered_a_place_meanwhile(run_tasks, mailoutbox):
    visit, offered, _waiting = make_offer()
    reopen_list(visit, run_tasks, mailoutbox)

    lock_list(visit=reload_visit(visit))
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == [offered.person.email]
    assert "the place we offered you can no longer be accepted" in " ".join(mail.body.split())


def test_second_lock_without_an_offer_e_mails_nobody_again(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)
    reopen_list(visit, run_tasks, mailoutbox)

    lock_list(visit=reload_visit(visit))
    run_tasks()

    assert mailoutbox == []


def read_lock_question(visit: Visit) -> str:
    client = make_client(make_secretary())
    return client.post(f"/en/organize/{visit.event.slug}/visit/step/", {"step": "lock"}).text


def test_question_before_a_second_lock_says_who_is_not_e_mailed_again(run_tasks, mailoutbox):
    visit, _offered, _waiting = make_offer()
    reopen_list(visit, run_tasks, mailoutbox)

    page = read_lock_question(visit)

    assert "Those we told when the list was last locked will not be e-mailed again" in page


def test_question_before_the_first_lock_promises_an_e_mail_to_everyone_who_waits():
    visit, _offered, _waiting = make_offer()

    page = read_lock_question(visit)

    assert "Everyone still waiting will be told by e-mail" in page
    assert "e-mailed again" not in page


def test_list_cannot_be_locked_twice():
    visit, _offered, _waiting = make_offer()
    lock_list(visit=visit)

    with pytest.raises(NotOpenNow):
        lock_list(visit=visit)


def test_offer_that_ran_out_before_the_lock_still_expires():
    visit, offered, _waiting = make_offer()
    WaitingEntry.objects.filter(application=offered).update(offer_expires_at=timezone.now())

    lock_list(visit=visit)

    assert get_state(offered) == ApplicationState.OFFER_EXPIRED
    assert Ticket.objects.get(event=visit.event).reserved == 0


def test_reopened_list_offers_the_place_to_the_same_applicant_again():
    visit, offered, _waiting = make_offer()
    lock_list(visit=visit)

    unlock_list(visit=reload_visit(visit))

    assert get_state(offered) == ApplicationState.OFFERED


def test_reopened_list_puts_a_new_applicant_behind_those_who_wait():
    visit, _offered, waiting = make_offer()
    lock_list(visit=visit)
    unlock_list(visit=reload_visit(visit))

    newcomer = make_application(visit)

    assert get_state(newcomer) == ApplicationState.WAITING
    assert find_waiting_positions(visit) == {waiting.waiting_entry_id: 1, newcomer.waiting_entry_id: 2}


def test_place_offered_when_the_list_reopens_is_e_mailed(run_tasks, mailoutbox):
    visit, offered, _waiting = make_offer()
    lock_list(visit=visit)
    run_tasks()
    mailoutbox.clear()

    unlock_list(visit=reload_visit(visit))
    run_tasks()

    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([offered.person.email], "A place for you: Visit")
    ]


def test_place_that_was_given_up_after_the_lock_is_offered_when_the_list_reopens():
    visit = make_visit(places=1)
    first, waiting = make_application(visit), make_application(visit)
    lock_list(visit=visit)
    withdraw_application(application=first)

    unlock_list(visit=reload_visit(visit))

    assert get_state(waiting) == ApplicationState.OFFERED


def test_question_before_the_lock_names_open_offers():
    visit, offered, _waiting = make_offer()

    page = (
        make_client(make_secretary())
        .post(f"/en/organize/{visit.event.slug}/visit/step/", {"step": "lock"})
        .text
    )

    assert "1 offer of a place is still open and will end" in page
    assert f"{offered.person}, {offered.company}: may accept until" in page
    assert "returns to the waiting list, in their former position" in page


def test_question_before_the_lock_says_nothing_of_offers_without_any():
    visit = make_visit()

    page = (
        make_client(make_secretary())
        .post(f"/en/organize/{visit.event.slug}/visit/step/", {"step": "lock"})
        .text
    )

    assert "offer of a place" not in page
    assert "Applications will close." in page


def test_expired_offer_reads_so_to_the_applicant_who_may_apply_again():
    visit, offered, _waiting = make_offer()
    expire_open_offer(offered)

    page = make_client(offered.person).get(f"/en/visits/{visit.event.slug}/").text

    assert '<span class="tag struck">offer expired</span>' in page
    assert "If you would still like to come, apply again." in page
    assert "withdrawn" not in page


def test_expired_offer_stays_one_after_another_application():
    visit, offered, _waiting = make_offer()
    expire_open_offer(offered)

    again = apply_for_visit(visit=visit, person=offered.person)

    assert get_state(offered) == ApplicationState.OFFER_EXPIRED
    assert get_state(again) == ApplicationState.WAITING


def test_secretary_applies_again_for_an_applicant_whose_offer_expired():
    visit, offered, _waiting = make_offer()
    expire_open_offer(offered)
    secretary = make_client(make_secretary())
    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/applicants/{offered.pk}/").text
    assert "Apply again on their behalf" in page

    secretary.post(f"/en/organize/{visit.event.slug}/visit/applicants/new/", {"email": offered.person.email})

    again = Application.objects.still_valid().get(person=offered.person)
    assert get_state(again) == ApplicationState.WAITING
    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/applicants/{offered.pk}/").text
    assert "Apply again on their behalf" not in page


def test_secretary_may_propose_to_the_host_an_applicant_whose_offer_expired_before_the_lock():
    visit, offered, _waiting = make_offer()
    expire_open_offer(offered)
    lock_list(visit=visit)

    page = (
        make_client(make_secretary())
        .get(f"/en/organize/{visit.event.slug}/visit/applicants/{offered.pk}/")
        .text
    )

    assert "Propose this person to the host" in page


def test_mail_about_an_expired_offer_says_when_the_list_is_closed(run_tasks, mailoutbox):
    visit, offered, _waiting = make_offer()
    WaitingEntry.objects.filter(application=offered).update(offer_expires_at=timezone.now())
    lock_list(visit=visit)

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [offered.person.email] and "expired" in mail.subject]
    assert "the waiting list is now closed" in " ".join(mail.body.split())
    assert "rejoin" not in mail.body
