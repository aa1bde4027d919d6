"""Contract tests: run against the stand-in, and against Stripe itself if STRIPE_TEST_KEY is set.

    STRIPE_TEST_KEY=sk_test_... pytest tests/registrations/payments/test_contract.py

They make test payments at Stripe; see docs/testing.md.
"""

import datetime
import os
import secrets
import time

import pytest
import stripe as library

from registrations.payments.cards import gateway
from tests.stripe_standin.world import VERSION

BACKENDS = ["stand-in", "stripe"]


@pytest.fixture(params=BACKENDS)
def api(request, settings):
    """Point the gateway at the stand-in or at Stripe."""
    if request.param == "stand-in":
        return request.getfixturevalue("stripe").world
    key = os.environ.get("STRIPE_TEST_KEY", "")
    if not key:
        pytest.skip("STRIPE_TEST_KEY is not set")
    assert "_test_" in key, "Only a test key: payments are made."
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = key, ""
    return None


def build_session_params(**changes):
    made = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 12_000,
                                                      "product_data": {"name": "La Convention"}}}],
        "success_url": "https://convention.example.org/orders/x/?returned=1",
        "cancel_url": "https://convention.example.org/orders/x/",
        "client_reference_id": "7KQ2M9XD",
        "customer_email": "buyer@example.org",
        "expires_at": int(time.time()) + 31 * 60,
        "locale": "fr",
        "metadata": {"attempt": "7KQ2M9XD-12000-1"},
        "payment_intent_data": {"metadata": {"attempt": "7KQ2M9XD-12000-1"}, "description": "7KQ2M9XD"},
    }  # fmt: skip
    return {**made, **changes}


def key() -> str:
    return secrets.token_hex(12)


def pay_with_test_card() -> str:
    """Pay 120 euros with a test card; return the PaymentIntent id."""
    params = {
        "amount": 12_000, "currency": "eur", "confirm": "true", "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
    }  # fmt: skip
    return gateway.get_client().v1.payment_intents.create(params=params).id


def test_api_version_matches_library():
    assert gateway.API_VERSION == library.api_version == VERSION


def test_session_is_created_fetched_and_expired(api):
    opened = gateway.create_session(build_session_params(), idempotency_key=key())

    assert opened.status == "open"
    assert opened.payment_status == "unpaid"
    assert opened.amount_cents == 12_000
    assert opened.currency == "EUR"
    assert opened.url.startswith("http")
    assert opened.attempt_key == "7KQ2M9XD-12000-1"
    assert gateway.fetch_session(opened.session_id) == opened
    assert gateway.expire_session(opened.session_id).status == "expired"
    with pytest.raises(gateway.StripeRefusal):
        gateway.expire_session(opened.session_id)


def test_same_idempotency_key_returns_same_session_and_refuses_other_params(api):
    same, wanted = key(), build_session_params()
    first = gateway.create_session(wanted, idempotency_key=same)

    assert gateway.create_session(wanted, idempotency_key=same).session_id == first.session_id
    with pytest.raises(gateway.StripeRefusal) as refusal:
        gateway.create_session({**wanted, "locale": "en"}, idempotency_key=same)
    assert refusal.value.code == "IdempotencyError"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"colour": "blue"}, "parameter_unknown", "colour"),
        ({"locale": "tlh"}, None, "locale"),
        ({"success_url": "nowhere"}, "url_invalid", ""),
        ({"customer_email": "nobody"}, "email_invalid", ""),
        ({"expires_at": int(time.time()) + 60}, None, "at least 30 minutes"),
        ({"expires_at": int(time.time()) + 25 * 3600}, None, "less than 24 hours"),
    ],
)
def test_invalid_session_params_are_refused(api, changes, code, message):
    with pytest.raises(gateway.StripeRefusal) as refusal:
        gateway.create_session(build_session_params(**changes), idempotency_key=key())
    assert code in {None, refusal.value.code}
    assert message in str(refusal.value)


def test_amount_below_minimum_is_refused(api):
    wanted = build_session_params()

    wanted["line_items"][0]["price_data"]["unit_amount"] = 10
    with pytest.raises(gateway.StripeRefusal) as refusal:
        gateway.create_session(wanted, idempotency_key=key())
    assert refusal.value.code == "amount_too_small"


def test_unknown_ids_are_refused_as_missing(api):
    for ask in (gateway.fetch_session, gateway.fetch_refund, gateway.fetch_dispute, gateway.fetch_payout):
        with pytest.raises(gateway.StripeRefusal) as refusal:
            ask("cs_test_nothing")
        assert refusal.value.code == "resource_missing"


def test_payment_is_refunded_in_parts_up_to_its_amount(api):
    intent, same = pay_with_test_card(), key()
    first = gateway.create_refund(
        payment_intent_id=intent, amount=5_000, own_refund_id="17", idempotency_key=same
    )

    assert first.status == "succeeded"
    assert first.amount_cents == 5_000
    assert first.payment_intent_id == intent
    assert first.own_refund_id == "17"
    assert (
        gateway.create_refund(
            payment_intent_id=intent, amount=5_000, own_refund_id="17", idempotency_key=same
        )
        == first
    )
    assert gateway.fetch_refund(first.refund_id) == first
    with pytest.raises(gateway.StripeRefusal):
        gateway.create_refund(
            payment_intent_id=intent, amount=7_001, own_refund_id="18", idempotency_key=key()
        )

    gateway.create_refund(payment_intent_id=intent, amount=7_000, own_refund_id="19", idempotency_key=key())

    with pytest.raises(gateway.StripeRefusal) as refusal:
        gateway.create_refund(payment_intent_id=intent, amount=1, own_refund_id="20", idempotency_key=key())
    assert refusal.value.code == "charge_already_refunded"


def test_events_are_listed_and_fetched(api):
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    opened = gateway.create_session(build_session_params(), idempotency_key=key())
    gateway.expire_session(opened.session_id)
    for _patience in range(20):
        found = list(gateway.iter_events_since(since, kinds=["checkout.session.expired"]))
        if any(event.object_id == opened.session_id for event in found):
            break
        time.sleep(1 if api is None else 0)

    [event] = [event for event in found if event.object_id == opened.session_id]

    assert gateway.fetch_event(event.event_id) == event


def test_wrong_api_key_and_wrong_api_version_are_refused(stripe, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_other"

    with pytest.raises(gateway.StripeUnavailable):
        gateway.create_session(build_session_params(), idempotency_key=key())

    wrong = library.StripeClient(
        stripe.key, base_addresses={"api": stripe.url}, stripe_version="2020-08-27", max_network_retries=0
    )

    with pytest.raises(library.InvalidRequestError):
        wrong.v1.checkout.sessions.create(params=build_session_params())
