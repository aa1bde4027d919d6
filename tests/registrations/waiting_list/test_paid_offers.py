"""Acceptance of an offer: payment, the price that was shown, and membership passes."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.club.models import Membership
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.changes.cancel import cancel_registration
from registrations.models import Order, PassQuota, Registration, Ticket, WaitingEntry
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.periodic_jobs import release_expired_holds
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_question,
    make_registration,
    make_ticket,
)
from tests.registrations.waiting_list.test_waiting_list import BILLING_FIELDS

pytestmark = pytest.mark.django_db


def make_full_ticket(**fields) -> Ticket:
    """Return a ticket whose only place is taken."""
    ticket = make_ticket(make_event(slug="congress"), capacity=1, **fields)
    make_registration(ticket, email="first@example.org")
    return ticket


def make_offer(ticket: Ticket, email: str) -> WaitingEntry:
    wish = WaitingRequest(first_name="Ana", last_name="Silva", email=email, company="Acme")
    entry = join_ticket_list(ticket=ticket, request=wish)
    cancel_registration(registration=Registration.objects.confirmed().get())
    return entry


def page(entry: WaitingEntry) -> str:
    return f"/en/waiting/{entry.link_token}/"


def states(ticket: Ticket) -> list[str]:
    rows = ticket.registrations.exclude(email="first@example.org")
    return [row.state for row in rows.order_by("pk")]


def test_unpaid_card_offer_is_held_then_offered_to_next(client):
    ticket = make_full_ticket(price=12_000)
    first = make_offer(ticket, "ana@example.org")

    asked = client.get(page(first)).text
    assert "Card (on the next page)" in asked
    assert 'name="shown" value="12000"' in asked

    answer = client.post(page(first), {"accept": "1", "shown": "12000", "payment": "card", **BILLING_FIELDS})

    order = Order.objects.get(email="ana@example.org")
    assert answer["Location"] == order.sender_path
    assert states(ticket) == ["pending"]
    assert order.sender_path.endswith("/pay/")

    second = join_ticket_list(
        ticket=ticket, request=WaitingRequest(first_name="Bo", last_name="B", email="bo@example.org")
    )
    order.registrations.update(hold_expires_at=timezone.now() - datetime.timedelta(minutes=1))

    release_expired_holds()

    second.refresh_from_db()
    assert states(ticket) == ["expired"]
    assert second.state == "offered"


def test_accepting_by_card_mails_link_to_pay(client, run_tasks, mailoutbox):
    entry = make_offer(make_full_ticket(price=12_000), "ana@example.org")
    WaitingEntry.objects.update(language="en")
    run_tasks()
    mailoutbox.clear()

    client.post(page(entry), {"accept": "1", "payment": "card", **BILLING_FIELDS})
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["ana@example.org"]]
    assert mail.subject.startswith("Pay to keep your place: ")
    assert Order.objects.get(email="ana@example.org").continue_path in mail.body


def test_paid_offer_gets_no_mail_to_pay(client, run_tasks, mailoutbox):
    entry = make_offer(make_full_ticket(price=12_000), "ana@example.org")
    client.post(page(entry), {"accept": "1", "payment": "card", **BILLING_FIELDS})

    record_demo_payment(order=Order.objects.get(email="ana@example.org"))
    WaitingEntry.objects.update(language="en")
    run_tasks()

    assert [mail for mail in mailoutbox if "Pay to keep" in mail.subject] == []


def test_card_payment_confirms_accepted_offer(client):
    ticket = make_full_ticket(price=12_000)
    entry = make_offer(ticket, "ana@example.org")
    client.post(page(entry), {"accept": "1", "payment": "card", **BILLING_FIELDS})

    record_demo_payment(order=Order.objects.get(email="ana@example.org"))

    assert states(ticket) == ["confirmed"]


def test_offer_is_not_accepted_at_changed_price_until_shown(client):
    ticket = make_full_ticket(price=12_000)
    entry = make_offer(ticket, "ana@example.org")
    Ticket.objects.update(price=15_000)

    answer = client.post(page(entry), {"accept": "1", "shown": "12000", **BILLING_FIELDS}, follow=True)

    assert "The price has changed from €120 to €150" in answer.text
    assert states(ticket) == []

    client.post(page(entry), {"accept": "1", "shown": "15000", **BILLING_FIELDS})

    assert states(ticket) == ["confirmed"]


def test_offer_paid_by_pass_needs_no_billing_details(client):
    ticket = make_full_ticket(audience="member", price=12_000, uses_pass=True)
    member = make_member(make_company(), email="ana@example.org")
    Membership.objects.update(passes=2)

    entry = make_offer(ticket, member.email)

    shown = client.get(page(entry)).text
    assert "Billing details" not in shown
    assert "included in the company’s membership" in shown

    client.post(page(entry), {"accept": "1", "shown": "0"})

    [one] = Registration.objects.filter(cancelled_at=None)
    assert one.price == 0
    assert one.person == member
    assert one.order.payment == "free"
    assert PassQuota.objects.get().reserved == 1


@pytest.fixture
def accepted(client) -> Registration:
    """Accept the offer of a free place at an event with a question and an add-on."""
    ticket = make_full_ticket()
    make_question(ticket.event, "diet", ["vegan"], text="Régime", text_en="Diet")
    make_addon(ticket.event, slug="dinner", name="Dîner", name_en="Dinner", price=0)
    client.post(page(make_offer(ticket, "ana@example.org")), {"accept": "1", "shown": "0"})
    return Registration.objects.get(email="ana@example.org")


def read_order_page(client, registration: Registration) -> html.HtmlElement:
    return html.fromstring(client.get(f"/en{registration.order.manage_path}").text)


def find_choice_links(tree: html.HtmlElement) -> list[str]:
    """Return the last part of each address in the notice about what can still be chosen."""
    links = tree.xpath("//*[contains(@class, 'notice')][contains(., 'You can still choose:')]//a/@href")
    return [link.rstrip("/").rpartition("/")[2] for link in links]


def test_order_page_offers_what_the_offer_did_not_ask(client, accepted):
    tree = read_order_page(client, accepted)

    assert find_choice_links(tree) == ["answers", "add-ons"]
    assert "You can still choose: Diet · Dinner" in " ".join(tree.text_content().split())


def test_order_page_offers_no_choice_that_was_made(client, accepted):
    Registration.objects.filter(pk=accepted.pk).update(answers={"diet": "vegan"})

    assert find_choice_links(read_order_page(client, accepted)) == ["add-ons"]


def test_order_page_offers_no_choices_that_the_form_of_registration_asked(client, accepted):
    Order.objects.filter(pk=accepted.order_id).update(source=Order.Source.PAGE)

    assert find_choice_links(read_order_page(client, accepted)) == []
