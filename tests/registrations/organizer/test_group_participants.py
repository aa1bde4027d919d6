"""The page of a working group shows who takes part in its meetings, to those who organize these."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import Mandate, WorkingGroup
from convention.events.models import Event
from convention.tables.files import read_table
from registrations.organizer.group_participants import find_group_participants
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_event,
    make_person,
    make_registration,
    make_secretary,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
PAGE = "/en/organize/club/groups/storage/"


@pytest.fixture
def group():
    return WorkingGroup.objects.create(slug="storage", name="Storage", kind="technical")


@pytest.fixture
def lead(group):
    lead = make_person(email="lead@club.example")
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)
    return lead


@pytest.fixture
def tickets(group):
    """Return the tickets of four meetings that took place, the latest first."""
    return [make_meeting_ticket(group, days=-10 * number, slug=f"m{number}") for number in range(1, 5)]


def make_meeting_ticket(group, *, days, **fields):
    starts_at = timezone.now() + datetime.timedelta(days=days)
    return make_ticket(make_event(kind=Event.Kind.GROUP_MEETING, group=group, starts_at=starts_at, **fields))


def register(ticket, name, **fields):
    first_name, last_name = name.split()
    email = fields.pop("email", f"{first_name.lower()}@firm.example")
    return make_registration(ticket, first_name=first_name, last_name=last_name, email=email, **fields)


def find(group, reader):
    found = find_group_participants(group, reader, at=timezone.now())
    return [(row.name, row.company, row.meeting_count) for row in found.participants]


def read(client):
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return html.fromstring(answer.text)


def test_participants_are_those_of_the_last_three_meetings_by_name(group, lead, tickets):
    register(tickets[0], "Zoé Martin", company="Lake")
    register(tickets[2], "Zoé Martin", company="Hill")
    register(tickets[1], "Ana Silva", company="Forest")
    register(tickets[3], "Old Timer")

    assert find(group, lead) == [("Zoé Martin", "Lake", 2), ("Ana Silva", "Forest", 1)]


def test_only_confirmed_registrations_with_a_name_count(group, lead, tickets):
    register(tickets[0], "Zoé Martin", cancelled_at=timezone.now())
    register(tickets[0], "Ana Silva", confirmed_at=None)
    make_registration(tickets[0], first_name="", last_name="", email="")

    assert find(group, lead) == []


@pytest.mark.parametrize(
    "fields", [{"visibility": "draft"}, {"cancelled_at": START, "cancellation_reason": "Strike"}, {"days": 5}]
)
def test_drafts_cancelled_and_later_meetings_do_not_count(group, lead, fields):
    register(make_meeting_ticket(group, **{"days": -1, **fields}), "Zoé Martin")

    assert find(group, lead) == []


def test_person_of_the_directory_is_one_participant_under_two_addresses(group, lead, tickets):
    person = make_person()
    register(tickets[0], "Zoé Martin", person=person, email="zoe@old.example")
    register(tickets[1], "Zoé Martin", person=person, email="zoe@new.example")

    assert [count for _name, _company, count in find(group, lead)] == [2]


def test_colleagues_who_share_an_address_are_two_participants(group, lead, tickets):
    register(tickets[0], "Zoé Martin", email="team@firm.example")
    register(tickets[0], "Ana Silva", email="team@firm.example")

    assert len(find(group, lead)) == 2


def test_lead_sees_the_participants_without_links_to_the_directory(lead, tickets):
    register(tickets[0], "Zoé Martin", company="Lake", person=make_person())

    tree = read(make_client(lead))

    [section] = tree.xpath("//section[h2='Participants in the last meetings']")
    [row] = section.xpath(".//tbody/tr")
    assert [cell.text_content() for cell in row] == ["Zoé Martin", "Lake", "1 of 3"]
    assert not row.xpath(".//a")


def test_administrator_gets_links_to_the_people(group, tickets):
    person = make_person()
    register(tickets[0], "Zoé Martin", person=person)

    tree = read(make_client(make_administrator()))

    assert tree.xpath(f"//a[@href='/en/organize/club/people/{person.pk}/']/text()") == ["Zoé Martin"]


def test_secretary_sees_numbers_and_no_participant(group, tickets):
    register(tickets[0], "Zoé Martin")
    register(tickets[0], "Ana Silva")
    client = make_client(make_secretary())

    tree = read(client)
    download = client.get(f"{PAGE}?participants=csv")

    assert "2 registrations" in tree.text_content()
    assert "Zoé Martin" not in tree.text_content()
    assert download["Content-Type"].startswith("text/html")
    assert b"Martin" not in download.content


def test_lead_of_another_group_opens_neither_page_nor_list(group, tickets):
    other = WorkingGroup.objects.create(slug="other", name="Other", kind="technical")
    person = make_person()
    Mandate.objects.create(group=other, person=person, role="lead", starts_on=START_OF_2020)

    answer = make_client(person).get(f"{PAGE}?participants=csv")

    assert answer.status_code == 403


def test_list_of_participants_is_downloaded_and_recorded(lead, tickets):
    register(tickets[0], "Zoé Martin", company="Lake")
    register(tickets[1], "Zoé Martin", company="Hill")

    answer = make_client(lead).get(f"{PAGE}?participants=csv")

    table = read_table("participants.csv", answer.content)
    entry = AuditEntry.objects.get(verb="participants.export")
    assert table.header == ["First name", "Last name", "Company", "E-mail", "Meetings"]
    assert [cells for _number, cells in table.rows] == [["Zoé", "Martin", "Lake", "zoé@firm.example", "2"]]
    assert answer["Cache-Control"] == "private, no-store"
    assert entry.fields == ["csv"]
    assert entry.details == {"count": 1}


@pytest.mark.parametrize("kind", ["pdf", "%00", ""])
def test_unknown_kind_of_list_shows_the_page(lead, tickets, kind):
    answer = make_client(lead).get(f"{PAGE}?participants={kind}")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")


def test_queries_do_not_grow_with_the_participants(lead, tickets):
    client, counts = make_client(lead), []
    for step in range(2):
        for number in range(1 + 4 * step):
            register(tickets[number % 3], f"Zoé Martin{step}{number}", person=make_person())
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))

    assert counts[0] == counts[1]
