"""Export of every list of organizers and administrators, as CSV and as workbook with equal content."""

import pytest
from django.test import Client

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from convention.audit.models import AuditEntry
from convention.club.downloads import CLUB_LISTS as OF_CLUB
from convention.club.models import ClubRole
from convention.events.models import Event
from convention.tables.files import read_table
from registrations.models import Quota, RegistrationAddon, SessionBooking
from registrations.organizer.exports import EXPORT_SHEETS
from schedule.downloads import DOWNLOAD_SHEETS as OF_SCHEDULE
from tests.factories import (
    START_OF_2020,
    make_addon,
    make_administrator,
    make_member,
    make_person,
    make_question,
    make_registration,
    make_session,
    make_ticket,
    make_voucher,
)
from tests.schedule.proposals.factories import make_call, make_proposal

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(event: Event) -> Event:
    ticket = event.tickets.first() or make_ticket(event)
    one = make_registration(ticket, answers={"diet": "vegan"}, last_name="=cmd")
    RegistrationAddon.objects.create(registration=one, addon=make_addon(event))
    make_voucher(event, ticket)
    Quota.objects.create(event=event, name="Salle", capacity=9)
    make_question(event, "diet", options=["vegan"])
    SessionBooking.objects.create(registration=one, session=make_session(event, speakers=("Ana",)))
    check_in_registration(
        registration=one, checkpoint=Checkpoint.objects.create(event=event, name="Entrée"), operator=None
    )
    make_member()
    make_proposal(make_call(event))
    return event


@pytest.mark.parametrize("name", [*EXPORT_SHEETS, *OF_SCHEDULE, "scans"])
def test_event_lists_are_exported_as_csv_and_workbook(organizer: Client, filled: Event, name: str):
    files = [organizer.get(f"/organize/congress/lists/{name}.{kind}") for kind in ("csv", "xlsx")]
    text, book = (read_table("x", answer.content) for answer in files)

    assert text.header == book.header
    assert len(text.rows) == len(book.rows) >= 1
    assert AuditEntry.objects.filter(verb=f"{name}.export", event="congress").count() == 2
    assert {answer["Cache-Control"] for answer in files} == {"private, no-store"}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", OF_CLUB)
def test_club_lists_are_exported_for_administrators(client: Client, name: str):
    client.force_login(make_administrator())

    answer = client.get(f"/organize/club/lists/{name}.csv")

    assert len(read_table("x", answer.content).rows) >= 1


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", OF_CLUB)
def test_club_lists_are_exported_for_the_secretary_and_audited(client: Client, name: str):
    secretary = make_person()
    ClubRole.objects.create(person=secretary, role="secretary", starts_on=START_OF_2020)
    client.force_login(secretary)

    answer = client.get(f"/organize/club/lists/{name}.csv")

    assert len(read_table("x", answer.content).rows) >= 1
    assert AuditEntry.objects.get(verb=f"{name}.export").actor_id == secretary.pk


@pytest.mark.usefixtures("filled")
def test_club_lists_are_not_exported_for_the_organizer_of_an_event(organizer: Client):
    assert organizer.get("/organize/club/lists/seats.csv").status_code == 403


@pytest.mark.usefixtures("filled")
def test_club_lists_are_not_exported_without_signing_in(client: Client):
    assert client.get("/organize/club/lists/seats.csv").status_code == 302


def test_empty_device_list_is_exported_with_header(organizer: Client, filled: Event):
    table = read_table("x", organizer.get("/organize/congress/lists/devices.csv").content)

    assert table.header[0] == "Appareil"
    assert table.rows == []
