"""POST /api/v1/events/EVENT/orders/: responses, errors by field, idempotency, rate limits."""

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft4Validator, FormatChecker

from convention.api import throttles
from convention.events.models import Event
from registrations.models import Order, Registration
from registrations.rate_limits import MAILS_PER_HOUR, WRONG_CODES_PER_HOUR
from tests.factories import make_event, make_member, make_question, make_ticket, make_voucher

pytestmark = pytest.mark.django_db
TOO_MANY_PEOPLE_ERROR = {
    "registrations": ["Une commande ne peut pas dépasser 50 personnes\u202f: créez plusieurs commandes."]
}


def make_body(**fields: Any) -> dict[str, Any]:
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": "a@example.org"}
    return {
        "email": "a@example.org",
        "language": "fr",
        "company": "",
        "payment": "invoice",
        "billing": {"name": "X", "street": "Y", "postcode": "75001", "city": "Paris", "country": "FR"},
        "registrations": [person],
        **fields,
    }


def post(event: Event | str, data: Any, **headers: str):
    slug = event if isinstance(event, str) else event.slug
    text = data if isinstance(data, (str, bytes)) else json.dumps(data)
    return Client().post(
        f"/api/v1/events/{slug}/orders/", text, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(("price", "state"), [(0, "confirmed"), (12_000, "pending")])
def test_free_order_is_confirmed_and_priced_order_is_pending(price: int, state: str):
    event = make_event()
    make_ticket(event, price=price)

    response = post(event, make_body())

    order = Order.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "reference": order.reference,
        "state": state,
        "total": {"amount": price, "currency": "EUR"},
        "manage_url": f"http://localhost:8000/orders/{order.reference}/{order.manage_secret}/",
        "registrations": [{"id": order.registrations.get().reference, "state": state}],
    }


def test_same_idempotency_key_returns_same_pending_order():
    event = make_event()
    make_ticket(event, price=12_000, capacity=1)

    first, again = (post(event, make_body(), **{"Idempotency-Key": "k"}) for _twice in "12")

    assert first.status_code == 201
    assert again.status_code == 201
    assert again.json() == first.json()
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [b"{", b"[", b"\xff", b"{nope", b"[" * 200_000, b'{"email":NaN}', b'{"email":' + b"9" * 5000 + b"}"],
    ids=lambda data: repr(data[:12]),
)
def test_malformed_json_is_a_parse_error(data: bytes):
    make_ticket(event := make_event())
    answer = post(event, data)

    assert answer.status_code == 400
    assert answer.json()["type"] == "/api/v1/problems/parse-error"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["\u200d", "\u2060\u00ad", "\u3164", "\u0301"])
def test_invisible_name_is_refused(name):
    event = make_event()
    make_ticket(event)
    person = {"ticket": "guest", "first_name": name, "last_name": "B", "email": ""}

    answer = post(event, make_body(registrations=[person]))

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["registrations.0.first_name"]


def load_schema_fields(schema: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a request schema, as published by the API."""
    document = json.loads(Client().get("/api/v1/schema/?format=json").content)
    return document["components"]["schemas"][schema]["properties"]


REFUSED_TEXTS = {"empty": "", "blank": " \t", "long": "a" * 301, "a long address": f"{'a' * 250}@example.org"}
"""The long address is tried on e-mail fields only: the schema does not forbid addresses in names."""


@pytest.mark.parametrize("text", REFUSED_TEXTS.values(), ids=REFUSED_TEXTS.keys())
@pytest.mark.parametrize(
    ("schema", "prefix"),
    [("OrderCreateRequest", ""), ("PlaceRequest", "registrations.0."), ("BillingRequest", "billing.")],
)
def test_refused_text_does_not_match_the_schema(schema, prefix, text):
    event = make_event()
    make_ticket(event)
    fields = {
        name: field for name, field in load_schema_fields(schema).items() if field.get("type") == "string"
    }
    if "@" in text:
        fields = {name: field for name, field in fields.items() if field.get("format") == "email"}
    accepted_by_description = []
    for name, field in fields.items():
        sent = make_body()
        holder = {"": sent, "billing.": sent["billing"]}.get(prefix, sent["registrations"][0])
        holder[name] = text
        refused = f"{prefix}{name}" in post(event, sent).json().get("errors", {})
        if refused and Draft4Validator(field, format_checker=FormatChecker()).is_valid(text):
            accepted_by_description.append(name)

    assert accepted_by_description == []
    assert (
        "@" in text
        or {"OrderCreateRequest": "email", "PlaceRequest": "first_name", "BillingRequest": "city"}[schema]
        in fields
    )


def test_empty_optional_field_matches_the_schema():
    event = make_event()
    make_ticket(event)
    sent = make_body(email="a@example.org", company="", currency="", code="", purchase_order="")
    sent["billing"] = dict.fromkeys(("name", "street", "postcode", "city", "country"), "")
    order, billing = load_schema_fields("OrderCreateRequest"), load_schema_fields("BillingRequest")
    unfitting = [
        name
        for schema, fields in ((order, sent), (billing, sent["billing"]))
        for name, value in fields.items()
        if value == "" and not Draft4Validator(schema[name]).is_valid(value)
    ]

    assert post(event, sent).status_code == 201
    assert unfitting == []


@pytest.mark.parametrize("name", ["李", "محمد", "👩‍👩‍👧", "O'", "3"])
def test_name_in_any_script_is_accepted(name):
    event = make_event()
    make_ticket(event)

    person = {"ticket": "guest", "first_name": name, "last_name": "B", "email": ""}

    assert post(event, make_body(registrations=[person])).status_code == 201


@pytest.mark.parametrize("slug", ["staff", "speaker", "press"])
def test_hidden_ticket_cannot_be_ordered(slug):
    event = make_event()
    make_ticket(event, slug=slug, audience=slug, is_public=False)
    person = {"ticket": slug, "first_name": "A", "last_name": "B", "email": "a@example.org"}

    answer = post(event, make_body(registrations=[person]))

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["registrations.0.ticket"]
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("is_member", [True, False])
def test_member_ticket_is_pending_whether_or_not_address_is_a_members(is_member: bool):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    if is_member:
        make_member(email="a@example.org")
    person = {"ticket": "member", "first_name": "A", "last_name": "B", "email": "a@example.org"}

    response = post(event, make_body(registrations=[person]))

    order = Order.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "reference": order.reference,
        "state": "pending",
        "total": {"amount": 0, "currency": "EUR"},
        "manage_url": f"http://localhost:8000/orders/{order.reference}/{order.manage_secret}/",
        "registrations": [{"id": order.registrations.get().reference, "state": "pending"}],
    }


def test_same_idempotency_key_books_once():
    event = make_event()
    make_ticket(event)

    answers = [post(event, make_body(), **{"Idempotency-Key": "k-1"}) for _again in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()

    other = post(event, make_body(company="Acme"), **{"Idempotency-Key": "k-1"})

    assert other.status_code == 422
    assert other.json()["type"] == "/api/v1/problems/idempotency-key-reused"
    assert Registration.objects.count() == 1


def test_sold_out_ticket_is_refused():
    event = make_event()
    make_ticket(event, capacity=0)

    response = post(event, make_body())

    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "/api/v1/problems/sold-out"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": 5}, "email"),
        ({"email": "nobody"}, "email"),
        ({"registrations": "x"}, "registrations"),
        ({"registrations": []}, "registrations"),
        ({"registrations": None}, "registrations"),
        ({"registrations": [None]}, "registrations.0"),
        ({"registrations": [{"ticket": "guest", "first_name": "A"}]}, "registrations.0.last_name"),
        ({"registrations": [{"ticket": {}, "first_name": "A", "last_name": "B"}]}, "registrations.0.ticket"),
        (
            {"registrations": [{"ticket": "guest", "first_name": "A", "last_name": "B", "email": "x"}]},
            "registrations.0.email",
        ),
        (
            {"registrations": [{"ticket": "guest", "first_name": "A", "last_name": "B", "no_photo": "x"}]},
            "registrations.0.no_photo",
        ),
        ({"billing": []}, "billing"),
        ({"billing": {"name": 3}}, "billing.name"),
        ({"billing": {"country": "france"}}, "billing.country"),
        ({"currency": "USD"}, "currency"),
        ({"payment": "gold"}, "payment"),
    ],
)
def test_errors_name_the_field(change: dict, field: str):
    make_ticket(event := make_event())
    response = post(event, make_body(**change))

    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]
    assert not Order.objects.exists()


@pytest.mark.parametrize("text", ["", "[]", "3", '"x"', "null"])
def test_json_that_is_no_object_is_refused(text: str):
    make_ticket(event := make_event())
    response = post(event, text)

    assert response.status_code == 422
    assert response.json()["status"] == 422


def test_surrogates_and_nul_are_removed():
    make_ticket(event := make_event())
    person = {"ticket": "guest", "first_name": "A\ud800\x00", "last_name": "B"}

    assert post(event, make_body(registrations=[person])).status_code == 201
    assert Registration.objects.get().first_name == "A"
    person["email"] = "z\ud800@example.org"
    assert post(event, make_body(registrations=[person], email="a\ud800@example.org")).status_code == 201
    assert set(Registration.objects.values_list("email", flat=True)) == {"", "z@example.org"}


def test_unknown_draft_and_closed_events_are_refused():
    assert post("nowhere", make_body()).json()["type"] == "/api/v1/problems/not-found"

    draft = make_event(visibility=Event.Visibility.DRAFT)

    assert post(draft, make_body()).status_code == 404

    event = make_event()
    event.registration_closes_at = event.created_at
    event.save()

    response = post(event, make_body())

    assert response.status_code == 409
    assert response.json()["type"] == "/api/v1/problems/closed"


def test_the_number_of_queries_does_not_grow_with_people(django_assert_max_num_queries):
    make_ticket(event := make_event())
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": ""}
    with django_assert_max_num_queries(14):
        assert post(event, make_body(registrations=[person] * 50)).status_code == 201


def test_order_of_too_many_people_is_refused_before_mails_are_counted(settings):
    settings.RATE_LIMITS = "on"
    make_ticket(event := make_event())
    people = [
        {"ticket": "guest", "first_name": "A", "last_name": "B", "email": f"v{number}@example.org"}
        for number in range(51)
    ]

    for _each in range(MAILS_PER_HOUR + 1):
        answer = post(event, make_body(registrations=people))
        assert answer.status_code == 422
        assert answer.json()["errors"] == TOO_MANY_PEOPLE_ERROR

    assert post(event, make_body(registrations=people[:50])).status_code == 201


@pytest.mark.long
@pytest.mark.once
def test_orders_are_rate_limited_by_address(settings, monkeypatch):
    settings.RATE_LIMITS = "on"
    # Stop the clock, since 301 orders may take longer than the rest of a rate limit window.
    now = time.time()
    monkeypatch.setattr(throttles, "time", SimpleNamespace(time=lambda: now))
    event = make_event()
    make_ticket(event, capacity=0)

    answers = [post(event, make_body()) for _each in range(301)]

    assert {answer.status_code for answer in answers[:300]} == {409}
    assert answers[300].status_code == 429
    assert answers[300].json()["type"] == "/api/v1/problems/throttled"
    assert int(answers[300]["Retry-After"]) > 0
    assert post(event, make_body(email="other@example.org")).status_code == 409


@pytest.mark.once
def test_quotes_do_not_count_towards_mail_limit(settings):
    settings.RATE_LIMITS = "on"
    make_ticket(event := make_event())
    asked = make_body(
        registrations=[{"ticket": "guest", "first_name": "A", "last_name": "B", "email": "v@x.org"}]
    )
    quotes = f"/api/v1/events/{event.slug}/quotes/"

    answers = [Client().post(quotes, asked, "application/json") for _each in range(MAILS_PER_HOUR + 1)]

    assert {answer.status_code for answer in answers} == {200}
    assert post(event, asked).status_code == 201


def test_guessing_voucher_codes_is_rate_limited(settings):
    settings.RATE_LIMITS = "on"
    make_ticket(event := make_event(), price=10_000)
    make_voucher(event)
    quotes = f"/api/v1/events/{event.slug}/quotes/"

    def ask(code: str, **fields) -> int:
        return Client().post(quotes, make_body(code=code, **fields), "application/json").status_code

    guesses = [ask(f"TRY{number // 2}") for number in range(2 * WRONG_CODES_PER_HOUR - 1)]
    assert set(guesses) == {422}
    assert ask("half") == 429
    assert ask("half", email="other@example.org") == 200
    assert post(event, make_body(code="HALF")).status_code == 429
    assert post(event, make_body()).status_code == 201


def test_an_answer_that_is_no_file_is_refused_at_its_field():
    event = make_event()
    ticket = make_ticket(event)
    question = make_question(event, "proof", kind="file")
    question.tickets.add(ticket)
    person = {"ticket": "guest", "first_name": "Ana", "last_name": "Silva", "email": ""}

    answer = post(event, make_body(registrations=[{**person, "answers": {"proof": {"file": [1]}}}]))

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["registrations.0.answers.proof"]


@pytest.mark.parametrize("fields", [{}, {"notifies_attendees": None}, {"notifies_attendees": False}])
def test_order_notifies_no_attendees_unless_asked(fields):
    event = make_event()
    make_ticket(event)

    post(event, make_body(**fields))

    assert Order.objects.get().notifies_attendees is False


def test_order_notifies_attendees_if_asked():
    event = make_event()
    make_ticket(event)

    post(event, make_body(notifies_attendees=True))

    assert Order.objects.get().notifies_attendees is True


@pytest.mark.parametrize(
    ("fields", "expected"), [({}, ""), ({"language": None}, ""), ({"language": "en"}, "en")]
)
def test_attendee_has_the_language_of_the_body(fields, expected):
    event = make_event()
    make_ticket(event)
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": "b@example.org", **fields}

    post(event, make_body(registrations=[person]))

    assert Registration.objects.get().language == expected
