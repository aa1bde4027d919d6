"""The waiting list of a visit: its e-mails, its counts, and members who come to the desk without a place."""

import pytest

from registrations.application_rules import ApplicationRequired
from registrations.booking.walk_in import register_walk_in
from registrations.visits.applications.withdraw import withdraw_application
from registrations.waiting_list.overview import load_waiting_lists
from tests.factories import make_member
from tests.registrations.visits.factories import make_application, make_visit
from tests.registrations.visits.test_applications import make_requested_place

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
