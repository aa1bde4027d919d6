"""Events in the company area: their order, past ones, and what the contact can do at each."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.club.models import CompanyContact, Membership, Seat
from registrations.company.overview import load_company_overview
from registrations.visits.applications.apply import apply_for_visit
from tests.factories import (
    START_OF_2020,
    make_company,
    make_event,
    make_person,
    make_registration,
    make_ticket,
)
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.visits.factories import make_application, make_visit

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize("address", ["", "registrations/"])
def test_contact_without_a_seat_is_not_sent_to_the_members_page_of_a_visit(address):
    desk = make_desk()
    visit = make_visit()
    Seat.objects.filter(person=desk.contact).update(ends_on=timezone.localdate() - DAY)

    page = desk.client.get(f"/en{desk.at}/{address}")

    hrefs = html.fromstring(page.content).xpath("//main//section//a/@href")
    assert not [href for href in hrefs if href.endswith(f"/visits/{visit.event.slug}/")]
    assert f"/en/events/{visit.event.slug}/" in hrefs
    assert "You have no seat, so you cannot apply yourself." in page.text


@pytest.mark.parametrize("address", ["", "registrations/"])
def test_contact_with_a_seat_is_led_to_their_own_application_for_a_visit(address):
    desk = make_desk()
    visit = make_visit()

    page = html.fromstring(desk.client.get(f"/en{desk.at}/{address}").content)

    [link] = page.xpath("//a[.='apply for yours']")
    assert link.get("href") == f"/en/visits/{visit.event.slug}/"


def test_visit_shows_places_left_and_the_limit_per_company():
    desk = make_desk()
    visit = make_visit(places=5, cap=2)
    apply_for_visit(visit=visit, person=desk.colleague)

    page = html.fromstring(desk.client.get(f"/en{desk.at}/registrations/").content)

    text = " ".join(page.text_content().split())
    assert "4 places left · at most 2 people per company (your company already has 1)" in text


def test_full_visit_says_that_its_waiting_list_is_open():
    desk = make_desk()
    make_application(make_visit(places=1))

    page = html.fromstring(desk.client.get(f"/en{desk.at}/").content)

    assert "full · the waiting list is open" in " ".join(page.text_content().split())


def test_several_visits_take_no_more_queries_than_one(django_assert_num_queries):
    desk = make_desk()
    make_visit()
    with CaptureQueriesContext(connection) as with_one:
        load_company_overview(desk.company)
    make_visit()

    with django_assert_num_queries(len(with_one)):
        load_company_overview(desk.company)


def test_contact_without_a_seat_who_applies_is_led_to_the_colleagues_with_a_seat():
    desk = make_desk()
    visit = make_visit()
    Seat.objects.filter(person=desk.contact).update(ends_on=timezone.localdate() - DAY)

    page = desk.client.get(f"/en/visits/{visit.event.slug}/")

    assert page.status_code == 403
    assert "Send its page to the colleagues who have one" in page.text
    [link] = html.fromstring(page.content).xpath("//a[.='See who has a seat']")
    assert link.get("href") == f"/en{desk.at}/seats/"


def test_contact_of_two_companies_who_applies_without_a_seat_chooses_the_company():
    desk = make_desk()
    visit = make_visit()
    Seat.objects.filter(person=desk.contact).update(ends_on=timezone.localdate() - DAY)
    CompanyContact.objects.create(company=make_company(), person=desk.contact, starts_on=START_OF_2020)

    page = html.fromstring(desk.client.get(f"/en/visits/{visit.event.slug}/").content)

    [link] = page.xpath("//a[.='See who has a seat']")
    assert link.get("href") == "/en/company/"


def test_person_without_a_seat_who_applies_is_told_to_ask_the_contact(client):
    visit = make_visit()
    client.force_login(make_person())

    page = client.get(f"/en/visits/{visit.event.slug}/")

    assert "ask its contact for a seat" in page.text
    assert not html.fromstring(page.content).xpath("//a[.='See who has a seat']")


def test_upcoming_events_are_listed_by_date():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    earlier = make_event(starts_at=desk.event.starts_at - 5 * DAY, ends_at=desk.event.starts_at - 4 * DAY)
    later = make_event(starts_at=desk.event.starts_at + DAY, ends_at=desk.event.starts_at + 2 * DAY)

    overview = load_company_overview(desk.company)

    assert [row.event for row in overview.first_events] == [earlier, desk.event, later]


def test_past_events_list_the_colleagues_who_had_a_place():
    desk = make_desk()
    ended_at = timezone.now() - DAY
    ticket = make_ticket(make_event(name_en="Last year", starts_at=ended_at - DAY, ends_at=ended_at))
    make_registration(ticket, first_name="Ana", last_name="Silva", member_of=desk.company)
    make_registration(ticket, last_name="Gone", member_of=desk.company, cancelled_at=ended_at)
    make_registration(ticket, last_name="Stranger")

    page = html.fromstring(desk.client.get(f"/en{desk.at}/registrations/").content)

    [section] = page.xpath("//section[h2='Past events']")
    assert section.xpath(".//p[@class='listing-title']/text()") == ["Last year"]
    assert section.xpath(".//details//li/text()") == ["Ana Silva, Guest"]


def make_company_without_membership():
    """Return a company whose membership ended, and a meeting that sells members' tickets only."""
    desk = make_desk()
    Membership.objects.update(ends_on=timezone.localdate() - DAY)
    meeting = make_event(name_en="Members’ evening", starts_at=desk.event.starts_at + DAY)
    make_ticket(meeting, slug="member", audience="member")
    return desk, meeting


@pytest.mark.parametrize("address", ["", "registrations/"])
def test_company_without_membership_is_not_offered_events_for_members_only(address):
    desk, meeting = make_company_without_membership()

    page = html.fromstring(desk.client.get(f"/en{desk.at}/{address}").content)

    assert page.xpath("//a[contains(@href, '/register/')]/@href") == [f"/en{desk.many}"]
    assert meeting.title not in page.text_content()


def test_company_without_membership_sees_its_places_at_a_meeting_for_members():
    desk, meeting = make_company_without_membership()
    make_registration(meeting.tickets.get(), member_of=desk.company)

    page = html.fromstring(desk.client.get(f"/en{desk.at}/registrations/").content)

    assert page.xpath("//h2[contains(., 'Members’ evening')]")
    assert not page.xpath(f"//a[contains(@href, '/register/{meeting.slug}/')]")


@pytest.mark.parametrize(
    ("is_for_members", "sentence"),
    [
        (False, "You can register colleagues for the events that also sell tickets to non-members."),
        (True, "No upcoming event sells tickets to non-members at the moment."),
    ],
)
def test_company_that_never_had_a_membership_reads_whether_it_can_register_colleagues(
    is_for_members, sentence
):
    desk = make_desk()
    Membership.objects.all().delete()
    if is_for_members:
        desk.event.tickets.update(audience="member")

    page = " ".join(desk.client.get(f"/en{desk.at}/").text.split())

    assert f"The company has no membership. {sentence}" in page


def test_contact_of_a_vendor_without_membership_reads_that_it_has_no_seats():
    desk = make_desk()
    visit = make_visit()
    desk.company.memberships.all().delete()

    page = desk.client.get(f"/en/visits/{visit.event.slug}/")

    assert page.status_code == 403
    assert "Your company has no membership" in page.text
    assert "See who has a seat" not in page.text


def test_contact_of_a_member_and_a_vendor_is_led_to_the_members_seats():
    desk = make_desk()
    visit = make_visit()
    Seat.objects.filter(person=desk.contact).update(ends_on=timezone.localdate() - DAY)
    vendor = make_company(role="vendor")
    CompanyContact.objects.create(company=vendor, person=desk.contact, starts_on=START_OF_2020)

    page = html.fromstring(desk.client.get(f"/en/visits/{visit.event.slug}/").content)

    [link] = page.xpath("//a[.='See who has a seat']")
    assert link.get("href") == f"/en{desk.at}/seats/"
