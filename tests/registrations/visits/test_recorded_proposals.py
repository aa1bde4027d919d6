"""The secretary records proposals of visits that others made, for example by telephone."""

import pytest

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Employment
from registrations.visits.models import Proposal
from registrations.visits.planning.proposals import (
    MAX_UNDECIDED_PROPOSALS,
    create_proposal,
    record_proposal,
    withdraw_proposal,
)
from tests.factories import START_OF_2020, make_company, make_member, make_person, make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
PATH = "/en/organize/season/proposals/new/"
FIELDS = {"title": "Le stockage", "host_name": "Nuage", "motivation": "Avant la mise en vente."}


@pytest.fixture
def secretary():
    return make_secretary()


@pytest.fixture
def page(secretary):
    return make_client(secretary)


def test_list_of_proposals_leads_to_adding_one(page):
    listing = page.get("/en/organize/season/proposals/").text

    assert f'href="{PATH}"' in listing
    assert page.get(PATH).status_code == 200


def test_recorded_proposal_without_proposer_names_the_secretary(page, secretary, run_tasks, mailoutbox):
    vendor = make_company(role="vendor")

    answer = page.post(PATH, {**FIELDS, "host": vendor.pk, "is_from_host": "on"}, follow=True)
    run_tasks()

    proposal = Proposal.objects.get()
    assert answer.redirect_chain[0][0] == f"/en/organize/season/proposals/{proposal.pk}/"
    assert "The proposal has been recorded. Members can now say that they are interested." in answer.text
    assert f"recorded by {secretary}" in answer.text
    assert f"recorded by {secretary}" in page.get("/en/organize/season/proposals/").text
    assert proposal.host == vendor
    assert proposal.host_name == ""
    assert proposal.motivation == FIELDS["motivation"]
    assert proposal.proposed_by is None
    assert proposal.recorded_by == secretary
    assert proposal.is_from_host
    assert mailoutbox == []
    assert AuditEntry.objects.get(verb="proposal.record").fields == ["title", "motivation", "host"]


@pytest.mark.parametrize("typed", ["Zoé Martin", "martin zoe", "ZOE@host.example"])
def test_proposer_is_found_and_informed_if_wanted(page, typed, run_tasks, mailoutbox):
    zoe = make_member(first_name="Zoé", last_name="Martin", email="zoe@host.example", language="en")

    answer = page.post(PATH, {**FIELDS, "proposer": typed, "notifies_proposer": "on"}, follow=True)
    run_tasks()

    assert Proposal.objects.get().proposed_by == zoe
    assert "Zoé Martin will receive a confirmation by e-mail." in answer.text
    [mail] = mailoutbox
    assert mail.to == ["zoe@host.example"]
    assert mail.subject == "Your proposal of a visit: Le stockage"
    assert "Avant la mise en vente." in mail.body
    assert "/season/proposals/" in mail.body
    assert AuditEntry.objects.get(verb="proposal.record").fields[-1] == "proposed_by"


def test_proposer_is_not_informed_unless_wanted(page, run_tasks, mailoutbox):
    person = make_person()

    page.post(PATH, {**FIELDS, "proposer": person.email})
    run_tasks()

    assert Proposal.objects.get().proposed_by == person
    assert mailoutbox == []


def test_mail_to_a_proposer_who_may_not_open_the_list_has_no_link(page, run_tasks, mailoutbox):
    person = make_person(language="en")

    page.post(PATH, {**FIELDS, "proposer": person.email, "notifies_proposer": "on"})
    run_tasks()

    assert "We have recorded your proposal" in mailoutbox[0].body
    assert "/season/proposals/" not in mailoutbox[0].body


def test_other_secretaries_are_informed_of_a_recorded_proposal(page, run_tasks, mailoutbox):
    other = make_secretary()

    page.post(PATH, FIELDS)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[other.email]]


def test_secretary_chooses_among_several_people_of_that_name(page):
    people = [make_person(first_name=first, last_name="Dupont") for first in ("Anne", "Paul")]

    form = page.post(PATH, {**FIELDS, "proposer": "Dupont"}).context["form"]
    page.post(PATH, {**FIELDS, "proposer": "Dupont", "person": people[1].pk})

    assert form.errors == {"person": ["Choose the person you mean."]}
    assert {key for key, _label in form.fields["person"].choices} == {str(person.pk) for person in people}
    assert Proposal.objects.get().proposed_by == people[1]


@pytest.mark.parametrize(
    ("fields", "error_field"),
    [
        ({"proposer": "Nobody Knows"}, "proposer"),
        ({"proposer": "nobody@host.example"}, "proposer"),
        ({"proposer": "closed@host.example"}, "proposer"),
        ({"proposer": "\0"}, "proposer"),
        ({"notifies_proposer": "on"}, "proposer"),
        ({"proposer": "Sans Adresse", "notifies_proposer": "on"}, "notifies_proposer"),
        ({"title": " "}, "title"),
        ({"host_name": ""}, "host"),
    ],
)
def test_wrong_record_is_refused_at_its_field(page, fields, error_field):
    make_person(first_name="Sans", last_name="Adresse", email=None)
    make_person(email="closed@host.example", is_active=False)

    form = page.post(PATH, {**FIELDS, **fields}).context["form"]

    assert list(form.errors) == [error_field]
    assert not Proposal.objects.exists()


def test_proposal_of_a_vendors_employee_is_marked_as_the_hosts(secretary):
    vendor, employee = make_company(role="vendor"), make_person()
    Employment.objects.create(person=employee, company=vendor, starts_on=START_OF_2020)

    own = record_proposal(planner=secretary, title="Ici", host=vendor, proposer=employee)
    other = record_proposal(
        planner=secretary, title="Ailleurs", host=make_company(role="vendor"), proposer=employee
    )

    assert own.is_from_host
    assert not other.is_from_host


def test_named_proposer_can_withdraw_the_recorded_proposal(secretary):
    member = make_member()
    proposal = record_proposal(planner=secretary, title="Ici", host_name="Nuage", proposer=member)

    withdraw_proposal(proposal=proposal, person=member)

    assert not Proposal.objects.exists()


def test_limit_of_a_member_does_not_keep_the_secretary_from_recording(secretary):
    member = make_member()
    for number in range(MAX_UNDECIDED_PROPOSALS):
        create_proposal(person=member, title=f"Visite {number}", host_name="Nuage")

    proposal = record_proposal(planner=secretary, title="Encore", host_name="Nuage", proposer=member)

    assert proposal.proposed_by == member


def test_planner_who_does_not_read_the_directory_names_no_proposer():
    organizer, person = make_person(), make_person()
    ClubRole.objects.create(person=organizer, role="organizer", starts_on=START_OF_2020)
    client = make_client(organizer)

    form_page = client.get(PATH).text
    client.post(PATH, {**FIELDS, "proposer": person.email, "notifies_proposer": "on"})

    assert 'name="proposer"' not in form_page
    assert Proposal.objects.get().proposed_by is None
