"""Names of charges for a reader whose language is not the buyer's."""

import pytest
from django.db import connection
from django.db.models import prefetch_related_objects
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from lxml import html

from convention.club.models import ClubRole
from registrations.billing.receivables import sync_receivable
from registrations.billing.revenue import load_revenue
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.change_order import change_ticket
from registrations.invoices.ledger.charges import describe_charges
from registrations.invoices.models import Receivable
from registrations.models import Order
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_person, make_ticket
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    """Return an event with two tickets of one French name, and a dinner."""
    event = make_event()
    for slug, name_en, price in (("day", "Day guest", 6_000), ("week", "Week guest", 12_000)):
        make_ticket(event, slug=slug, name="Invité", name_en=name_en, price=price)
    make_addon(event)
    return event


def place_french_order(event, *tickets: str) -> Order:
    places = tuple(
        RequestedPlace(ticket=ticket, first_name="Zoé", last_name=f"Müller {ticket}", addons=("dinner",))
        for ticket in tickets
    )
    billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
    request = OrderRequest(email="b@example.org", places=places, billing=billing, language="fr")
    return place_order(event=event, request=request, context=make_verified_context())


def read_english_texts(receivable: Receivable) -> list[str]:
    with translation.override("en"):
        return list(describe_charges(Receivable.objects.get(pk=receivable.pk)).values())


def test_two_tickets_of_one_french_name_have_their_own_english_names(event):
    receivable = sync_receivable(place_french_order(event, "day", "week"))

    with translation.override("en"):
        revenue = load_revenue(event)

    assert read_english_texts(receivable) == [
        "Day guest, Zoé Müller day",
        "Dinner, Zoé Müller day",
        "Week guest, Zoé Müller week",
        "Dinner, Zoé Müller week",
    ]
    assert [row.title for row in revenue.items] == ["Week guest", "Dinner", "Day guest"]


def test_package_with_a_comma_in_its_title_is_named_with_its_sponsor(event):
    package = make_package(event, name="Or, avec stand", name_en="Gold, with a stand")
    receivable = sync_receivable(make_sponsorship(package, has_logo=False, name="Globex").order)

    assert read_english_texts(receivable) == ["Sponsor package: Gold, with a stand, Globex"]


def test_withdrawn_charge_names_the_ticket_before_the_change(event):
    order = place_french_order(event, "day")
    receivable = sync_receivable(order)
    event.tickets.filter(slug="week").update(name="Semaine")
    week = event.tickets.get(slug="week")

    change_ticket(registration=order.registrations.get(), ticket=week, expected_cents=6_000)

    # The key of the first charge now stands for the other ticket.
    assert read_english_texts(receivable) == [
        "Invité, Zoé Müller day",
        "Dinner, Zoé Müller day",
        "Week guest, Zoé Müller day",
    ]


def test_cancelled_charges_and_their_fee_are_named_in_the_readers_language(event):
    order = place_french_order(event, "day")
    receivable = sync_receivable(order)
    cancel_registration(registration=order.registrations.get())
    order.registrations.update(cancellation_fee=1_000)
    sync_receivable(order)

    texts = read_english_texts(receivable)

    assert texts == [
        "Day guest, Zoé Müller day",
        "Dinner, Zoé Müller day",
        "Cancellation fee: Day guest, Zoé Müller day",
        "Cancellation fee: Dinner, Zoé Müller day",
    ]


def test_page_and_history_name_charges_in_the_readers_language(event):
    receivable = sync_receivable(place_french_order(event, "day"))
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)

    with translation.override("en"):
        address = reverse("receivable", args=[receivable.reference])
    document = html.fromstring(make_client(person).get(address).content)

    assert "Day guest, Zoé Müller day" in [cell.text for cell in document.xpath("//th[@scope='row']")]
    assert "Day guest, Zoé Müller day (€60.00)" in document.text_content()
    # Documents keep the buyer's language.
    assert receivable.charges.first().description == "Invité"


def test_names_take_two_queries_for_any_number_of_places(event):
    receivable = sync_receivable(place_french_order(event, "day", "week", "week"))
    prefetch_related_objects([receivable], "charges")

    with translation.override("en"), CaptureQueriesContext(connection) as queries:
        describe_charges(receivable)

    assert len(queries) == 2
