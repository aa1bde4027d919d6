"""A worker killed between Stripe's answer and storing it: paid once, refunded once, and both recorded."""

import pytest

from registrations.invoices.ledger.refunds import request_refund
from registrations.invoices.models.documents import Payment, Refund
from registrations.models import Registration
from registrations.payments.models import CardPaymentAttempt, StripeEvent
from tests.conftest import database_url
from tests.factories import make_event, make_ticket
from tests.faults.processes import Site, kill, wait_until
from tests.registrations.payments.factories import begin_payment, order_by_card
from tests.stripe_standin import StandIn

pytestmark = pytest.mark.once


@pytest.fixture
def stripe(settings):
    with StandIn() as standin:
        settings.STRIPE_SECRET_KEY = standin.key
        settings.STRIPE_WEBHOOK_SECRET = standin.post.secret
        settings.STRIPE_API_BASE = standin.url
        yield standin


@pytest.fixture
def site(transactional_db, stripe, receiver, tmp_path):
    made = Site(
        database_url(),
        tmp_path,
        EMAIL_URL=f"smtp://127.0.0.1:{receiver.port}",
        STRIPE_SECRET_KEY=stripe.key,
        STRIPE_WEBHOOK_SECRET=stripe.post.secret,
        STRIPE_API_BASE=stripe.url,
    )
    yield made
    made.stop()


@pytest.mark.long
def test_worker_killed_during_payment_and_refund_completes_each_once(stripe, site):
    event = make_event()
    make_ticket(event, price=12_000, capacity=2)
    order = order_by_card(event)
    site.server()
    stripe.post.address = f"{site.url}/stripe/webhook/"
    stripe.world.pay(begin_payment(order))
    assert set(stripe.post.deliver()) == {200}
    kill(site.halting("registrations.booking.confirm.confirm_paid_items", 1, "worker", "--interval", "0.1"))
    assert Payment.objects.count() == 0
    assert StripeEvent.objects.filter(handled_at=None).count() == 1
    worker = site.worker()
    confirmed = Registration.objects.confirmed()
    wait_until(confirmed.exists, what="the confirmation after the kill")
    kill(worker)
    payment = Payment.objects.get()
    assert CardPaymentAttempt.objects.get().payment == payment

    asked = request_refund(payment=payment, amount=5_000, reason="x")
    kill(
        site.halting(
            "registrations.payments.cards.stripe_refunds.save_refund", 1, "worker", "--interval", "0.1"
        )
    )
    assert len(stripe.world.all("re")) == 1
    assert Refund.objects.get().state == "requested"
    site.worker()
    wait_until(lambda: Refund.objects.filter(state="done").exists(), what="the refund after the kill")
    assert [made["metadata"] for made in stripe.world.all("re")] == [{"refund": str(asked.pk)}]
