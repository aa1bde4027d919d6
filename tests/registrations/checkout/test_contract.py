"""What we rely on of Stripe, asked of the stand-in; and of Stripe itself where STRIPE_TEST_KEY is set.

    STRIPE_TEST_KEY=sk_test_... pytest tests/registrations/checkout/test_contract.py

makes test payments at Stripe; docs/developers.md says more.
"""

import datetime
import os
import secrets
import time

import pytest
import stripe as library

from registrations.checkout import gateway
from tests.stripe_standin.world import VERSION

WHERE = ["stand-in", "stripe"]


@pytest.fixture(params=WHERE)
def api(request, settings):
    """The gateway, pointed at the one or the other."""
    if request.param == "stand-in":
        return request.getfixturevalue("stripe").world
    key = os.environ.get("STRIPE_TEST_KEY", "")
    if not key:
        pytest.skip("STRIPE_TEST_KEY is not set")
    assert "_test_" in key, "Only a test key: payments are made."
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = key, ""
    return None


def wishes(**changes):
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


def paid() -> str:
    """A payment of 120 euros by a test card; the payment's id."""
    params = {
        "amount": 12_000, "currency": "eur", "confirm": "true", "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
    }  # fmt: skip
    return gateway.client().v1.payment_intents.create(params=params).id


def test_the_version_is_the_librarys():
    assert gateway.API_VERSION == library.api_version == VERSION


def test_a_session_is_opened_looked_at_and_ended(api):
    opened = gateway.open_session(wishes(), key=key())
    assert (opened.status, opened.payment_status, opened.amount, opened.currency) == (
        "open", "unpaid", 12_000, "EUR",
    )  # fmt: skip
    assert opened.url.startswith("http")
    assert opened.attempt == "7KQ2M9XD-12000-1"
    assert gateway.session_facts(opened.session_id) == opened
    assert gateway.expire_session(opened.session_id).status == "expired"
    with pytest.raises(gateway.Declined):
        gateway.expire_session(opened.session_id)


def test_the_same_key_gives_the_same_session_and_refuses_other_wishes(api):
    same, wanted = key(), wishes()
    first = gateway.open_session(wanted, key=same)
    assert gateway.open_session(wanted, key=same).session_id == first.session_id
    with pytest.raises(gateway.Declined) as refusal:
        gateway.open_session({**wanted, "locale": "en"}, key=same)
    assert refusal.value.code == "IdempotencyError"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"colour": "blue"}, "parameter_unknown"),
        ({"locale": "tlh"}, None),
        ({"success_url": "nowhere"}, "url_invalid"),
        ({"customer_email": "nobody"}, "email_invalid"),
        ({"expires_at": int(time.time()) + 60}, None),
        ({"expires_at": int(time.time()) + 25 * 3600}, None),
    ],
)
def test_what_is_refused(api, changes, code):
    with pytest.raises(gateway.Declined) as refusal:
        gateway.open_session(wishes(**changes), key=key())
    assert code in {None, refusal.value.code}


def test_too_small_an_amount_is_refused(api):
    wanted = wishes()
    wanted["line_items"][0]["price_data"]["unit_amount"] = 10
    with pytest.raises(gateway.Declined) as refusal:
        gateway.open_session(wanted, key=key())
    assert refusal.value.code == "amount_too_small"


def test_what_is_not_there(api):
    for ask in (gateway.session_facts, gateway.refund_facts, gateway.dispute_facts, gateway.payout_facts):
        with pytest.raises(gateway.Declined) as refusal:
            ask("cs_test_nothing")
        assert refusal.value.code == "resource_missing"


def test_a_payment_is_given_back_in_parts_and_no_more(api):
    intent, same = paid(), key()
    first = gateway.give_back(intent=intent, amount=5_000, ours="17", key=same)
    assert (first.status, first.amount, first.intent, first.ours) == ("succeeded", 5_000, intent, "17")
    assert gateway.give_back(intent=intent, amount=5_000, ours="17", key=same) == first
    assert gateway.refund_facts(first.refund_id) == first
    with pytest.raises(gateway.Declined):
        gateway.give_back(intent=intent, amount=7_001, ours="18", key=key())
    gateway.give_back(intent=intent, amount=7_000, ours="19", key=key())
    with pytest.raises(gateway.Declined) as refusal:
        gateway.give_back(intent=intent, amount=1, ours="20", key=key())
    assert refusal.value.code == "charge_already_refunded"


def test_what_happened_is_listed(api):
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    opened = gateway.open_session(wishes(), key=key())
    gateway.expire_session(opened.session_id)
    for _patience in range(20):
        found = list(gateway.events_since(since, kinds=["checkout.session.expired"]))
        if any(event.object_id == opened.session_id for event in found):
            break
        time.sleep(1 if api is None else 0)
    [event] = [event for event in found if event.object_id == opened.session_id]
    assert gateway.event_facts(event.event_id) == event


def test_another_key_and_another_version_are_refused(stripe, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_other"
    with pytest.raises(gateway.NotReached):
        gateway.open_session(wishes(), key=key())
    wrong = library.StripeClient(
        stripe.key, base_addresses={"api": stripe.url}, stripe_version="2020-08-27", max_network_retries=0
    )
    with pytest.raises(library.InvalidRequestError):
        wrong.v1.checkout.sessions.create(params=wishes())
