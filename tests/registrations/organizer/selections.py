"""People selected in the organizers' list, and the pages of actions on them."""

from django.urls import reverse
from lxml import html

from registrations.billing.receivables import sync_receivable
from registrations.invoices.ledger.payments import record_payment
from registrations.models import Registration
from tests.factories import make_order, make_registration


def make_people(ticket, count: int, **fields) -> list[Registration]:
    """Create confirmed registrations on invoice, each in an order of its own."""
    people = []
    for number in range(count):
        email = f"p{number}@example.org"
        order = make_order(ticket.event, email=email, payment="invoice", total=ticket.price)
        people.append(
            make_registration(
                ticket,
                order=order,
                email=email,
                **{"last_name": f"Martin {number:02}", "price": ticket.price, **fields},
            )
        )
    return people


def pay(registration: Registration, amount: int) -> None:
    record_payment(receivable=sync_receivable(registration.order), amount=amount, method="card")


def post_selection(client, action: str, *people: Registration, **fields):
    """Post the ticked check boxes of these people to the page of an action."""
    references = [person.reference for person in people]
    return client.post(
        reverse(f"organize-selection-{action}", args=[people[0].event.slug]),
        {"selected": references, **fields},
        follow=True,
    )


def confirm(client, answer, **fields):
    """Submit the form of a preview, with these fields filled in."""
    [form] = html.fromstring(answer.content).xpath("//main//form[.//input[@name='selected']]")
    address = answer.request["PATH_INFO"]
    return client.post(address, {**dict(form.form_values()), **fields}, follow=True)
