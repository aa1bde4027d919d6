"""A host contact proposes visits of the host’s own sites on the host page, without an account."""

import pytest
from django.test import Client
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import Forbidden, NotOpenNow
from registrations.visits.hosts.contacts import end_host_contact
from registrations.visits.models import HostContact, Proposal
from registrations.visits.planning.host_proposals import create_host_proposal, withdraw_host_proposal
from registrations.visits.planning.interest import express_interest
from registrations.visits.planning.proposals import (
    MAX_UNDECIDED_PROPOSALS,
    create_proposal,
    set_aside_proposal,
)
from registrations.visits.privacy import erase_old_contacts
from tests.factories import make_member, make_secretary
from tests.registrations.visits.hosts import make_host, make_hosted
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
PAGE = "/host/proposals/"


def test_host_contact_proposes_visit_and_reads_decision(visit, enter):
    client, contact = enter(), HostContact.objects.get()

    form = client.get(PAGE).context["form"]
    assert list(form.fields) == ["title", "host", "motivation"]
    assert form.initial == {"host": visit.event.host.pk}

    typed = {"title": " Le  stockage ", "host": visit.event.host.pk, "motivation": "Avant tous"}

    assert client.post(PAGE, typed)["Location"] == PAGE
    found = Proposal.objects.get()
    assert found.title == "Le stockage"
    assert found.host == visit.event.host
    assert found.proposed_by is None
    assert found.proposed_by_host == contact
    assert found.is_from_host
    entry = AuditEntry.objects.get(verb="proposal.make")
    assert (entry.reason, entry.fields) == (f"host contact #{contact.pk}", ["title", "motivation", "host"])

    express_interest(proposal=found, person=make_member())

    assert "1 adhérent intéressé" in client.get(PAGE).content.decode()

    planner = make_client(make_secretary())

    for address in ("/organize/season/proposals/", f"/organize/season/proposals/{found.pk}/"):
        assert "Sophie Garde" in planner.get(address).content.decode()

    set_aside_proposal(proposal=found, reason="Trop loin")

    assert "Trop loin" in client.get(PAGE).content.decode()
    with pytest.raises(NotOpenNow):
        withdraw_host_proposal(contact=contact, proposal=found)


def test_invalid_proposal_form_shows_errors_and_saves_nothing(visit, enter):
    client, other = enter(), make_hosted().event.host

    assert list(client.post(PAGE, {"title": " "}).context["form"].errors) == ["title", "host"]

    answer = client.post(PAGE, {"title": "Chez un autre", "host": other.pk})

    assert list(answer.context["form"].errors) == ["host"]
    with pytest.raises(Forbidden):
        create_host_proposal(contact=HostContact.objects.get(), host=other, title="Chez un autre")
    assert not Proposal.objects.exists()


def test_host_chooses_among_own_companies_only(visit, enter):
    page = html.fromstring(enter().get(f"/en{PAGE}").text)
    options = [option.text for option in page.xpath("//select[@name='host']/option")]

    assert "Another company" not in options
    assert visit.event.host.name in options


def test_host_withdraws_own_proposal_but_not_anothers(visit, enter):
    client, contact = enter(), HostContact.objects.get()
    colleague = make_host(visit, email="paul@hote.example")
    mine = create_host_proposal(contact=contact, host=visit.event.host, title="Ici")
    theirs = create_host_proposal(contact=colleague, host=visit.event.host, title="Là")
    members = create_proposal(person=make_member(), title="Ailleurs", host=visit.event.host)

    for other in (theirs, members):
        assert client.post(f"{PAGE}{other.pk}/back/").status_code == 404
        with pytest.raises(Forbidden):
            withdraw_host_proposal(contact=contact, proposal=other)

    assert [one.title for one, _interest in client.get(PAGE).context["rows"]] == ["Ici"]
    assert client.post(f"{PAGE}{mine.pk}/back/")["Location"] == PAGE
    assert set(Proposal.objects.all()) == {theirs, members}
    assert AuditEntry.objects.filter(verb="proposal.withdraw").count() == 1


def test_undecided_proposals_are_limited_per_address_across_visits(visit):
    again = make_host(make_hosted())
    for number in range(MAX_UNDECIDED_PROPOSALS):
        create_host_proposal(contact=HostContact.objects.first(), host=visit.event.host, title=f"n° {number}")

    with pytest.raises(NotOpenNow, match="10 open proposals"):
        create_host_proposal(contact=again, host=again.visit.event.host, title="Encore")


def test_proposals_page_needs_sign_in_of_active_host_contact(visit, enter):
    secretary = make_client(make_secretary())

    for client in (Client(), secretary):
        assert [client.get(PAGE).status_code, client.post(PAGE, {"title": "x"}).status_code] == [403, 403]

    client = enter()
    end_host_contact(contact=HostContact.objects.get())

    assert client.post(PAGE, {"title": "x", "host": visit.event.host.pk}).status_code == 403
    assert not Proposal.objects.exists()


def test_proposal_remains_after_contact_is_erased(visit):
    made = create_host_proposal(contact=HostContact.objects.get(), host=visit.event.host, title="Ici")

    assert erase_old_contacts(visit.event.ends_at.replace(year=2999)) == 1
    made = Proposal.objects.get()
    assert made.proposer_name == ""
    assert made.is_from_host


def test_proposal_without_a_subject_is_refused_with_what_to_do(visit, enter):
    page = enter().post(f"/en{PAGE}", {"title": ""})

    assert page.context["form"].errors["title"] == ["Enter what there is to see."]
