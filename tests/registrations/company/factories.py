"""A company with a contact, colleagues with and without seats, and an event to go to."""

from dataclasses import dataclass

from django.test import Client

from convention.club.models import Company, Employment, Person
from convention.events.models import Event
from registrations.company.booking import make_order_context
from registrations.invoices.models import Quotation
from registrations.models import Ticket
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.quotations.create import create_order_quotation
from tests.factories import (
    START_OF_2020,
    make_company,
    make_contact,
    make_event,
    make_member,
    make_person,
    make_ticket,
)


@dataclass
class Desk:
    """What most stories need."""

    company: Company
    contact: Person
    colleague: Person
    without_seat: Person
    event: Event
    client: Client

    @property
    def at(self) -> str:
        return f"/company/{self.company.slug}"

    @property
    def many(self) -> str:
        return f"{self.at}/register/{self.event.slug}/"


def make_desk(**company) -> Desk:
    """A company whose contact is signed in; the event has a member's and a guest's ticket."""
    address = {"street": "1 rue de l’Invention", "postcode": "75001", "city": "Paris"}
    one = make_company(**{**address, **company})
    contact = make_contact(one, email=f"contact@{one.slug}.example", first_name="Cléo", last_name="Contact")
    colleague = make_member(one, email=f"ana@{one.slug}.example", first_name="Ana", last_name="Silva")
    other = make_person(email=f"bob@{one.slug}.example", first_name="Bob", last_name="Roi")
    Employment.objects.create(person=other, company=one, starts_on=START_OF_2020)
    event = make_event()
    make_ticket(event, slug="member", name="Adhérent", audience="member", price=10_000)
    make_ticket(event, slug="guest", name="Invité", price=30_000)
    client = Client()
    client.force_login(contact)
    return Desk(one, contact, colleague, other, event, client)


def make_posted_rows(*people: dict[str, str], **more: str) -> dict[str, str]:
    """Return what the page posts for these people."""
    data = {"row-TOTAL_FORMS": str(len(people)), "row-INITIAL_FORMS": "0", **more}
    for index, person in enumerate(people):
        data |= {f"row-{index}-{name}": value for name, value in person.items()}
    return data


def make_row(last_name: str, email: str = "", ticket: str = "guest", **more: str) -> dict[str, str]:
    return {"first_name": "Zoé", "last_name": last_name, "email": email, "ticket": ticket, **more}


BILLING = {
    "billing_name": "Direction des achats", "billing_street": "1 rue X", "billing_postcode": "75001",
    "billing_city": "Paris", "billing_country": "FR", "purchase_order": "PO-77", "language": "fr",
}  # fmt: skip


def order_rows(desk: Desk, *people: dict[str, str], **more: str):
    """Check the rows, then order them with the invoice's address."""
    answer = desk.client.post(desk.many, make_posted_rows(*people, check="1", **more))
    assert answer.status_code == 302, answer.context["rows"].errors
    nonce = desk.client.get(answer["Location"]).context["draft"].nonce
    return desk.client.post(answer["Location"], {**BILLING, "nonce": nonce})


def make_company_quotation(ticket: Ticket, company_slug: str) -> Quotation:
    """Create the quotation of a place that a contact of the company asked for."""
    company = Company.objects.get(slug=company_slug)
    contact = company.contacts.get().person
    place = RequestedPlace(ticket=ticket.slug, first_name="Ana", last_name="Silva")
    request = OrderRequest(email=contact.email, places=(place,), company=company.name)
    context = make_order_context(company, contact)
    return create_order_quotation(event=ticket.event, request=request, context=context)
