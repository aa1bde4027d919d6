"""Organizers search the quotations of their event, also those without an order."""

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole
from registrations.invoices.models.documents import Quotation
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.quotations.create import create_order_quotation
from tests.factories import make_person
from tests.registrations.invoices.factories import make_issuer
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _issuer(db):
    make_issuer()


def create_quotation(event, *, email: str = "b@example.org", company: str = "Acme", **fields) -> Quotation:
    places = (RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller"),)
    request = OrderRequest(email=email, company=company, places=places, **fields)
    return create_order_quotation(event=event, request=request, context=OrderContext())


@pytest.mark.parametrize("query", ["D{year}-000001", "acme", "b@example.org", "comptabilité ACME"])
def test_organizer_finds_a_quotation_without_order(organizer, event, query):
    billing = BillingDetails(name="Comptabilité", street="1 rue X", postcode="75001", city="Paris")
    wanted = create_quotation(event, billing=billing)
    other = create_quotation(event, email="x@other.example", company="Beta")
    path = "/en/organize/congress/quotations/"

    page = organizer.get(path, {"q": query.format(year=timezone.localdate().year)})

    assert wanted.number in page.text
    assert other.number not in page.text


@pytest.mark.parametrize("query", ["COMPTABILITÉ", "éCURIE"])
def test_search_of_quotations_ignores_the_case_of_accented_letters(organizer, event, query):
    billing = BillingDetails(name="Comptabilité", street="1 rue X", postcode="75001", city="Paris")
    wanted = create_quotation(event, company="Écurie", billing=billing)

    page = organizer.get("/en/organize/congress/quotations/", {"q": query})

    assert wanted.number in page.text


def test_search_of_quotations_without_result_offers_all(organizer, event):
    create_quotation(event)

    page = organizer.get("/en/organize/congress/quotations/", {"q": "nobody"})

    assert "No quotation matches this search." in page.text


def test_search_of_registrations_links_to_matching_quotations(organizer, event):
    create_quotation(event)

    page = organizer.get("/en/organize/congress/registrations/", {"q": "acme"})

    assert "1 quotation matches this search" in page.text
    assert "/en/organize/congress/quotations/?q=acme" in page.text


@pytest.fixture
def treasurer() -> Client:
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)
    return make_client(person)


def test_treasurer_finds_the_quotations_of_all_events_from_the_money_pages(treasurer, event):
    quotation = create_quotation(event)
    [address] = html.fromstring(treasurer.get("/en/organize/money/").text).xpath(
        "//nav[@class='organize-nav']//a[text()='Quotations']/@href"
    )

    page = treasurer.get(address, {"q": quotation.number})

    [link] = html.fromstring(page.text).xpath(f"//main//a[text()='{quotation.number}']/@href")
    assert treasurer.get(link).status_code == 200
    assert event.title in page.text


ALL_QUOTATIONS = "/en/organize/money/quotations/?q=acme&page=1"


def test_treasurer_who_sends_a_quotation_returns_to_the_list_of_all_events(treasurer, event):
    create_quotation(event)
    page = html.fromstring(treasurer.get(ALL_QUOTATIONS).text)
    [form] = page.xpath("//main//form[@method='post']")

    response = treasurer.post(form.get("action"), dict(form.fields))

    assert response["Location"] == ALL_QUOTATIONS


def test_treasurer_who_withdraws_a_quotation_returns_to_the_list_of_all_events(treasurer, event):
    create_quotation(event)
    page = html.fromstring(treasurer.get(ALL_QUOTATIONS).text)
    [address] = page.xpath("//main//td/a[starts-with(text(), 'Withdraw')]/@href")
    [back] = html.fromstring(treasurer.get(address).text).xpath("//main//form//a/@href")

    response = treasurer.post(address, {"reason": "Wrong price"})

    assert back == ALL_QUOTATIONS
    assert response["Location"] == ALL_QUOTATIONS


@pytest.mark.parametrize("path", ["https://evil.example/", "1e999"])
def test_sent_quotation_does_not_lead_to_another_site(treasurer, event, path):
    quotation = create_quotation(event)

    response = treasurer.post(f"/en/organize/congress/quotations/{quotation.number}/mail/", {"next": path})

    assert response["Location"] == "/en/organize/congress/quotations/"
