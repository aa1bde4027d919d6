"""Events in the company area: their order, past ones, and what the contact can do at each."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.club.models import Seat
from registrations.company.overview import load_company_overview
from tests.factories import make_event, make_registration, make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.visits.factories import make_visit

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
    assert "Only people with a seat can open that page." in page.text


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
