"""Orders and cancellations through the API act for the owner of the token, as on the pages."""

import datetime
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from registrations.models import CompanyShare, Order, Registration, Ticket
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_person,
    make_registration,
    make_ticket,
)

pytestmark = pytest.mark.django_db
WRITE = "registrations:write"


def make_token_headers(person, *scopes: str) -> dict[str, str]:
    _row, token = create_token(person_id=person.pk, name="x", scopes=list(scopes or (WRITE,)))
    return {"Authorization": f"Bearer {token}"}


def make_body(email: str, **fields):
    person = {"ticket": "member", "first_name": "A", "last_name": "B", "email": email}
    return {"email": email, "registrations": [person], **fields}


def post(headers, data, path: str = "orders/"):
    address = f"/api/v1/events/congress/{path}"
    return Client().post(address, json.dumps(data), content_type="application/json", headers=headers)


@pytest.fixture
def ticket() -> Ticket:
    event = make_event(slug="congress")
    return make_ticket(event, slug="member", audience="member", capacity=5, company_cap=1)


@pytest.fixture
def member():
    return make_member(email="ada@club.example")


def test_order_for_token_owner_is_confirmed_at_once(ticket, member):
    assert post({}, make_body("ada@club.example")).json()["state"] == "pending"
    assert post(make_token_headers(member), make_body("ada@club.example")).json()["state"] == "confirmed"

    [kept] = Registration.objects.confirmed()

    assert kept.person == member
    assert kept.order.source == "api"
    assert CompanyShare.objects.get().reserved == 1


def test_order_for_another_member_awaits_verification(ticket, member):
    other = make_member(email="zoe@club.example")
    answer = post(make_token_headers(member), make_body(other.email))

    assert answer.status_code == 201
    assert answer.json()["state"] == "pending"


def test_order_is_refused_for_registered_member_and_for_full_company(ticket, member):
    colleague = make_member(member.employments.get().company, email="zoe@club.example")

    assert post(make_token_headers(member), make_body(member.email)).status_code == 201

    again = post(make_token_headers(member), make_body(member.email))

    assert again.status_code == 409
    assert again.json()["type"] == "/api/v1/problems/already-registered"

    full = post(make_token_headers(colleague), make_body(colleague.email))

    assert full.status_code == 409
    assert full.json()["type"] == "/api/v1/problems/company-full"
    assert Order.objects.count() == 1


@pytest.mark.parametrize("scope", sorted(set(ApiToken.Scope.values) - {WRITE}))
def test_token_without_write_scope_is_refused(ticket, member, scope):
    for path in ("orders/", "quotes/"):
        answer = post(make_token_headers(member, scope), make_body(member.email), path)
        assert answer.status_code == 403
        assert answer.json()["type"] == "/api/v1/problems/permission-denied"
    assert not Order.objects.exists()


@pytest.mark.parametrize("header", ["Bearer cvn_x", "bearer\tcvn_x", "Bearer", "Bearer ", "Bearer é x"])
def test_invalid_token_is_not_treated_as_anonymous(ticket, header):
    assert post({"Authorization": header}, make_body("a@example.org")).status_code == 401
    assert not Order.objects.exists()


def test_quote_includes_membership_passes(ticket):
    company = make_company()
    company.memberships.update(passes=1)
    member = make_member(company, email="ada@club.example")
    Ticket.objects.update(price=10_000, uses_pass=True)

    asked = make_body(member.email)

    assert post(make_token_headers(member), asked, "quotes/").json()["total"]["amount"] == 0
    assert post({}, asked, "quotes/").json()["total"]["amount"] == 10_000


def test_cancellation_preview_matches_cancellation(ticket):
    person = make_person()
    mine = make_registration(ticket, person=person, price=10_000)
    address = f"registrations/{mine.reference}/cancel/"
    headers = make_token_headers(person)

    foreseen = Client().get(f"/api/v1/events/congress/{address}", headers=headers)

    assert foreseen.status_code == 200
    assert Registration.objects.get().state == "confirmed"

    done = post(headers, {}, address)

    assert done.json() == {**foreseen.json(), "state": "cancelled"}
    assert done.json()["id"] == mine.reference
    assert done.json()["cancellation_fee"]["currency"] == "EUR"
    assert done.json()["messages"]

    again = post(headers, {}, address)

    assert again.status_code == 409
    assert again.json()["type"] == "/api/v1/problems/already-cancelled"

    after = Client().get(f"/api/v1/events/congress/{address}", headers=headers).json()

    assert after["state"] == "cancelled"
    assert after["messages"] == []
    [entry] = AuditEntry.objects.filter(verb="registration.cancel")
    assert entry.actor_id == person.pk
    assert entry.channel == "api"


def test_registration_with_email_of_token_owner_is_looked_up_by_reference(ticket):
    person = make_person(email="ada@club.example")
    mine = make_registration(ticket, email="Ada@Club.Example")
    address = f"registrations/{mine.reference}/cancel/"
    with CaptureQueriesContext(connection) as queries:
        assert post(make_token_headers(person), {}, address).status_code == 200

    [lookup] = [q["sql"] for q in queries if 'LEFT OUTER JOIN "events_venue"' in q["sql"]]

    assert mine.reference in lookup
    assert Registration.objects.get().cancelled_at


def test_cancel_is_refused_for_another_person_another_event_or_missing_scope(ticket):
    person = make_person()
    others = make_registration(ticket, email="other@example.org")
    elsewhere = make_registration(make_ticket(make_event(slug="other")), person=person)

    for one in (others, elsewhere):
        address = f"registrations/{one.reference}/cancel/"
        assert post(make_token_headers(person), {}, address).status_code == 404
        assert post({}, {}, address).status_code == 401
        assert post(make_token_headers(person, "registrations:read"), {}, address).status_code == 403

    assert Registration.objects.filter(cancelled_at=None).count() == 2


@pytest.mark.parametrize(("minutes", "is_updated"), [(9, False), (11, True)])
def test_token_used_at_is_updated_once_in_ten_minutes(ticket, member, minutes, is_updated):
    headers = make_token_headers(member)
    post(headers, {})
    first_used_at = ApiToken.objects.get().used_at
    earlier = timezone.now() - datetime.timedelta(minutes=minutes)
    ApiToken.objects.update(used_at=earlier)

    post(headers, {})

    used_at = ApiToken.objects.get().used_at
    assert first_used_at is not None
    assert (used_at >= first_used_at) if is_updated else (used_at == earlier)
