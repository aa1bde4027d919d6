"""Pages of organizers: the terms agreed with the host, what they warn of, and where they lead."""

import pytest
from django.test import Client
from django.utils import timezone

from convention.events.models import Event
from registrations.visits.lifecycle.forms import VisitForm
from registrations.visits.models import HostContact, Interest, Proposal
from registrations.visits.visitor_list.acknowledge import acknowledge_list
from tests.factories import make_company, make_event, make_member, make_secretary, make_staff
from tests.page_forms import read_messages
from tests.registrations.visits.factories import make_application, make_visit, reload_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

TERMS = {
    "capacity": "12",
    "company_cap": "3",
    "security_name": "Sam",
    "security_email": "sam@host.example",
    "lock_working_days": "4",
    "identity_fields": ["birth_date", "nationality"],
    "identity_days_before": "14",
}


@pytest.fixture
def secretary() -> Client:
    """Return a client signed in as the club's secretary."""
    return make_client(make_secretary())


def test_details_are_requested_before_the_list_is_locked(secretary):
    # A Wednesday: four working days before is Thursday, six days before.
    starts = timezone.make_aware(timezone.datetime(2031, 4, 23, 10))
    visit = make_visit(slug="labs", starts_at=starts)
    sent = TERMS | {"lock_working_days": "4", "embargo_until": ""}

    refused = secretary.post("/en/organize/labs/visit/", sent | {"identity_days_before": "6"}).text
    accepted = secretary.post("/en/organize/labs/visit/", sent | {"identity_days_before": "7"})

    assert "The list is locked before that. Enter at least 7 days." in refused
    assert accepted.status_code == 302
    assert reload_visit(visit).identity_days_before == 7


def test_organizer_cannot_lock_the_list_before_details_are_requested():
    visit = make_visit(slug="labs", identity_fields=["birth_date"], identity_days_before=6)
    ticket = visit.event.tickets.get()
    data = TERMS | {"lock_working_days": "20", "embargo_until": ""}

    form = VisitForm(data, instance=visit, ticket=ticket)
    form.disable_list_fields()

    assert "Visitors are asked for their details only 6 days before" in form.errors["lock_working_days"][0]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("visit/step/", "visit/"),
        ("visit/applicants/{pk}/decide/", "visit/applicants/{pk}/"),
    ],
)
def test_page_shown_by_a_post_redirects_the_language_switch(secretary, address, target):
    application = make_application(make_visit(slug="labs"))
    prefix = "/en/organize/labs/"

    answer = secretary.get(prefix + address.format(pk=application.pk))

    assert answer["Location"] == prefix + target.format(pk=application.pk)


@pytest.mark.parametrize("action", ["date", "decide"])
def test_proposal_shown_with_errors_redirects_the_language_switch(secretary, action):
    proposal = Proposal.objects.create(title="Labs", host_name="Acme")
    page = f"/en/organize/season/proposals/{proposal.pk}/"

    assert secretary.get(f"{page}{action}/")["Location"] == page


# --- what the page says after saving, and next -----------------------------------------------------------


def test_lower_company_limit_names_companies_that_keep_more_places(secretary):
    visit, company = make_visit(slug="labs", cap=2), make_company(name="Acme Storage")
    make_application(visit, company)
    make_application(visit, company)

    answer = secretary.post("/en/organize/labs/visit/", TERMS | {"company_cap": "1"}, follow=True)

    assert "Acme Storage already has more places than that and keeps them." in read_messages(answer)


def test_agreement_saved_with_the_terms_is_confirmed_once(secretary):
    make_visit(slug="labs", agreed_at=None, visibility="draft")

    answer = secretary.post("/en/organize/labs/visit/", TERMS | {"agreed": "yes"}, follow=True)

    assert read_messages(answer) == ["The terms and the host’s agreement have been recorded."]


def test_open_visit_leads_planners_to_the_interested_members(secretary):
    visit = make_visit(slug="labs")
    proposal = Proposal.objects.create(title="Labs", host_name="Acme", visit=visit)
    Interest.objects.create(proposal=proposal, person=make_member())
    link = f"/organize/season/proposals/{proposal.pk}/"

    before = secretary.get("/en/organize/labs/visit/").text
    Proposal.objects.update(members_notified_at=timezone.now())
    after = secretary.get("/en/organize/labs/visit/").text

    assert link in before
    assert link not in after


def test_secretary_reads_which_organizers_can_set_a_published_event_back_to_draft(secretary):
    event = make_event(kind=Event.Kind.SITE_VISIT, visibility="members")
    organizer = make_staff(event)

    page = secretary.get(f"/en/organize/{event.slug}/visit/").content.decode()

    assert "Only the event’s organizers can open the settings. Ask one of them:" in page
    assert f'<a href="mailto:{organizer.email}">' in page


def test_lock_date_in_the_past_is_explained_by_the_working_days(secretary):
    visit = make_visit(lock_working_days=60, agreed_at=None, visibility="draft")

    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/").content.decode()

    assert "The list would lock at once: its deadline, 60 working days before the visit, was" in page


def read_applicant_page(client, application):
    return client.get(f"/en/organize/{application.visit.event.slug}/visit/applicants/{application.pk}/").text


def test_page_of_an_applicant_leads_the_secretary_to_the_directory(secretary):
    application = make_application(make_visit())

    page = read_applicant_page(secretary, application)

    assert f'href="/en/organize/club/people/{application.person_id}/"' in page


def test_page_of_an_applicant_leads_an_organizer_of_the_event_to_no_directory():
    application = make_application(make_visit())

    page = read_applicant_page(make_client(make_staff(application.visit.event)), application)

    assert application.person.email in page
    assert "/organize/club/people/" not in page


def test_last_missing_text_leads_to_the_page_that_opens_the_visit(secretary):
    visit = make_visit(slug="labs", visibility="draft", text="")

    page = secretary.post("/en/organize/labs/visit/text/", {"text": "Entre nous."}, follow=True)

    assert page.redirect_chain[0][0] == "/en/organize/labs/visit/"
    assert read_messages(page) == [
        "The confidentiality terms have been saved. Next step: open the visit to members."
    ]
    assert visit.nda_texts.count() == 1


def test_new_text_of_an_open_visit_stays_on_the_page_of_versions(secretary):
    make_visit(slug="labs")

    page = secretary.post("/en/organize/labs/visit/text/", {"text": "Entre nous, toujours."})

    assert page["Location"] == "/en/organize/labs/visit/text/"


def test_page_of_the_visit_says_that_the_host_has_not_confirmed_the_list(visit, secretary):
    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/").text

    assert "receipt not confirmed yet" in page


def test_page_of_the_visit_says_when_the_host_confirmed_the_list(visit, secretary):
    acknowledge_list(visitor_list=visit.lists.get(), name="Poste de garde")

    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/").text

    assert "receipt confirmed on" in page


def read_terms(visit, person) -> str:
    return make_client(person).get(f"/en/organize/{visit.event.slug}/visit/").text


def test_terms_lead_the_secretary_to_the_contacts_of_the_host_that_are_missing():
    visit = make_visit()

    page = read_terms(visit, make_secretary())

    path = f"/en/organize/{visit.event.slug}/visit/host/"
    assert f'<a href="{path}">No host contacts yet:' in page
    assert f'<a href="{path}">Host contacts</a>' in page
    assert "none yet" in page


def test_terms_name_the_contacts_of_the_host():
    visit = make_visit()
    HostContact.objects.create(visit=visit, name="Lou Hôte", email="lou@host.example")
    HostContact.objects.create(
        visit=visit, name="Former", email="former@host.example", ended_at=timezone.now()
    )

    page = read_terms(visit, make_secretary())

    assert "Lou Hôte" in page
    assert "Former" not in page
    assert "No host contacts yet" not in page


def test_organizer_who_may_not_add_contacts_of_the_host_reads_nothing_of_them():
    visit = make_visit()

    page = read_terms(visit, make_staff(visit.event))

    assert "ost contacts" not in page
