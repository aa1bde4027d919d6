"""An organizer's page of one registration: payment state of its order, history, check-in, badge."""

import pytest
from django.test import Client
from lxml import html

from convention.club.models import ClubRole
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from tests.factories import make_person
from tests.registrations.billing.test_refund_rules import congress, make_paid_order, make_unpaid_order
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.factories import order_by_card

pytestmark = [pytest.mark.django_db, pytest.mark.once]
__all__ = ["congress"]


@pytest.fixture
def treasurer():
    person = make_person(email="treasurer@example.org")
    for role in (ClubRole.Role.TREASURER, ClubRole.Role.ORGANIZER):
        ClubRole.objects.create(person=person, role=role)
    client = Client()
    client.force_login(person)
    return client


def get_page_path(registration, language=""):
    return f"{language}/organize/{registration.event.slug}/registrations/{registration.reference}/"


def list_order_tags(client, registration):
    """Return the tags beside the order's amount, as texts."""
    page = html.fromstring(client.get(get_page_path(registration, "/en")).content)
    [facts] = page.xpath("//dl[contains(@class, 'facts')]/div[dt='Order reference']/dd")
    return [" ".join(tag.text_content().split()) for tag in facts.xpath(".//span[contains(@class, 'tag')]")]


def test_unpaid_order_by_invoice_is_to_invoice_and_then_to_pay(organizer, congress):
    order, [registration] = make_unpaid_order(congress, 1)
    before = list_order_tags(organizer, registration)

    make_issuer()
    issue_invoice(receivable=sync_receivable(order))

    assert before == ["to invoice: €120"]
    assert list_order_tags(organizer, registration) == ["to pay: €120"]


def test_card_order_is_to_pay_until_it_is_paid(organizer, congress):
    unpaid = order_by_card(congress).registrations.get()
    _order, [paid] = make_paid_order(congress, 1)

    assert list_order_tags(organizer, unpaid) == ["to pay: €120"]
    assert list_order_tags(organizer, paid) == ["paid"]


def test_receivable_is_linked_for_the_treasurer_only(organizer, treasurer, congress):
    order, [registration] = make_unpaid_order(congress, 1)
    receivable_path = f"/organize/money/owed/{order.reference}/"

    assert f'href="{receivable_path}"' in treasurer.get(get_page_path(registration)).text
    assert receivable_path not in organizer.get(get_page_path(registration)).text
    assert treasurer.get(receivable_path).status_code == 200
