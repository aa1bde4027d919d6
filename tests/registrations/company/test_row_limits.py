"""Limits and hints on the list of colleagues: places per company, passes, free members' tickets."""

import pytest

from registrations.models import CompanyShare
from tests.factories import make_member
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
