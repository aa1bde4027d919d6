"""The order's e-mails and link follow the address of its buyer, never that of a colleague."""

import pytest
from django.test import Client

from registrations.changes.resend import correct_order_address
from registrations.models import Order, Registration
from tests.factories import make_event, make_order, make_registration, make_ticket

pytestmark = pytest.mark.django_db
ANN, BOB, NEW = "ann@example.org", "bob@example.org", "ann@example.net"


@pytest.fixture
def order() -> Order:
    """Make a confirmed order by Ann, who registered herself and Bob with her own address."""
    event = make_event(slug="congress")
    ticket = make_ticket(event)
    order = make_order(event, email=ANN, language="en")
    for first_name in ("Ann", "Bob"):
        make_registration(ticket, order=order, first_name=first_name, last_name="Roy", email=ANN)
    return order


def correct_address(client: Client, registration: Registration, email: str):
    typed = {"first_name": registration.first_name, "last_name": registration.last_name, "email": email}
    path = f"{registration.order.manage_path}{registration.reference}/correct/"
    return client.post(path, typed, follow=True)


def test_correcting_colleague_leaves_order_with_buyer(client, order):
    path = order.manage_path

    answer = correct_address(client, order.registrations.get(first_name="Bob"), BOB)

    order.refresh_from_db()
    assert order.email == ANN
    assert order.manage_path == path
    assert "We are e-mailing you the new badge." in answer.content.decode()


def test_new_badge_of_colleague_goes_to_buyer_only(client, order, run_tasks, mailoutbox):
    correct_address(client, order.registrations.get(first_name="Bob"), BOB)

    run_tasks()

    assert {mail.to[0] for mail in mailoutbox} == {ANN}


def test_cancelled_buyer_keeps_order(client, order):
    order.registrations.filter(first_name="Ann").update(cancelled_at=order.created_at)

    correct_address(client, order.registrations.get(first_name="Bob"), BOB)

    order.refresh_from_db()
    assert order.email == ANN


def test_buyers_new_address_moves_order_and_page_announces_new_link(client, order):
    order.registrations.filter(first_name="Bob").update(email=BOB)
    ann = order.registrations.get(first_name="Ann")

    form = client.get(f"{order.manage_path}{ann.reference}/correct/").content.decode()
    answer = correct_address(client, ann, NEW)

    order.refresh_from_db()
    assert f"E-mails about the whole order go to {ANN}." in form
    assert order.email == NEW
    assert f"E-mails about the order now go to {NEW}" in answer.content.decode()


def test_form_for_colleague_announces_no_new_link(client, order):
    bob = order.registrations.get(first_name="Bob")

    form = client.get(f"{order.manage_path}{bob.reference}/correct/").content.decode()

    assert "E-mails about the whole order" not in form


def test_former_contact_is_notified(client, order, mailoutbox, django_capture_on_commit_callbacks):
    order.registrations.filter(first_name="Bob").update(email=BOB)
    with django_capture_on_commit_callbacks(execute=True):
        correct_address(client, order.registrations.get(first_name="Ann"), NEW)

    [notice] = [mail for mail in mailoutbox if mail.to == [ANN]]
    assert notice.subject == f"The contact address of your order has changed: {order.event.title}"
    assert order.reference in notice.body
    assert NEW not in notice.body


def test_former_contact_is_notified_of_change_by_organizer(
    order, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        correct_order_address(registration=order.registrations.get(first_name="Ann"), email=NEW)

    assert mailoutbox[0].to == [ANN]
