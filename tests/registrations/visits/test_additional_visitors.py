"""Additional visitors after the lock: proposed by the secretary for a free place, approved by the host."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from registrations.models import Ticket
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.veto import veto_application
from registrations.visits.hosts.replacements import approve_visitor, propose_additional_visitor
from registrations.visits.models import Application
from registrations.visits.visitor_list.lock import lock_list
from tests.factories import make_company, make_member, make_secretary
from tests.registrations.visits.factories import get_state, make_application, make_visit
from tests.registrations.visits.hosts import get_original_application, make_host_path, make_hosted
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_client(make_secretary())


def get_page(visit) -> str:
    return f"/en/organize/{visit.event.slug}/visit/propose/"


def test_host_is_asked_without_a_name(visit, run_tasks, mailoutbox):
    propose_additional_visitor(visit=visit, person=make_member(last_name="Zusatz"))

    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["sophie@hote.example"]
    assert "supplémentaire" in mail.body or "additional visitor" in mail.body
    assert "Zusatz" not in mail.body


def test_additional_visitor_has_no_place_before_the_host_agrees(visit):
    proposal = propose_additional_visitor(visit=visit, person=make_member())

    assert get_state(proposal) == ApplicationState.AWAITING_HOST


def test_host_gives_a_free_place_to_an_additional_visitor(visit, enter):
    person = make_member(last_name="Zusatz")
    original = get_original_application(visit)
    proposal = propose_additional_visitor(visit=visit, person=person)
    host = enter()

    page = host.get(f"/en{make_host_path(visit)}").text
    host.post(f"{make_host_path(visit)}people/{proposal.pk}/", {"action": "approve"})

    assert "Zusatz" in page
    assert "additional visitor" in page
    assert get_state(proposal) == ApplicationState.CONFIRMED
    original.registration.refresh_from_db()
    assert original.registration.cancelled_at is None


def test_approved_visitor_stays_on_the_hosts_page_until_the_next_version(visit, enter):
    proposal = propose_additional_visitor(visit=visit, person=make_member(last_name="Zusatz"))
    approve_visitor(application=proposal)

    page = enter().get(f"/en{make_host_path(visit)}").text

    assert "Approved, not on the list yet" in page
    assert "Zusatz" in page


def test_host_without_approved_visitors_reads_of_none(visit, enter):
    page = enter().get(f"/en{make_host_path(visit)}").text

    assert "Approved, not on the list yet" not in page


def test_place_of_a_list_that_was_closed_and_locked_early_can_still_be_given():
    visit = make_visit(closed_at=timezone.now() - datetime.timedelta(days=3))
    lock_list(visit=visit)
    proposal = propose_additional_visitor(visit=visit, person=make_member())

    approve_visitor(application=proposal)

    assert get_state(proposal) == ApplicationState.CONFIRMED


def test_additional_visitor_can_be_replaced_in_turn(visit):
    first = propose_additional_visitor(visit=visit, person=make_member())
    approve_visitor(application=first)
    first.refresh_from_db()

    from_page = make_client(make_secretary()).post(
        f"/en/organize/{visit.event.slug}/visit/replace/{first.pk}/", {"email": make_member().email}
    )
    second = Application.objects.get(replaces=first)
    approve_visitor(application=second)

    assert from_page.status_code == 302
    assert get_state(second) == ApplicationState.CONFIRMED


def test_host_can_decline_an_additional_visitor(visit, run_tasks, mailoutbox):
    proposal = propose_additional_visitor(visit=visit, person=make_member())
    veto_application(application=proposal, contact=visit.host_contacts.get())

    run_tasks()

    assert get_state(proposal) == ApplicationState.HOST_REFUSED
    club_mails = [mail for mail in mailoutbox if mail.to == ["visites@club.example"]]
    assert len(club_mails) == 1
    assert "visiteur supplémentaire" in club_mails[0].subject or "additional" in club_mails[0].subject


def test_waiting_member_is_taken_off_the_waiting_list():
    visit = make_visit(places=1)
    make_application(visit)
    waiting = make_application(visit)
    lock_list(visit=visit)
    Ticket.objects.update(capacity=2)

    proposal = propose_additional_visitor(visit=visit, person=waiting.person)

    assert get_state(waiting) == ApplicationState.NAMED_REPLACEMENT
    assert get_state(proposal) == ApplicationState.AWAITING_HOST


def test_nobody_is_proposed_before_the_lock():
    with pytest.raises(NotOpenNow, match="Until the list is locked"):
        propose_additional_visitor(visit=make_visit(), person=make_member())


def test_no_more_people_are_proposed_than_places_are_free():
    visit = make_hosted()
    Ticket.objects.update(capacity=1)
    propose_additional_visitor(visit=visit, person=make_member())

    with pytest.raises(NotOpenNow, match="All places are taken"):
        propose_additional_visitor(visit=visit, person=make_member())


def test_company_at_its_limit_gets_no_additional_visitor():
    visit, company = make_hosted(), make_company()
    Ticket.objects.update(company_cap=1)
    first = propose_additional_visitor(visit=visit, person=make_member(company))
    approve_visitor(application=first)

    with pytest.raises(InvalidFields) as error:
        propose_additional_visitor(visit=visit, person=make_member(company))

    assert "already has its place" in str(error.value.field_errors)


def test_secretary_finds_an_additional_visitor_by_name(visit, secretary):
    person = make_member(first_name="Zoé", last_name="Zusatz")

    found = secretary.get(get_page(visit), {"q": "zusatz"}).text
    after = secretary.post(get_page(visit), {"email": person.email}, follow=True)

    assert html.fromstring(found).xpath("//main//input[@name='email']/@value") == [person.email]
    assert after.redirect_chain[-1][0] == f"/en/organize/{visit.event.slug}/visit/lists/"
    assert "Zusatz" in after.text
    assert AuditEntry.objects.filter(verb="application.propose").exists()


def test_secretary_finds_a_replacement_by_name(visit, secretary):
    person, original = make_member(last_name="Zusatz"), get_original_application(visit)

    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/replace/{original.pk}/", {"q": "zusatz"})

    assert html.fromstring(page.text).xpath("//main//input[@name='email']/@value") == [person.email]


def test_lists_page_offers_free_places_only_while_there_are_any(visit, secretary):
    lists = f"/en/organize/{visit.event.slug}/visit/lists/"

    before = secretary.get(lists).text
    Ticket.objects.update(capacity=Ticket.objects.get().reserved)
    after = secretary.get(lists).text

    assert "Propose an additional visitor" in before
    assert "Propose an additional visitor" not in after


def test_page_to_add_applications_leads_to_the_free_places(visit, secretary):
    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/applicants/new/")

    assert get_page(visit) in html.fromstring(page.text).xpath("//main//a/@href")


def test_person_reads_that_they_were_proposed_for_a_place(visit):
    person = make_member()
    propose_additional_visitor(visit=visit, person=person)

    page = make_client(person).get(f"/en/visits/{visit.event.slug}/").text

    assert "You have been proposed for a place on this visit." in page
