"""A contact whose orders have another verified address of theirs than the main one, as after a merge."""

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from registrations.changes.cancel import CancelledBy, find_canceller
from registrations.company.other_orders import list_valid_quotations
from registrations.company.permissions import list_contacts_orders
from registrations.models import Order, Registration
from tests.factories import make_event, make_order, verify_address
from tests.registrations.company.factories import make_company_quotation, make_desk, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db
OTHER = "contact@former.example"


@pytest.fixture
def desk():
    """Return a company with an order of two places, made with the contact's other address."""
    desk = make_desk()
    verify_address(desk.contact)
    order_rows(desk, make_row("Alpha", "a@x.fr"), make_row("Beta", "b@x.fr"))
    EmailAddress.objects.create(user=desk.contact, email=OTHER, verified=True)
    Order.objects.update(email=OTHER, language="en")
    return desk


def get_place_url(desk, page: str = "") -> str:
    reference = Registration.objects.get(last_name="Alpha").reference
    return f"/en{desk.at}/registrations/{reference}/{page}"


def test_buyer_corrects_an_attendee(desk):
    page = desk.client.get(get_place_url(desk, "correct/"))

    assert page.status_code == 200


def test_order_page_leads_to_the_orders_own_page(desk):
    order = Order.objects.get()

    page = desk.client.get(f"/en{desk.at}/orders/{order.reference}/")

    assert page.context["holds_link"]
    assert order.manage_secret in page.text


def test_unverified_address_gives_no_rights_of_the_buyer(desk):
    EmailAddress.objects.filter(email=OTHER).update(verified=False)

    page = desk.client.get(f"/en{desk.at}/orders/{Order.objects.get().reference}/")

    assert not page.context["holds_link"]


def test_buyer_cancels_as_the_buyer(desk):
    desk.client.post(get_place_url(desk, "cancel/"))

    cancelled = Registration.objects.get(last_name="Alpha")
    assert find_canceller(cancelled) == CancelledBy.BUYER


def test_order_placed_elsewhere_with_another_address_is_listed(desk):
    order = make_order(make_event(), email=OTHER, company=desk.company.name, verified_at=timezone.now())

    assert order in list_contacts_orders(desk.company)


def test_quotation_requested_with_another_address_is_listed(desk):
    make_issuer()
    quotation = make_company_quotation(desk.event.tickets.get(slug="guest"), desk.company.slug)
    # The address of the quotation stays a verified one.
    desk.contact.email = OTHER
    desk.contact.save(update_fields=["email"])

    assert list_valid_quotations(desk.company, desk.contact) == [quotation]
