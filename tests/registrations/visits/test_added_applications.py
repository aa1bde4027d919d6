"""Applications that the secretary adds in place of members."""

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import Employment, Membership, Person, Seat
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.models import Registration, Ticket
from registrations.visits.applications.member_search import MAX_LOOKUPS_PER_HOUR, throttle_lookup
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.hosts.replacements import approve_visitor, propose_replacement
from registrations.visits.lifecycle.steps import close_applications
from registrations.visits.models import Application
from registrations.visits.visitor_list.lock import lock_list
from tests.factories import (
    START_OF_2020,
    make_account,
    make_company,
    make_member,
    make_person,
    make_secretary,
    make_ticket,
)
from tests.registrations.visits.factories import (
    get_state,
    make_application,
    make_market,
    make_visit,
    reload_visit,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_secretary()


def get_page(visit):
    return f"/en/organize/{visit.event.slug}/visit/applicants/new/"


def add_application(visit, person, secretary):
    """Post the address of the person; return the page that follows."""
    return make_client(secretary).post(get_page(visit), {"email": person.email}, follow=True)


def list_found_addresses(visit, words, reader):
    """Return the addresses that a search offers to apply for."""
    page = make_client(reader).get(get_page(visit), {"q": words})
    return html.fromstring(page.content).xpath("//main//input[@name='email']/@value")


def test_secretary_finds_members_by_part_of_their_name(secretary):
    visit, member = make_visit(), make_member(first_name="Zoé", last_name="Müller")
    make_person(first_name="Zoé", last_name="Without-Seat")

    found = list_found_addresses(visit, "zoe", secretary)

    assert found == [member.email]


def test_added_member_gets_a_place(secretary):
    visit, member = make_visit(), make_member()

    page = add_application(visit, member, secretary)

    application = Application.objects.get(visit=visit, person=member)
    assert get_state(application) == ApplicationState.CONFIRMED
    assert f"{member} has a place." in page.text


def test_audit_trail_names_the_secretary_who_added_an_application(secretary):
    visit = make_visit()

    add_application(visit, make_member(), secretary)

    assert AuditEntry.objects.get(verb="visit.apply").actor == secretary


def test_added_member_reads_the_next_steps_in_the_confirmation(secretary, run_tasks, mailoutbox):
    visit, member = make_visit(), make_member(language="en")

    add_application(visit, member, secretary)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [member.email]]
    assert "Accept the confidentiality terms" in mail.body


def test_added_member_joins_the_waiting_list_of_a_full_visit(secretary):
    visit, member = make_visit(places=1), make_member()
    make_application(visit)

    page = add_application(visit, member, secretary)

    assert get_state(Application.objects.get(person=member)) == ApplicationState.WAITING
    assert f"{member} is on the waiting list" in page.text


def test_competitor_of_the_host_is_refused_in_words_about_the_person(secretary):
    market, host, company = make_market(), make_company(role="vendor"), make_company()
    host.markets.add(market)
    company.markets.add(market)
    visit, member = make_visit(host=host), make_member(company)

    page = add_application(visit, member, secretary)

    assert not Application.objects.exists()
    assert f"{member} works for a competitor of the host." in page.text


def test_company_without_places_left_is_refused(secretary):
    visit, company = make_visit(cap=1), make_company()
    make_application(visit, company)
    colleague = make_member(company)

    page = add_application(visit, colleague, secretary)

    assert Registration.objects.filter(event=visit.event).count() == 1
    assert not Application.objects.filter(person=colleague).exists()
    assert f"{company} already has its place" in page.text


def test_refused_attempt_keeps_the_result_of_the_members_own(secretary):
    visit, company = make_visit(cap=1), make_company()
    make_application(visit, company)
    own = make_application(visit, company)

    add_application(visit, own.person, secretary)

    applied_at = own.applied_at
    own.refresh_from_db()
    assert own.applied_at == applied_at


def test_search_stays_after_a_refusal(secretary):
    visit, company = make_visit(cap=1), make_company()
    make_application(visit, company)
    colleague = make_member(company, last_name="Zwickel")

    page = make_client(secretary).post(f"{get_page(visit)}?q=Zwickel", {"email": colleague.email})

    assert page.context["words"] == "Zwickel"


def test_person_without_a_seat_cannot_be_added(secretary):
    visit, person = make_visit(), make_person()

    page = add_application(visit, person, secretary)

    assert not Application.objects.exists()
    assert "Nobody with a seat at a member company on" in page.text


def test_member_whom_the_host_declined_cannot_be_added(secretary):
    visit = make_visit()
    member = make_application(visit).person
    veto_application(application=Application.objects.get())

    page = add_application(visit, member, secretary)

    assert f"The host has declined {member}, who cannot apply again." in page.text


def test_member_without_a_full_name_cannot_be_added(secretary):
    visit, member = make_visit(), make_member()
    Person.objects.filter(pk=member.pk).update(first_name="")

    page = add_application(visit, member, secretary)

    assert not Application.objects.exists()
    assert "in the directory first." in page.text


def test_search_leads_to_the_application_of_a_member_who_has_applied(secretary):
    visit = make_visit()
    application = make_application(visit)

    page = make_client(secretary).get(get_page(visit), {"q": application.person.email})

    path = reverse("organize-visit-applicant", args=[visit.event.slug, application.pk])
    assert html.fromstring(page.content).xpath(f"//main//a[@href='/en{path.removeprefix('/en')}']")
    assert list_found_addresses(visit, application.person.email, secretary) == []


def test_second_application_of_a_member_is_not_added(secretary):
    visit = make_visit()
    application = make_application(visit)

    page = add_application(visit, application.person, secretary)

    assert f"{application.person} has already applied for this visit." in page.text
    assert Application.objects.count() == 1


def test_organizer_who_does_not_read_the_directory_finds_exact_addresses_only():
    visit, member = make_visit(), make_member(last_name="Zwickel")
    organizer = make_person()
    visit.event.roles.create(person=organizer, role="organizer", starts_on=START_OF_2020)

    by_name = list_found_addresses(visit, "Zwickel", organizer)
    by_address = list_found_addresses(visit, member.email, organizer)

    assert by_name == []
    assert by_address == [member.email]


@pytest.fixture
def limited_organizer(settings):
    """Return an organizer of a visit who does not read the directory, and has looked up all they may."""
    settings.RATE_LIMITS = "on"
    visit, organizer = make_visit(), make_account(language="en")
    visit.event.roles.create(person=organizer, role="organizer", starts_on=START_OF_2020)
    for number in range(MAX_LOOKUPS_PER_HOUR):
        throttle_lookup(organizer, f"guess{number}@firm.example")
    return visit, organizer


def test_organizer_looks_up_a_limited_number_of_addresses(limited_organizer):
    visit, organizer = limited_organizer
    member = make_member(last_name="Zwickel")
    client = make_client(organizer)

    pages = [client.get(get_page(visit), {"q": member.email}) for _attempt in range(2)]

    assert [page.status_code for page in pages] == [429, 429]
    assert "You have looked up many addresses." in pages[0].text
    assert "Zwickel" not in pages[1].text


def test_applying_by_a_guessed_address_counts_as_a_look_up(limited_organizer):
    visit, organizer = limited_organizer

    page = make_client(organizer).post(get_page(visit), {"email": make_member().email})

    assert page.status_code == 429
    assert not Application.objects.exists()


def test_address_looked_up_before_can_still_be_applied_for(limited_organizer):
    visit, organizer = limited_organizer
    member = make_member(email="guess1@firm.example")

    make_client(organizer).post(get_page(visit), {"email": member.email})

    assert Application.objects.get().person == member


def test_secretary_looks_up_any_number_of_members(secretary, settings):
    settings.RATE_LIMITS = "on"
    visit, member = make_visit(), make_member()
    for number in range(MAX_LOOKUPS_PER_HOUR):
        throttle_lookup(secretary, f"guess{number}@firm.example")

    assert list_found_addresses(visit, member.email, secretary) == [member.email]


def test_person_with_two_seats_is_found_once(secretary):
    visit, member = make_visit(), make_member(last_name="Zwickel")
    other = make_member().employments.get().company
    Employment.objects.create(person=member, company=other, starts_on=START_OF_2020)
    membership = Membership.objects.get(company=other)
    Seat.objects.create(membership=membership, person=member, starts_on=START_OF_2020)

    found = list_found_addresses(visit, "Zwickel", secretary)

    assert found == [member.email]


def test_member_is_added_after_applications_were_closed(secretary):
    visit, member = make_visit(), make_member()
    close_applications(visit=visit)

    page = add_application(visit, member, secretary)

    assert f"{member} has a place." in page.text
    assert get_state(Application.objects.get(person=member)) == ApplicationState.CONFIRMED


def test_member_is_added_after_the_deadline_of_the_event(secretary):
    visit, member = make_visit(registration_closes_at=timezone.now()), make_member()

    add_application(visit, member, secretary)

    assert get_state(Application.objects.get(person=member)) == ApplicationState.CONFIRMED


def test_page_says_until_when_applications_are_added_after_they_were_closed(secretary):
    visit = make_visit(closed_at=timezone.now())

    page = make_client(secretary).get(get_page(visit))

    assert "You can add applications until the list is locked on" in page.text


def test_page_does_not_say_that_members_cannot_apply_while_they_can(secretary):
    page = make_client(secretary).get(get_page(make_visit()))

    assert "Members can no longer apply themselves." not in page.text


def test_member_added_after_the_close_accepts_the_place_offered_later(secretary):
    visit, member = make_visit(places=1), make_member()
    first = make_application(visit)
    close_applications(visit=visit)
    add_application(visit, member, secretary)
    application = Application.objects.get(person=member)
    is_waiting = get_state(application) == ApplicationState.WAITING
    withdraw_application(application=first)

    accept_ticket_offer(entry=application.waiting_entry)

    assert is_waiting
    assert get_state(application) == ApplicationState.CONFIRMED


def test_member_added_after_the_close_can_be_replaced_after_the_lock(secretary):
    visit, company = make_visit(), make_company()
    close_applications(visit=visit)
    add_application(visit, make_member(company), secretary)
    lock_list(visit=reload_visit(visit))

    proposal = propose_replacement(application=Application.objects.get(), replacement=make_member(company))
    approve_visitor(application=proposal)

    assert get_state(proposal) == ApplicationState.CONFIRMED


def test_company_limit_counts_for_a_member_added_after_the_close(secretary):
    visit, company = make_visit(cap=1), make_company()
    make_application(visit, company)
    close_applications(visit=visit)
    colleague = make_member(company)

    page = add_application(visit, colleague, secretary)

    assert f"{company} already has its place" in page.text
    assert not Application.objects.filter(person=colleague).exists()


def test_no_application_is_added_once_the_list_is_locked(secretary):
    visit = make_visit(locked_at=timezone.now())

    page = add_application(visit, make_member(), secretary)

    assert "Applications are closed" in page.text
    assert not Application.objects.exists()


def test_page_of_a_locked_visit_leads_to_replacing_a_visitor(secretary):
    visit = make_visit(locked_at="2026-01-01T00:00Z")

    page = make_client(secretary).get(get_page(visit))

    assert "Applications are closed" in page.text
    assert "Replace a visitor instead" in page.text


@pytest.mark.parametrize(
    ("terms", "is_offered"),
    [({}, True), ({"closed_at": "2026-01-01T00:00Z"}, True), ({"locked_at": "2026-01-01T00:00Z"}, False)],
)
def test_applicants_page_offers_to_add_an_application_until_the_lock(secretary, terms, is_offered):
    visit = make_visit(**terms)

    page = make_client(secretary).get(f"/en/organize/{visit.event.slug}/visit/applicants/")

    assert ("Add an application" in page.text) == is_offered


def test_adding_a_registration_to_a_visit_leads_to_adding_an_application(organizer):
    visit = make_visit()

    answer = organizer.get(f"/en/organize/{visit.event.slug}/registrations/new/")

    assert answer.url == get_page(visit)


def test_other_tickets_of_a_visit_are_still_registered_by_hand(organizer):
    visit = make_visit()
    make_ticket(visit.event, slug="press", audience=Ticket.Audience.VENDOR)

    page = organizer.get(f"/en/organize/{visit.event.slug}/registrations/new/")

    values = html.fromstring(page.content).xpath("//main//*[@name='guest-ticket']//@value")
    assert "press" in values
    assert "member" not in values


def test_registrations_page_of_a_visit_offers_applications_instead(organizer):
    visit = make_visit()

    page = organizer.get(f"/en/organize/{visit.event.slug}/registrations/")

    assert "Add an application" in page.text
    assert "Add a registration" not in page.text
