"""A buyer without a company cancels several places of an order together, behind the order's link."""

import pytest
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.publishing.cancel_event import cancel_event
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models.documents import Invoice
from registrations.models import Registration
from registrations.permissions import make_own_secret
from tests.factories import make_administrator
from tests.registrations.billing.test_refund_rules import congress, make_paid_order
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db
__all__ = ["congress"]


@pytest.fixture
def order(congress):
    """A paid order of three places of €120 each, of which half is refunded."""
    make_issuer()
    order, _registrations = make_paid_order(congress, 3)
    return order


def find_places(order, count):
    return list(order.registrations.order_by("pk").values_list("reference", flat=True)[:count])


def make_cancel_url(order, secret=""):
    return f"/en/orders/{order.reference}/{secret or order.manage_secret}/cancel/"


def read_preview(client, order, count):
    response = client.get(make_cancel_url(order), {"place": find_places(order, count)})
    return html.fromstring(response.content)


def confirm(client, order, count, **more):
    [fee] = read_preview(client, order, count).xpath("//input[@name='fee']/@value")
    data = {"place": find_places(order, count), "fee": fee, **more}
    return client.post(make_cancel_url(order), data, follow=True)


def read_order_page(client, order):
    return client.get(f"/en/orders/{order.reference}/{order.manage_secret}/").text


def test_order_page_leads_to_the_selection(client, order):
    page = read_order_page(client, order)

    assert make_cancel_url(order) in page


def test_order_page_offers_no_selection_for_a_single_active_place(client, order):
    confirm(client, order, 2)

    page = read_order_page(client, order)

    assert make_cancel_url(order) not in page


def test_selection_lists_the_active_places(client, order):
    confirm(client, order, 1)

    page = html.fromstring(client.get(make_cancel_url(order)).content)

    assert page.xpath("//input[@name='place']/@value") == find_places(order, 3)[1:]


def test_empty_selection_asks_for_places(client, order):
    response = client.get(make_cancel_url(order), {"select": "1"})

    assert "Select the places to cancel." in response.text


def test_preview_states_the_sum_of_refunds(client, order):
    page = read_preview(client, order, 2)

    assert "Total refund: €120." in page.xpath("//main//li/text()")


def test_places_are_cancelled_together(client, order):
    response = confirm(client, order, 2)

    assert "2 places have been cancelled." in response.text
    assert Registration.objects.filter(cancelled_at=None).count() == 1


def test_one_credit_note_covers_all_places(client, order):
    issue_invoice(receivable=sync_receivable(order))

    confirm(client, order, 2)

    credit_note = Invoice.objects.get(kind=Invoice.Kind.CREDIT_NOTE)
    assert credit_note.total == 24_000


def test_buyer_gets_one_e_mail(client, order, run_tasks, mailoutbox):
    run_tasks()
    mailoutbox.clear()

    confirm(client, order, 2)
    run_tasks()

    to_buyer = [mail for mail in mailoutbox if mail.to == [order.email]]
    assert len(to_buyer) == 1


def test_history_says_that_the_buyer_cancelled(client, order):
    confirm(client, order, 2)

    entries = AuditEntry.objects.filter(verb="registration.cancel")
    assert [entry.details["cancelled_by"] for entry in entries] == ["buyer", "buyer"]


def test_nothing_is_cancelled_if_the_fees_have_changed(client, order):
    response = confirm(client, order, 2, fee="100")

    assert "The refund has changed in the meantime. Check it again." in response.text
    assert not Registration.objects.exclude(cancelled_at=None).exists()


def test_private_place_is_not_cancelled_by_the_buyer(client, order):
    [private] = find_places(order, 1)
    Registration.objects.filter(reference=private).update(is_private=True)

    client.post(make_cancel_url(order), {"place": private, "fee": "6000"})

    assert Registration.objects.get(reference=private).cancelled_at is None


def test_attendees_own_link_opens_no_selection(client, order):
    secret = make_own_secret(order.registrations.first())

    response = client.get(make_cancel_url(order, secret))

    assert response.status_code == 404


def test_selection_is_closed_once_the_event_is_cancelled(client, order):
    cancel_event(event=order.event, reason="Strike", requested_by=make_administrator())

    response = client.get(make_cancel_url(order))

    assert response.status_code == 409
