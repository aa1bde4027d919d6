"""Concurrent orders of the last package, and of packages together with plain orders."""

import pytest
from django.utils import timezone

from convention.errors import ConventionError
from registrations.billing.receivables import sync_receivable
from registrations.booking.build_order import HOLD_DURATION
from registrations.booking.place_order import place_order
from registrations.inventory.stock import release_expired_packages, release_ticket_holds
from registrations.invoices.ledger.balance import compute_balance
from registrations.models import Order, Registration, Sponsorship
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.sponsors.sponsorships import cancel_sponsorship, take_package
from tests.factories import make_event, make_ticket
from tests.registrations.sponsors.factories import make_package, make_sponsor_request
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_concurrent_orders_take_last_package_once():
    event = make_event()
    package = make_package(event, make_ticket(event), capacity=1)
    work = [
        lambda n=n: take_package(
            package=package, sponsor_request=make_sponsor_request(name=f"S{n}"), idempotency_key=f"k{n}"
        )
        for n in range(24)
    ]

    results = [type(result).__name__ for result in run_in_threads(work, threads=12)]

    package.refresh_from_db()
    assert results.count("Sponsorship") == 1
    assert results.count("SoldOut") == 23
    assert package.reserved == 1
    assert Order.objects.count() == 1
    assert Registration.objects.count() == 2


def test_concurrent_orders_and_cancellations_keep_counters_and_sums_correct():
    event = make_event()
    ticket = make_ticket(event, capacity=60)
    packages = [make_package(event, ticket, slug=slug, capacity=6) for slug in ("gold", "silver")]
    place = OrderRequest(
        email="b@example.org", places=(RequestedPlace(ticket="guest", first_name="A", last_name="B"),)
    )

    def work(number: int) -> None:
        if number % 3 == 0:
            place_order(event=event, request=place)
            return
        sponsor = make_sponsor_request(name=f"S{number}")
        one = take_package(
            package=packages[number % 2], sponsor_request=sponsor, idempotency_key=f"k{number}"
        )
        if number % 4 == 0:
            cancel_sponsorship(sponsorship=one)

    results = run_in_threads([lambda n=n: work(n) for n in range(48)], threads=12)
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)] == []
    ticket.refresh_from_db()
    assert ticket.reserved == Registration.objects.filter(cancelled_at__isnull=True).count()
    for package in packages:
        package.refresh_from_db()
        assert package.reserved == package.sponsorships.active().count() <= 6
    owed = [
        compute_balance(sync_receivable(sponsorship.order)).amount_owed
        for sponsorship in Sponsorship.objects.all()
    ]
    assert sum(owed) == 120_000 * Sponsorship.objects.active().count()


@pytest.mark.long
def test_concurrent_expiry_payment_and_cancellation_keep_counters_correct():
    event = make_event()
    ticket = make_ticket(event, capacity=60)
    package = make_package(event, ticket, capacity=20)
    sponsors = [
        take_package(
            package=package,
            sponsor_request=make_sponsor_request(name=f"S{n}", payment="card"),
            idempotency_key=f"k{n}",
        )
        for n in range(16)
    ]
    later = timezone.now() + 2 * HOLD_DURATION

    def work(number: int) -> None:
        one = sponsors[number % 16]
        release_expired_packages(at=later)
        release_ticket_holds([ticket.pk], at=later)
        record_demo_payment(order=one.order)
        if number % 3 == 0:
            cancel_sponsorship(sponsorship=one)

    results = run_in_threads([lambda n=n: work(n) for n in range(48)], threads=8)
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)] == []
    package.refresh_from_db()
    ticket.refresh_from_db()
    assert package.reserved == sum(sponsorship.occupies_place for sponsorship in Sponsorship.objects.all())
    assert ticket.reserved == sum(registration.occupies_place for registration in Registration.objects.all())
    assert Sponsorship.objects.confirmed().exists()
