"""Limits and hints on the list of colleagues: places per company, passes, free members' tickets."""

import pytest
from lxml import html

from convention.club.models import Membership
from registrations.models import CompanyShare
from tests.factories import make_addon, make_member, make_registration, make_voucher
from tests.registrations.company.factories import Desk, make_desk, make_posted_rows, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def desk() -> Desk:
    """The members' ticket is limited to two places per company."""
    desk = make_desk()
    desk.event.tickets.filter(slug="member").update(company_cap=2, name_en="Member")
    return desk


def make_member_rows(desk: Desk, count: int) -> list[dict[str, str]]:
    members = [desk.colleague, *(make_member(desk.company, email=f"m{n}@x.fr") for n in range(count - 1))]
    return [make_row(f"Name{n}", person.email, "member") for n, person in enumerate(members)]


def read_order_errors(response) -> list[str]:
    return [str(error) for error in response.context["rows"].non_form_errors()]


def test_limits_are_stated_before_the_list_is_filled_in(desk):
    desk.event.tickets.filter(slug="guest").update(capacity=9)
    ticket = desk.event.tickets.get(slug="member")
    CompanyShare.objects.create(ticket=ticket, company=desk.company, reserved=1)

    page = html.fromstring(desk.client.get(f"/en{desk.many}").content)

    limits = [item.xpath("normalize-space()") for item in page.xpath("//*[@id='limits']//li")]
    [deadline] = page.xpath("//*[@id='limits']/p/text()")
    assert limits == [
        "Member: places available · at most 2 people per company (your company already has 1)",
        "Invité: 9 places left",
    ]
    assert deadline.startswith("Registration is open until ")


def test_more_colleagues_than_places_per_company_are_refused_on_the_list(desk):
    rows = make_posted_rows(*make_member_rows(desk, 3), check="1")

    response = desk.client.post(f"/en{desk.many}", rows)

    assert read_order_errors(response) == ["“Member”: at most 2 places per company. This list asks for 3."]


def test_places_that_the_company_has_already_count_towards_its_limit(desk):
    ticket = desk.event.tickets.get(slug="member")
    CompanyShare.objects.create(ticket=ticket, company=desk.company, reserved=1)

    response = desk.client.post(f"/en{desk.many}", make_posted_rows(*make_member_rows(desk, 2), check="1"))

    assert read_order_errors(response) == [
        "“Member”: at most 2 places per company. Your company already has 1 and this list asks for 2 more."
    ]


def test_as_many_colleagues_as_places_per_company_are_accepted(desk):
    response = desk.client.post(f"/en{desk.many}", make_posted_rows(*make_member_rows(desk, 2), check="1"))

    assert response.status_code == 302


def give_passes(desk: Desk) -> None:
    """The membership has more passes than the lists need, and its members' ticket takes them."""
    Membership.objects.filter(company=desk.company).update(passes=6)
    desk.event.tickets.filter(slug="member").update(uses_pass=True)
    make_addon(desk.event)


def test_person_whose_pass_pays_for_the_ticket_is_not_counted_as_charged_for_an_addon(desk):
    give_passes(desk)
    rows = [
        make_row("Silva", desk.colleague.email, "member", addons=["dinner"]),
        make_row("Alpha", addons=["dinner"]),
    ]

    review = desk.client.post(desk.many, make_posted_rows(*rows, check="1"), follow=True)

    assert review.context["passes"].charged_count == 1


def read_price_hints(desk: Desk, *rows: dict[str, str]) -> list[str]:
    """Return the hints of the review page."""
    review = desk.client.post(f"/en{desk.many}", make_posted_rows(*rows, check="1"), follow=True)
    return review.context["price_hints"]


def test_free_members_ticket_is_named_for_a_colleague_with_a_seat(desk):
    desk.event.tickets.filter(slug="member").update(price=0)

    hints = read_price_hints(desk, make_row("Silva", desk.colleague.email), make_row("Alpha", "z@x.fr"))

    assert hints == ["Zoé Silva has a seat: the ticket “Member” is free."]


def test_list_itself_names_the_free_members_ticket_while_it_is_filled_in(desk):
    give_passes(desk)
    rows = make_posted_rows(make_row("Silva", desk.colleague.email))

    total = desk.client.post(f"/en{desk.many}", rows, headers={"X-Draft": "total"})

    assert "Zoé Silva has a seat: the ticket “Member” is free." in total.text


def test_lower_price_of_the_members_ticket_is_named(desk):
    [hint] = read_price_hints(desk, make_row("Silva", desk.colleague.email))

    assert hint == "Zoé Silva has a seat: with the ticket “Member”, the place costs €100."


def test_no_price_is_named_for_a_colleague_who_has_the_members_ticket_already(desk):
    member = desk.event.tickets.get(slug="member")
    make_registration(member, person=desk.colleague, member_of=desk.company, email=desk.colleague.email)

    assert read_price_hints(desk, make_row("Silva", desk.colleague.email)) == []


def test_no_price_is_named_where_the_members_ticket_costs_as_much(desk):
    desk.event.tickets.filter(slug="member").update(price=30_000)

    assert read_price_hints(desk, make_row("Silva", desk.colleague.email)) == []


def test_no_price_is_named_where_a_voucher_makes_the_ticket_cheaper(desk):
    guest = desk.event.tickets.get(slug="guest")
    make_voucher(desk.event, guest, value=100)
    rows = make_posted_rows(make_row("Silva", desk.colleague.email), check="1", code="HALF")

    review = desk.client.post(f"/en{desk.many}", rows, follow=True)

    assert review.context["price_hints"] == []
