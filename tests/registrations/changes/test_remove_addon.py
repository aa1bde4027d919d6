"""Removing a bought add-on through a link: rules, refund and e-mail."""

import datetime

import pytest
from django.utils import timezone

from registrations.booking.place_order import place_order
from registrations.changes.correct import Correction, correct_registration
from registrations.models import Order, RefundRule, Registration
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.permissions import make_own_secret
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_ticket
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.factories import get_balance_cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def dinner(settings):
    settings.CARD_PAYMENT = True
    event = make_event(slug="congress", contact_email="club@example.org")
    make_ticket(event, price=12_000)
    return make_addon(event, price=4_500, capacity=2)


@pytest.fixture
def registration(dinner, run_tasks, mailoutbox) -> Registration:
    """Make a place at €120 with the dinner at €45, paid by card."""
    place = RequestedPlace(
        ticket="guest", first_name="Zoe", last_name="Müller", email="zoe@example.org", addons=("dinner",)
    )
    billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
    request = OrderRequest(
        email="b@example.org", places=(place,), billing=billing, payment="card", language="en"
    )
    order = place_order(event=dinner.event, request=request, context=make_verified_context())
    record_demo_payment(order=order)
    run_tasks()
    mailoutbox.clear()
    return order.registrations.get()


def make_path(registration: Registration, secret: str = "") -> str:
    order = registration.order
    return f"{order.build_path_with(secret or order.manage_secret)}{registration.reference}/add-ons/"


def remove(client, registration, **fields):
    data = {"remove": "dinner", "difference": "-4500", **fields}
    return client.post(make_path(registration), data, follow=True)


def test_page_lists_bought_addon_with_removal(client, registration):
    page = client.get(make_path(registration)).text

    assert 'name="remove" value="dinner"' in page


def test_page_states_refund_before_removal(client, registration):
    page = client.get(make_path(registration), {"remove": "dinner"}).text

    assert "Test refund of €45" in page
    assert registration.active_addons


def test_removal_refunds_price_and_frees_place(client, registration, dinner):
    remove(client, registration)

    dinner.refresh_from_db()
    assert registration.addons.filter(cancelled_at=None).count() == 0
    assert get_balance_cents(registration.order) == (12_000, 16_500, 4_500)
    assert dinner.reserved == 0


def test_buyer_gets_new_confirmation(client, registration, run_tasks, mailoutbox):
    remove(client, registration)
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["b@example.org"]
    assert "Removed for Zoe Müller: Dinner" in mail.body


def test_page_after_removal_states_refund(client, registration):
    page = remove(client, registration).text

    assert "Test refund of €45" in page


def test_receipt_after_removal_lists_payment_and_refund(client, registration):
    make_issuer()
    remove(client, registration)

    text = pdf_text(client.get(f"{registration.order.manage_path}pro-forma.pdf").content)

    assert "€165.00" in text
    assert "−€45.00" in text
    assert "Paid in full" in text


def test_mail_about_removed_addon_states_refund(client, registration, run_tasks, mailoutbox):
    remove(client, registration)
    run_tasks()

    [mail] = mailoutbox
    assert "Test refund of €45" in mail.body
    assert "Test refund of €45" in mail.alternatives[0][0]


def test_mail_about_later_change_does_not_state_earlier_refund(client, registration, run_tasks, mailoutbox):
    remove(client, registration)
    run_tasks()
    registration.refresh_from_db()
    correction = Correction(
        first_name="Zoé", last_name="Müller", email="zoe@example.org", company="", no_photo=False
    )

    correct_registration(registration=registration, correction=correction)
    run_tasks()

    assert "Changed for Zoé Müller: name" in mailoutbox[-1].body
    assert "Test refund" not in mailoutbox[-1].body


def test_nothing_is_removed_at_another_price(client, registration):
    remove(client, registration, difference="-1")

    assert registration.addons.get().cancelled_at is None


def test_addon_that_is_no_longer_refunded_in_full_stays(client, registration):
    RefundRule.objects.create(event=registration.event, days_before=0, refund_percent=50)

    page = client.get(make_path(registration)).text
    remove(client, registration)

    assert 'name="remove"' not in page
    assert "write to club@example.org" in page
    assert registration.addons.get().cancelled_at is None


def test_nothing_is_removed_once_event_has_begun(client, registration, dinner):
    RefundRule.objects.create(event=dinner.event, days_before=0, refund_percent=100)
    dinner.event.starts_at = timezone.now() - datetime.timedelta(hours=1)
    dinner.event.ends_at = timezone.now() + datetime.timedelta(hours=8)
    dinner.event.save()

    remove(client, registration)

    assert registration.addons.get().cancelled_at is None


@pytest.mark.parametrize(
    ("source", "is_removed"), [(Order.Source.PAGE, True), (Order.Source.COMPANY_CONTACT, False)]
)
def test_attendee_removes_own_addon_unless_company_ordered_it(client, registration, source, is_removed):
    Order.objects.update(source=source)
    path = make_path(registration, make_own_secret(registration))

    client.post(path, {"remove": "dinner", "difference": "-4500"})

    assert (registration.addons.get().cancelled_at is not None) == is_removed
