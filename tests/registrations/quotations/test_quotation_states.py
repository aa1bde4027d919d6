"""The states of quotations in their list, and withdrawing one."""

import datetime
from dataclasses import replace

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from registrations.booking.place_order import place_order
from registrations.invoices.models import Quotation
from registrations.models import Registration
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.quotation_prices import load_quoted_prices
from registrations.quotations.create import create_order_quotation
from registrations.quotations.send import QuotationNotOpen
from registrations.quotations.withdraw import withdraw_quotation
from tests.buyer_verification import make_verified_context
from tests.factories import make_ticket
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LIST_PATH = "/en/organize/congress/quotations/"


def make_request(count: int) -> OrderRequest:
    names = [f"Person{number}" for number in range(count)]
    places = tuple(RequestedPlace(ticket="guest", first_name=name, last_name="M") for name in names)
    return OrderRequest(email="achats@acme.example", places=places, language="en")


@pytest.fixture
def quotation(event) -> Quotation:
    make_issuer()
    return create_order_quotation(event=event, request=make_request(6), context=OrderContext())


def order_places(quotation: Quotation, event, count: int) -> None:
    context = make_verified_context(quoted_prices=load_quoted_prices(quotation, event))
    place_order(event=event, request=make_request(count), context=context)


def read_state(client) -> str:
    [tag] = html.fromstring(client.get(LIST_PATH).text).xpath("//tbody//span[contains(@class, 'tag')]")
    return tag.text_content()


def withdraw(client, quotation: Quotation, reason: str = "Wrong price"):
    return client.post(f"{LIST_PATH}{quotation.number}/withdraw/", {"reason": reason}, follow=True)


def test_list_says_that_a_new_quotation_is_open(organizer, quotation):
    assert read_state(organizer) == "open"


@pytest.mark.parametrize(("count", "state"), [(2, "partly ordered"), (6, "ordered")])
def test_list_says_how_much_of_a_quotation_was_ordered(organizer, event, quotation, count, state):
    order_places(quotation, event, count)

    assert Registration.objects.count() == count
    assert read_state(organizer) == state


def test_list_says_that_a_quotation_has_expired(organizer, quotation):
    Quotation.objects.update(valid_until=timezone.localdate() - datetime.timedelta(days=1))

    assert read_state(organizer) == "expired"


def test_withdrawn_quotation_is_listed_as_such(organizer, quotation):
    withdraw(organizer, quotation)

    assert read_state(organizer) == "withdrawn"


def test_withdrawn_quotation_promises_no_prices(organizer, event, quotation):
    withdraw(organizer, quotation)

    quotation.refresh_from_db()
    assert load_quoted_prices(quotation, event) is None


def test_order_placed_after_the_withdrawal_costs_todays_price(organizer, event, quotation):
    event.tickets.update(price=15_000)
    context = make_verified_context(quoted_prices=load_quoted_prices(quotation, event))
    withdraw(organizer, quotation)

    order = place_order(event=event, request=make_request(1), context=context)

    assert order.total == 15_000


def test_recipient_is_informed_of_the_withdrawal(organizer, quotation, run_tasks, mailoutbox):
    withdraw(organizer, quotation)
    run_tasks()

    [message] = mailoutbox
    assert message.to == ["achats@acme.example"]
    assert message.subject == f"Quotation {quotation.number} withdrawn: The Convention"
    assert "Wrong price" not in message.body


def test_link_of_a_withdrawn_quotation_says_so(organizer, client, quotation):
    withdraw(organizer, quotation)

    page = client.get(f"/en/quotations/{quotation.link_token}/")

    assert "This quotation was withdrawn on" in page.text
    assert "Order these places" not in page.text


def test_withdrawal_needs_a_reason(organizer, quotation):
    page = withdraw(organizer, quotation, reason="")

    assert "Enter the reason." in page.text
    assert read_state(organizer) == "open"


def test_withdrawal_is_in_the_audit_trail(organizer, quotation):
    withdraw(organizer, quotation)

    entry = AuditEntry.objects.get(verb="quotation.withdraw")
    assert entry.reason == "Wrong price"


def test_quotation_is_withdrawn_only_once(organizer, quotation):
    withdraw(organizer, quotation)

    with pytest.raises(QuotationNotOpen):
        withdraw_quotation(quotation=quotation, reason="Again")


def test_withdrawn_quotation_is_not_sent(organizer, quotation, run_tasks, mailoutbox):
    withdraw(organizer, quotation)
    run_tasks()
    mailoutbox.clear()

    organizer.post(f"{LIST_PATH}{quotation.number}/mail/")
    run_tasks()

    assert mailoutbox == []


def test_places_that_were_not_quoted_leave_the_quotation_open(organizer, event, quotation):
    make_ticket(event, slug="student", name="Student")
    places = tuple(RequestedPlace(ticket="student", first_name=f"S{n}", last_name="M") for n in range(6))
    context = make_verified_context(quoted_prices=load_quoted_prices(quotation, event))

    place_order(event=event, request=replace(make_request(1), places=places), context=context)

    assert read_state(organizer) == "open"


def test_pdf_of_a_withdrawn_quotation_says_so_and_has_no_signature_box(organizer, quotation):
    Quotation.objects.update(language="en")
    withdraw(organizer, quotation)

    words = pdf_text(organizer.get(f"{LIST_PATH}{quotation.number}.pdf").content)

    assert "Withdrawn on" in words
    assert "This quotation has been withdrawn: its prices no longer apply to new orders." in words
    assert "Valid until" not in words
    assert "Signature and stamp:" not in words
