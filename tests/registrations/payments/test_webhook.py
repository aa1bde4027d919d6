"""The webhook: signed events only, limited size, stored once and without content."""

import datetime
import json
import time
from unittest.mock import Mock

import pytest
from django.test import Client
from django.utils import timezone
from stripe import WebhookSignature

from convention.errors import ConventionError
from registrations.invoices.models import Payout
from registrations.payments.cards import gateway
from registrations.payments.cards.reconcile import fetch_events, fetch_missed_events
from registrations.payments.management.commands.stripe_events import replay_event
from registrations.payments.models import StripeEvent
from tests.registrations.payments.factories import begin_payment, list_states, order_by_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_event(stripe, event):
    """Return a paid order, its checkout event, and the sender that signs events."""
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    happened = next(e for e in stripe.world.events if e["type"] == "checkout.session.completed")
    return order, happened, stripe.post


def send(body: bytes, signature: str) -> int:
    answer = Client().post(
        "/stripe/webhook/", body, content_type="application/json", headers={"Stripe-Signature": signature}
    )
    return answer.status_code


def test_fresh_signed_event_is_accepted(paid_event):
    _order, happened, post = paid_event
    assert send(*post.signed(happened)) == 200


@pytest.mark.parametrize("signature", ["", "nonsense", "t=1,v1=abc", "t=x,v1=", "v1=abc"])
def test_event_without_valid_signature_is_refused(paid_event, signature):
    _order, happened, post = paid_event

    assert send(post.signed(happened)[0], signature) == 400
    assert StripeEvent.objects.count() == 0


def test_event_signed_with_another_secret_is_refused(paid_event):
    _order, happened, post = paid_event

    post.secret = "whsec_other"
    assert send(*post.signed(happened)) == 400


def test_event_signed_over_five_minutes_ago_is_refused(paid_event):
    _order, happened, post = paid_event

    assert send(*post.signed(happened, at=int(time.time()) - 301)) == 400
    assert send(*post.signed(happened, at=int(time.time()) - 250)) == 200


def test_event_with_changed_body_is_refused(paid_event):
    _order, happened, post = paid_event
    body, signature = post.signed(happened)

    assert send(body.replace(b"12000", b"1"), signature) == 400


def test_too_large_body_is_refused(stripe, db):
    assert send(b" " * (512 * 1024 + 1), "t=1,v1=x") == 413


def test_signed_body_that_is_no_event_is_refused(paid_event):
    post = paid_event[2]
    for body in ("[]", "{}", "nonsense", '{"object": "event"}', json.dumps({"object": "v2.core.event"})):
        assert send(body.encode(), WebhookSignature.generate_signature_header(body, post.secret)) == 400


MALFORMED_FIELDS = {
    "the id is a number": {"id": 7},
    "the id is missing": {"id": None},
    "the id is empty": {"id": ""},
    "the id is too long": {"id": "evt_" + "a" * 200},
    "the id has a NUL": {"id": "evt_\x00"},
    "the type is a number": {"type": 7},
    "the type is a list": {"type": ["checkout.session.completed"]},
    "the type is missing": {"type": None},
    "the moment is a text": {"created": "yesterday"},
    "the moment is missing": {"created": None},
    "the moment is true": {"created": True},
    "the moment is before everything": {"created": -(10**20)},
    "the moment is after everything": {"created": 10**20},
    "the moment is no number": {"created": float("nan")},
    "the data are missing": {"data": None},
    "the data are a list": {"data": []},
    "the data are a text": {"data": "cs_test_1"},
    "the object is missing": {"data": {}},
    "the object is a text": {"data": {"object": "cs_test_1"}},
    "the object has no id": {"data": {"object": {"object": "checkout.session"}}},
    "the object's id is a number": {"data": {"object": {"id": 7, "object": "checkout.session"}}},
    "the object's id is a list": {"data": {"object": {"id": ["cs_1"], "object": "checkout.session"}}},
    "the object's id has a NUL": {"data": {"object": {"id": "cs_\x00"}}},
    "the object's id is too long": {"data": {"object": {"id": "cs_" + "a" * 200}}},
}


@pytest.mark.parametrize("fields", MALFORMED_FIELDS.values(), ids=MALFORMED_FIELDS.keys())
def test_malformed_signed_event_is_refused_and_logged(paid_event, caplog, fields):
    _order, happened, post = paid_event
    client = Client(raise_request_exception=False)
    body, signature = post.signed({**happened, **fields})

    answer = client.post(
        "/stripe/webhook/", body, content_type="application/json", headers={"Stripe-Signature": signature}
    )

    assert answer.status_code == 400
    assert StripeEvent.objects.count() == 0
    [line] = [record for record in caplog.records if record.name == "registrations.payments.views.webhook"]
    assert line.getMessage().startswith("A signed event of Stripe cannot be read: ")
    assert [record.exc_info for record in caplog.records if record.exc_info] == []


def test_deeply_nested_signed_event_is_refused(paid_event):
    _order, _happened, post = paid_event
    body = "[" * 200_000
    signature = WebhookSignature.generate_signature_header(body, post.secret)

    assert send(body.encode(), signature) == 400


def test_ignored_event_type_needs_no_object_id(paid_event, stripe):
    _order, happened, post = paid_event
    odd = {**happened, "id": "evt_other", "type": "balance.available", "data": {"object": {}}}

    assert send(*post.signed(odd)) == 200
    assert StripeEvent.objects.get(event_id="evt_other").handled_at is not None


def test_malformed_event_in_list_does_not_block_others(stripe, event):
    for number in range(2):
        stripe.world.tell("refund.updated", {"id": f"re_{number}"})
    stripe.world.events[0]["data"] = {"object": {"id": 7}}

    fetch_events(since=timezone.now() - datetime.timedelta(hours=1))

    assert list(StripeEvent.objects.values_list("object_id", flat=True)) == ["re_1"]


def test_event_content_is_not_trusted_but_fetched(paid_event, run_tasks):
    """An event proves nothing by itself; the session is fetched from Stripe."""
    order, happened, post = paid_event
    post.world.objects[happened["data"]["object"]["id"]].update(status="open", payment_status="unpaid")

    assert send(*post.signed(happened)) == 200

    run_tasks()

    assert list_states(order) == ["pending"]


def test_event_is_stored_without_personal_data(paid_event):
    _order, happened, post = paid_event
    send(*post.signed(happened))

    [kept] = StripeEvent.objects.values()
    assert set(kept) == {
        "id",
        "event_id",
        "kind",
        "object_id",
        "happened_at",
        "received_at",
        "handled_at",
    }
    assert kept["object_id"].startswith("cs_test_")


def test_unknown_event_kind_is_stored_and_ignored(stripe, event, run_tasks):
    stripe.world.tell("customer.created", {"id": "cus_1", "object": "customer"})

    assert stripe.post.deliver() == [200]
    assert run_tasks() == []
    assert StripeEvent.objects.get().handled_at is not None


@pytest.mark.parametrize("kind", ["refund.updated", "charge.dispute.closed", "payout.paid"])
def test_events_of_objects_unknown_to_stripe_are_handled(stripe, event, run_tasks, kind):
    for number in range(2):
        stripe.world.tell(kind, {"id": f"xx_{number}"})
    fetch_events(since=timezone.now() - datetime.timedelta(hours=1))
    StripeEvent.objects.update(received_at=timezone.now() - datetime.timedelta(hours=1))

    fetch_missed_events()

    assert StripeEvent.objects.filter(handled_at=None).count() == 0


def test_event_that_cannot_be_processed_does_not_block_others(stripe, event, run_tasks):
    stripe.world.charge_now(
        {"amount": 1_000, "currency": "eur", "confirm": "true", "payment_method": "pm_card_visa"}
    )
    sent = stripe.world.pay_out()
    Payout.objects.create(external_id=sent["id"], amount=1, arrived_on="2026-01-01")
    stripe.world.tell("refund.updated", {"id": "xx_1"})
    fetch_events(since=timezone.now() - datetime.timedelta(hours=1))
    StripeEvent.objects.update(received_at=timezone.now() - datetime.timedelta(hours=1))

    fetch_missed_events()

    assert [one.kind for one in StripeEvent.objects.filter(handled_at=None)] == ["payout.paid"]


def test_replay_says_why_an_event_is_refused(stripe, db, monkeypatch):
    with pytest.raises(ConventionError, match="Stripe n’a pas d’événement evt_none"):
        replay_event("evt_none")

    unreadable = Mock(side_effect=gateway.UnreadableEvent("its id is no text"))
    monkeypatch.setattr(gateway, "fetch_event", unreadable)

    with pytest.raises(ConventionError, match="evt_1: its id is no text"):
        replay_event("evt_1")


def test_webhook_is_not_found_without_stripe_keys(db, client):
    assert client.post("/stripe/webhook/", b"{}", content_type="application/json").status_code == 404


def test_events_are_listed_replayed_and_fetched(stripe, event, manage_here):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.post.lose()

    status, out = manage_here("stripe_events", "--since", time.strftime("%Y-%m-%d"))

    assert status == 0
    assert out == "1 new event.\n"
    name = StripeEvent.objects.get().event_id
    assert list_states(order) == ["pending"]
    assert manage_here("stripe_events", "--replay", name)[0] == 0
    assert list_states(order) == ["confirmed"]
    assert manage_here("stripe_events", "--replay", name)[0] == 0

    status, out = manage_here("stripe_events")

    assert status == 0
    assert name in out


@pytest.mark.parametrize(
    "arguments", [("--replay", "evt_none"), ("--since", "yesterday"), ("--since", "2026-02-31")]
)
def test_stripe_events_command_refuses_bad_arguments(stripe, db, manage_here, arguments):
    status, out = manage_here("stripe_events", *arguments)

    assert status == 2
    assert out == ""
