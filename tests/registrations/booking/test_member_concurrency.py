"""Members order concurrently by page and by API token: each gets one place."""

import json

import pytest
from django.test import Client

from convention.api.tokens import create_token
from registrations.models import CompanyShare, Order, Registration, Ticket, Voucher
from registrations.rate_limits import WRONG_CODES_PER_HOUR
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_ticket,
    make_voucher,
    verify_address,
)
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/events/congress/orders/"


@pytest.fixture
def ticket() -> Ticket:
    event = make_event(slug="congress")
    return make_ticket(event, slug="member", audience="member", capacity=6, company_cap=2)


def order(person, **fields):
    """Place an order through the API with a token of `person`, and return the response."""
    _row, token = create_token(person_id=person.pk, name="x", scopes=["registrations:write"])
    place = {"ticket": "member", "first_name": "A", "last_name": "B", "email": person.email}
    data = json.dumps({"email": person.email, "registrations": [place], **fields})
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post(PATH, data, content_type="application/json", headers=headers)


def count_reserved(ticket: Ticket) -> tuple[int, int, int]:
    ticket.refresh_from_db()
    return (
        ticket.reserved,
        sum(CompanyShare.objects.values_list("reserved", flat=True)),
        Registration.objects.count(),
    )


def test_two_members_in_turn_get_equivalent_registrations(ticket):
    first, second = make_member(), make_member()
    answers = [order(one).json() for one in (first, second)]

    assert [answer["state"] for answer in answers] == ["confirmed", "confirmed"]

    told = ("person_id", "member_of_id", "ticket_id", "price", "badge_version", "is_reserved")

    one, two = Registration.objects.order_by("pk")
    assert [getattr(one, name) is None for name in told] == [getattr(two, name) is None for name in told]
    assert two.person == second
    assert two.member_of == second.seats.get().membership.company
    assert two.sequence == one.sequence + 1
    assert count_reserved(ticket) == (2, 2, 2)


def test_second_place_of_member_is_refused(ticket):
    member = make_member()

    assert [order(member).status_code for _ in range(3)] == [201, 409, 409]
    assert count_reserved(ticket) == (1, 1, 1)

    Registration.objects.update(cancelled_at="2026-01-01T00:00Z")

    assert order(member).status_code == 201


def test_company_cap_is_enforced(ticket):
    company = make_company()
    colleagues = [make_member(company) for _ in range(3)]

    answers = [order(colleague) for colleague in colleagues]

    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[-1].json()["type"] == "/api/v1/problems/company-full"
    assert count_reserved(ticket) == (2, 2, 2)


def test_refused_repeat_order_does_not_use_voucher(ticket):
    Ticket.objects.update(price=10_000)
    make_voucher(ticket.event, capacity=5)

    member = verify_address(make_member())

    assert [order(member, code="HALF").status_code for _ in range(3)] == [201, 409, 409]
    assert Voucher.objects.get().reserved == 1


def test_order_with_deleted_voucher_reserves_nothing(ticket):
    Ticket.objects.update(price=10_000)
    make_voucher(ticket.event, capacity=5)

    Voucher.objects.all().delete()

    assert order(make_member(), code="HALF").status_code == 422
    assert count_reserved(ticket) == (0, 0, 0)


@pytest.mark.postgresql
def test_concurrent_orders_of_one_member_get_one_place(ticket):
    Ticket.objects.update(company_cap=None, capacity=50)
    for one in (make_member(), make_member()):
        results = run_in_threads([lambda one=one: order(one).status_code] * 16, threads=16)
        assert sorted(results) == [201] + [409] * 15

    assert count_reserved(ticket)[::2] == (2, 2)


@pytest.mark.postgresql
def test_concurrent_orders_of_members_respect_every_limit(ticket):
    companies = [make_company() for _ in range(4)]
    people = [make_member(company) for company in companies for _ in range(5)]

    results = run_in_threads(
        [lambda person=person: order(person).status_code for person in people * 2], threads=16
    )

    assert results.count(201) == 6
    assert results.count(409) == 34
    assert count_reserved(ticket) == (6, 6, 6)
    assert max(CompanyShare.objects.values_list("reserved", flat=True)) <= 2
    assert Registration.objects.values("person").distinct().count() == 6


def fill(client: Client, member, code: str = "") -> str:
    """Fill in all pages before the last button, and return the nonce that it sends."""
    client.force_login(member)
    form = "/en/events/congress/register/"
    person = {"first_name": "A", "last_name": "B", "email": member.email, "company": ""}
    people = {f"person-0-{name}": value for name, value in person.items()}
    client.post(form, {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "contact": "", **people})
    client.post(f"{form}choices/", {"choice-0-ticket": "member", "code": code})
    return client.get(f"{form}check/").context["draft"].nonce


def press(client: Client, nonce: str, *, follow: bool = False, **fields):
    typed = {"language": "en", "nonce": nonce, **fields}
    return client.post("/en/events/congress/register/check/", typed, follow=follow)


def test_submitting_check_page_twice_leads_to_same_order(ticket, client):
    nonce = fill(client, make_member())
    first, second = (press(client, nonce, shown="0") for _ in range(2))

    assert first.url == second.url
    assert first.url.startswith("/en/orders/")
    assert count_reserved(ticket) == (1, 1, 1)


CHANGES_SINCE_DRAFT = {
    "a dearer ticket": ({"price": 5_000}, "€50"),
    "a ticket that closed": ({"closes_at": "2026-01-01T00:00Z"}, "no longer on sale"),
    "no place": ({"capacity": 0}, "No places are left"),
}


@pytest.mark.parametrize("what", CHANGES_SINCE_DRAFT)
def test_change_since_draft_is_reported_and_nothing_is_booked(ticket, client, what):
    nonce = fill(client, make_member())
    change, sentence = CHANGES_SINCE_DRAFT[what]

    Ticket.objects.update(**change)

    assert sentence in press(client, nonce, shown="0", follow=True).text
    assert not Order.objects.exists()


def test_event_set_back_to_draft_refuses_orders_at_once(ticket, client):
    nonce = fill(client, make_member())
    type(ticket.event).objects.update(visibility="draft")

    assert press(client, nonce, shown="0").status_code == 404
    assert not Order.objects.exists()


def test_check_page_is_rate_limited_after_too_many_wrong_codes(ticket, client, settings):
    settings.RATE_LIMITS = "on"
    Ticket.objects.update(price=10_000)
    make_voucher(ticket.event, kind="amount", value=10_000)
    nonce = fill(client, member := make_member(), code="HALF")

    for number in range(WRONG_CODES_PER_HOUR):
        order(member, code=f"TRY{number}")

    assert press(client, nonce, shown="0").status_code == 429
    assert not Order.objects.exists()
