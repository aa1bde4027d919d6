"""Leads of a working group prepare its meetings: everything but money and roles, until their mandate ends."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.devices.pairing import get_or_create_entrance, pair_device
from badges.attendance.models import Device
from badges.attendance.scanning.inputs.scan_devices import find_pairing_people
from convention.accounts.permissions import is_club_staff
from convention.club.models import Mandate, Person, WorkingGroup
from convention.events.models import Event
from convention.events.permissions import can_administer, can_organize, can_staff_desk, get_organized_events
from tests.factories import START_OF_2020, make_event, make_person, make_registration, make_ticket
from tests.permission_table import POST_ONLY
from tests.site_objects import is_allowed, list_url_patterns, make_client, make_event_objects
from tests.test_permissions import PAGES_NEEDING_DATA, get_permitted_roles, send_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> WorkingGroup:
    return WorkingGroup.objects.create(slug="storage", name="Stockage", kind="technical")


@pytest.fixture
def meeting(group) -> Event:
    return make_event(slug="storage-1", kind=Event.Kind.GROUP_MEETING, group=group)


def make_lead(group: WorkingGroup, role: str = "lead", **fields) -> Person:
    person = make_person()
    Mandate.objects.create(
        **{"group": group, "person": person, "role": role, "starts_on": START_OF_2020, **fields}
    )
    return person


@pytest.mark.parametrize(("role", "expected"), [("lead", True), ("deputy", True), ("scribe", False)])
def test_lead_and_deputy_organize_the_meeting_of_their_group(group, meeting, role, expected):
    person = make_lead(group, role)

    assert can_organize(person, meeting) is expected
    assert can_staff_desk(person, meeting) is expected
    assert list(get_organized_events(person)) == ([meeting] if expected else [])
    assert is_club_staff(person) is expected


def test_lead_does_not_administer_the_meeting(group, meeting):
    assert not can_administer(make_lead(group), meeting)


def test_lead_organizes_no_other_event(group, meeting):
    lead = make_lead(group)
    others = WorkingGroup.objects.create(slug="other", name="Autre", kind="technical")
    meeting_of_others = make_event(slug="other-1", kind=Event.Kind.GROUP_MEETING, group=others)
    convention_of_group = make_event(slug="storage-day", group=group)
    meeting_without_group = make_event(slug="none", kind=Event.Kind.GROUP_MEETING)

    assert not can_organize(lead, meeting_of_others)
    assert not can_organize(lead, convention_of_group)
    assert not can_organize(lead, meeting_without_group)


@pytest.mark.parametrize(("days_left", "status_code"), [(0, 200), (-1, 403)], ids=["last day", "day after"])
def test_rights_end_with_the_mandate(group, meeting, days_left, status_code):
    lead = make_lead(group, ends_on=timezone.localdate() + datetime.timedelta(days=days_left))

    page = make_client(lead).get("/organize/storage-1/")

    assert page.status_code == status_code
    assert get_organized_events(lead).exists() is (status_code == 200)


@pytest.mark.parametrize(("days_left", "is_valid"), [(0, True), (-1, False)], ids=["last day", "day after"])
def test_phone_that_a_lead_paired_scans_until_the_mandate_ends(group, meeting, days_left, is_valid):
    lead = make_lead(group, ends_on=timezone.localdate() + datetime.timedelta(days=days_left))
    device = pair_device(checkpoint=get_or_create_entrance(meeting)).device
    Device.objects.filter(pk=device.pk).update(paired_by=lead)

    assert Device.objects.valid().filter(pk=device.pk).exists() is is_valid
    assert (lead.pk in find_pairing_people(meeting.pk, timezone.localdate())) is is_valid


def test_lead_cannot_give_the_meeting_to_another_group(group, meeting):
    client = make_client(make_lead(group))

    page = client.get("/en/organize/storage-1/settings/")

    assert page.status_code == 200
    assert {"kind", "group", "host"}.isdisjoint(page.context["form"].fields)
    assert not page.context["can_delete"]


def test_lead_changes_the_description(group, meeting):
    client = make_client(make_lead(group))
    form = client.get("/en/organize/storage-1/settings/").context["form"]
    values = {name: form[name].value() or "" for name in form.fields}

    client.post("/en/organize/storage-1/settings/", values | {"description": "Ordre du jour"})

    meeting.refresh_from_db()
    assert meeting.description == "Ordre du jour"
    assert meeting.group == group


def test_navigation_of_a_lead_has_no_page_about_money_or_roles(group, meeting):
    client = make_client(make_lead(group))

    page = client.get("/en/organize/storage-1/settings/")
    tickets = client.get("/en/organize/storage-1/tickets/")

    assert "/en/organize/storage-1/registrations/" in page.text
    for refused in ("people", "quotations", "sponsors", "delegation"):
        assert f"/en/organize/storage-1/{refused}/" not in page.text
    assert "/en/organize/storage-1/refunds/" not in tickets.text
    assert tickets.status_code == 200


def test_overview_of_a_lead_shows_no_revenue(group, meeting):
    make_registration(make_ticket(meeting, price=5_000))

    page = make_client(make_lead(group)).get("/en/organize/storage-1/")

    assert page.context["revenue"] == []


def test_lead_cannot_download_voucher_codes(group, meeting):
    client = make_client(make_lead(group))

    assert client.get("/organize/storage-1/lists/codes.csv").status_code in (403, 404)


def test_page_of_the_group_leads_to_the_meeting(group, meeting):
    client = make_client(make_lead(group))

    page = client.get("/en/organize/club/groups/storage/")
    home = client.get("/en/organize/")

    assert "Prepare the meeting" in page.text
    assert 'href="/en/organize/storage-1/"' in page.text
    assert "/en/organize/club/companies/" not in page.text
    assert page.request["PATH_INFO"] in home.text


def test_page_of_another_group_is_refused_to_a_lead(group, meeting):
    others = WorkingGroup.objects.create(slug="other", name="Autre", kind="technical")

    assert make_client(make_lead(others)).get("/en/organize/club/groups/storage/").status_code == 403


def test_lead_cannot_appoint_anybody_in_the_group(group, meeting):
    client = make_client(make_lead(group))

    assert client.post("/en/organize/club/groups/storage/", {"email": "x@y.fr"}).status_code == 403


# About money (cancelling an event refunds), or roles that would outlast the mandate.
PAGES_REFUSED_TO_LEADS = {
    *("organize-codes-csv", "organize-codes-xlsx", "organize-refunds"),
    *("organize-vouchers", "organize-voucher-new", "organize-voucher", "organize-voucher-remove"),
    *("organize-quotations", "organize-quotation-pdf", "organize-quotation-mail"),
    *("organize-quotation-new", "organize-quotation-withdraw"),
    *("organize-sponsors", "organize-sponsors-csv", "organize-sponsors-xlsx", "organize-sponsor"),
    *("organize-sponsor-logo", "organize-sponsor-logo-new", "organize-sponsor-cancel"),
    *("organize-packages", "organize-package", "organize-package-new", "organize-package-remove"),
    *("organize-package-take", "desk-payment", "desk-invoice", "desk-payment-undo", "desk-receipt"),
    *("organize-people", "organize-role-end", "organize-delegation", "organize-event-delete"),
    *("organize-event-cancel", "organize-event-restore"),
}


@pytest.mark.long
@pytest.mark.once
def test_lead_opens_what_organizers_open_but_pages_about_money_and_roles(group):
    here = make_event_objects("meeting")
    Event.objects.filter(pk=here.event.pk).update(kind=Event.Kind.GROUP_MEETING, group=group)
    client = make_client(make_lead(group))
    surprises = {}

    for name, arguments in list_url_patterns():
        if name in PAGES_NEEDING_DATA:
            continue
        expected = "organizer" in get_permitted_roles(name) and name not in PAGES_REFUSED_TO_LEADS
        method = "POST" if name in POST_ONLY else "GET"
        answer = send_request(client, method, here.address(name, arguments))
        if is_allowed(answer) != expected:
            surprises[name] = answer.status_code

    assert surprises == {}
