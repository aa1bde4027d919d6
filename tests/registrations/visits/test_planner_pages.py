"""Planners see who is interested in a proposal, and which other events a new visit meets."""

import pytest
from lxml import html

from convention.club.models import ClubRole
from registrations.visits.models import Proposal
from registrations.visits.planning.interest import express_interest
from registrations.visits.planning.proposals import create_proposal
from tests.factories import START_OF_2020, make_company, make_member, make_person
from tests.registrations.visits.hosts import make_secretary

pytestmark = pytest.mark.django_db


def make_proposal() -> Proposal:
    """Return a member's proposal to visit a vendor."""
    return create_proposal(person=make_member(), title="Le labo", host=make_company(role="vendor"))


def read_interested_people(response):
    """Return the links of the name, and the company, of each interested person."""
    rows = html.fromstring(response.text).xpath("//table/tbody/tr")
    return [(row.xpath("th/a/@href"), row.xpath("string(td[@data-label='Company'])")) for row in rows]


def test_proposal_page_lists_interested_people_with_company_and_link(client):
    proposal = make_proposal()
    member = make_member()
    express_interest(proposal=proposal, person=member)
    secretary, organizer = make_secretary(), make_person()
    ClubRole.objects.create(person=organizer, role="organizer", starts_on=START_OF_2020)
    path = f"/en/organize/season/proposals/{proposal.pk}/"

    client.force_login(secretary)
    secretary_table = read_interested_people(client.get(path))
    client.force_login(organizer)
    organizer_table = read_interested_people(client.get(path))

    company = member.employments.get().company
    assert secretary_table == [([f"/en/organize/club/people/{member.pk}/"], company.name)]
    assert organizer_table == [([], company.name)]
