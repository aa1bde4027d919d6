"""Planners see who is interested in a proposal, and which other events a new visit meets."""

import datetime
from datetime import UTC

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.events.models import Event, Venue
from registrations.visits.models import NdaText, Proposal, Visit
from registrations.visits.planning.interest import express_interest
from registrations.visits.planning.notifications import notify_interested_members
from registrations.visits.planning.plan_visit import plan_visit
from registrations.visits.planning.proposals import create_proposal
from tests.factories import START_OF_2020, make_company, make_event, make_member, make_person, make_secretary

pytestmark = pytest.mark.django_db


def make_proposal() -> Proposal:
    """Return a member's proposal to visit a vendor."""
    return create_proposal(person=make_member(), title="Le labo", host=make_company(role="vendor"))


def read_interested_people(response):
    """Return the links of the name, and the company, of each interested person."""
    rows = html.fromstring(response.text).xpath("//table/tbody/tr")
    return [(row.xpath("th/a/@href"), row.xpath("string(td[@data-label='Company'])")) for row in rows]


def test_mail_about_the_date_names_host_and_venue(run_tasks, mailoutbox):
    proposal = make_proposal()
    express_interest(proposal=proposal, person=make_member(language="en"))
    starts = timezone.now() + datetime.timedelta(days=60)
    visit = plan_visit(
        proposal=proposal, host=proposal.host, name="V", starts_at=starts,
        ends_at=starts + datetime.timedelta(hours=4),
    )  # fmt: skip
    venue = Venue.objects.create(name="Le labo", city="Palaiseau")
    Event.objects.filter(pk=visit.event_id).update(visibility="members", venue=venue)
    Visit.objects.filter(pk=visit.pk).update(agreed_at=timezone.now())
    NdaText.objects.create(visit=visit, number=1, text="x")

    notify_interested_members(proposal=proposal)
    run_tasks()

    [mail] = mailoutbox
    assert f"Host: {proposal.host.name}" in mail.body
    assert "Where: Le labo, Palaiseau" in mail.body
    assert proposal.host.name in mail.alternatives[0].content


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


def test_planner_is_warned_of_other_events_on_the_day_of_a_new_visit(client):
    other = make_event(
        starts_at=datetime.datetime(2031, 3, 12, 9, tzinfo=UTC),
        ends_at=datetime.datetime(2031, 3, 12, 17, tzinfo=UTC),
    )
    client.force_login(make_secretary())
    values = {
        "name": "Labo", "host": make_company(role="vendor").pk, "contact_email": "visites@club.example",
        "starts_at": "2031-03-12T14:00", "ends_at": "2031-03-12T16:00",
    }  # fmt: skip

    same_day = client.post("/en/organize/season/visits/new/", values, follow=True).text
    next_day = {**values, "starts_at": "2031-03-14T14:00", "ends_at": "2031-03-14T16:00"}
    free_day = client.post("/en/organize/season/visits/new/", next_day, follow=True).text

    assert f"On the same day: {other.title}." in same_day
    assert "On the same day" not in free_day


NEW_VISIT = {
    "name": "Le laboratoire",
    "name_en": "The laboratory",
    "contact_email": "visites@club.example",
    "starts_at": "2031-03-12T14:00",
    "ends_at": "2031-03-12T16:00",
}


def test_new_visit_gets_its_name_in_english(client):
    client.force_login(make_secretary())
    values = {**NEW_VISIT, "host": make_company(role="vendor").pk}

    page = client.post("/en/organize/season/visits/new/", values, follow=True)

    assert Visit.objects.get().event.name_en == "The laboratory"
    assert "The laboratory" in page.text
    assert "name_en" in AuditEntry.objects.get(verb="event.create").fields


def test_new_visit_needs_no_english_name(client):
    client.force_login(make_secretary())
    values = {**NEW_VISIT, "host": make_company(role="vendor").pk, "name_en": ""}

    client.post("/en/organize/season/visits/new/", values)

    assert Visit.objects.get().event.name_en == ""
    assert "name_en" not in AuditEntry.objects.get(verb="event.create").fields


def test_new_visit_form_offers_the_english_name_as_optional(client):
    client.force_login(make_secretary())

    page = html.fromstring(client.get("/en/organize/season/visits/new/").text)

    [label] = page.xpath("//label[@for='id_name_en']")
    assert " ".join(label.text_content().split()) == "Name in English (optional)"


def test_visit_of_a_proposal_gets_its_name_in_english(client):
    proposal = make_proposal()
    client.force_login(make_secretary())
    values = {f"date-{name}": value for name, value in NEW_VISIT.items()}

    client.post(
        f"/en/organize/season/proposals/{proposal.pk}/date/", {**values, "date-host": proposal.host.pk}
    )

    proposal.refresh_from_db()
    assert proposal.visit.event.name_en == "The laboratory"
