"""The waiting list of a visit: its e-mails, its counts, and members who come to the desk without a place."""

import pytest
from django.test import Client

from registrations.application_rules import ApplicationRequired
from registrations.booking.walk_in import register_walk_in
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.planning.season import find_season
from registrations.visits.visitor_list.lock import lock_list
from registrations.waiting_list.overview import load_waiting_lists
from tests.factories import make_member
from tests.registrations.visits.factories import make_application, make_visit
from tests.registrations.visits.hosts import make_secretary
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
