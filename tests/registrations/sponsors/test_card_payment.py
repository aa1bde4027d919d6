"""Package paid by card: held during the payment, confirmed by it, or else released."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from registrations.billing.receivables import sync_existing_receivable
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import Receivable
from registrations.logos import list_printed_logos, list_sponsor_tiers
from registrations.models import Sponsorship
from registrations.payments.cards.checkout import get_or_create_attempt
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.payments.cards.settlement import confirm_paid_order, record_order_payment
from registrations.payments.payment_problems import list_unplaced_orders
from registrations.periodic_jobs import release_expired_holds
from registrations.sponsors.logos import store_logo
from registrations.sponsors.pictures import redraw_picture
from registrations.sponsors.sponsorships import cancel_sponsorship, take_package, take_package_as_organizer
from tests.buyer_verification import make_verified_context
from tests.registrations.sponsors.factories import make_package, make_picture, make_sponsor_request

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def package(event):
    return make_package(event, event.tickets.get(slug="guest"), capacity=1, has_printed_logo=True)


@pytest.fixture
def sponsorship(package):
    one = take_package(
        package=package, sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )
    store_logo(one, redraw_picture(make_picture().read()))
    return one


def count_reserved(package) -> tuple[int, int]:
    """Return the numbers of reserved packages and of reserved places of its ticket."""
    package.refresh_from_db()
    package.pass_ticket.refresh_from_db()
    return package.reserved, package.pass_ticket.reserved


def list_states(one: Sponsorship) -> list[str]:
    one.refresh_from_db()
    return [one.state, *(r.state for r in one.order.registrations.order_by("pk"))]


def expire_hold(one: Sponsorship) -> None:
    """Let the hold of a sponsorship expire, and run the periodic job that releases it."""
    past = timezone.now() - MINUTE
    Sponsorship.objects.filter(pk=one.pk, confirmed_at=None).update(hold_expires_at=past)
    one.order.registrations.filter(confirmed_at=None).update(hold_expires_at=past)
    release_expired_holds()


def test_unpaid_package_is_held_but_not_shown_or_billed(event, package, sponsorship):
    assert list_states(sponsorship) == ["pending"] * 3
    assert count_reserved(package) == (1, 2)
    assert list_sponsor_tiers(event) == []
    assert list_printed_logos(event) == []
    assert Receivable.objects.count() == 0

    record_demo_payment(order=sponsorship.order)

    assert list_states(sponsorship) == ["confirmed"] * 3
    assert count_reserved(package) == (1, 2)
    assert [len(tier.sponsors) for tier in list_sponsor_tiers(event)] == [1]
    assert [logo.name for logo in list_printed_logos(event)] == ["Acme"]
    assert compute_balance(Receivable.objects.get()).is_settled


def test_package_not_paid_in_time_is_released(package, sponsorship):
    expire_hold(sponsorship)

    assert list_states(sponsorship) == ["expired"] * 3
    assert count_reserved(package) == (0, 0)

    means = make_verified_context(source="sponsor")
    other = take_package(
        package=package, sponsor_request=make_sponsor_request(name="Beta"), idempotency_key="b", context=means
    )

    release_expired_holds()

    assert list_states(other) == ["confirmed"] * 3
    assert count_reserved(package) == (1, 2)

    cancel_sponsorship(sponsorship=sponsorship)

    assert count_reserved(package) == (1, 2)


def test_package_without_places_expires_and_late_payment_confirms_it(event):
    alone = make_package(event, capacity=1)
    one = take_package(
        package=alone, sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )

    expire_hold(one)

    alone.refresh_from_db()
    assert list_states(one) == ["expired"]
    assert alone.reserved == 0

    record_demo_payment(order=one.order)

    alone.refresh_from_db()
    assert list_states(one) == ["confirmed"]
    assert alone.reserved == 1


def test_last_package_can_be_taken_once_its_hold_has_expired(package, sponsorship):
    past = timezone.now() - MINUTE
    Sponsorship.objects.update(hold_expires_at=past)
    sponsorship.order.registrations.update(hold_expires_at=past)
    package.refresh_from_db()
    means = make_verified_context(source="sponsor")

    other = take_package(
        package=package, sponsor_request=make_sponsor_request(name="Beta"), idempotency_key="b", context=means
    )

    assert list_states(other)[0] == "confirmed"
    assert list_states(sponsorship)[0] == "expired"


def test_starting_payment_renews_expired_hold(package, sponsorship):
    expire_hold(sponsorship)
    attempt = get_or_create_attempt(order=sponsorship.order)

    assert list_states(sponsorship) == ["pending"] * 3
    assert count_reserved(package) == (1, 2)
    assert sponsorship.hold_expires_at > attempt.expires_at


def test_late_payment_is_listed_and_confirmed_once_package_is_free(
    package, sponsorship, mailoutbox, run_tasks
):
    expire_hold(sponsorship)
    means = make_verified_context(source="sponsor")
    other = take_package(
        package=package, sponsor_request=make_sponsor_request(name="Beta"), idempotency_key="b", context=means
    )
    run_tasks()
    mailoutbox.clear()

    record_order_payment(order=sponsorship.order, amount=120_000, method="card", external_id="pi_1")

    receivable = Receivable.objects.get(reference=sponsorship.order.reference)
    assert list_states(sponsorship)[0] == "expired"
    assert compute_balance(receivable).amount_owed == 0
    assert [(order.reference, order.amount_retained) for order in list_unplaced_orders()] == [
        (sponsorship.order.reference, 120_000)
    ]

    sync_existing_receivable(sponsorship.order)  # as any other action on the order does

    assert compute_balance(receivable).amount_owed == 0
    assert list_unplaced_orders().count() == 1

    cancel_sponsorship(sponsorship=other)

    assert len(confirm_paid_order(order=sponsorship.order)) == 3
    assert list_states(sponsorship)[0] == "confirmed"
    assert count_reserved(package) == (1, 2)
    assert compute_balance(receivable).is_settled


def test_package_taken_by_organizer_is_held_for_a_week(package):
    one = take_package_as_organizer(
        package=package, sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )
    days = one.hold_expires_at - timezone.now()

    assert list_states(one)[0] == "pending"
    assert days > datetime.timedelta(days=6)


def test_pages_show_package_and_end_of_hold(client, package, sponsorship):
    own = reverse("order-sponsor", args=[sponsorship.order.reference, sponsorship.order.manage_secret])

    pay = reverse("order-pay", args=[sponsorship.order.reference, sponsorship.order.manage_secret])
    assert "Nous gardons le pack et ses places jusqu’au" in client.get(own).text

    page = client.get(pay)

    assert "Le pack est réservé jusqu’au" in page.text
    assert "Or</td>" in page.text

    expire_hold(sponsorship)

    assert "Votre réservation a expiré" in client.get(own).text
    assert "le pack est encore disponible" in client.get(pay).text

    take_package(package=package, sponsor_request=make_sponsor_request(name="Beta"), idempotency_key="b")

    assert "Le pack n’est plus disponible" in client.get(pay).text


def test_expired_package_is_unavailable_if_its_ticket_is_full(event, client, sponsorship):
    expire_hold(sponsorship)
    event.tickets.filter(slug="guest").update(capacity=1)

    pay = reverse("order-pay", args=[sponsorship.order.reference, sponsorship.order.manage_secret])
    assert "Le pack n’est plus disponible" in client.get(pay).text


def test_order_page_shows_vat_of_package(client, sponsorship):
    order = client.get(sponsorship.order.manage_path)
    assert [one.replace("\u00a0", " ").replace("\u202f", " ") for one in order.context["vat"]] == [
        "dont TVA 20 % : 200 €"
    ]
