"""Quotations, numbered in their own series, and pro forma invoices: neither books or charges anything."""

import datetime
import re
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.text.dates import format_date
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.inventory.stock import release_expired_packages
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.formatting import format_transfer_reference
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models.documents import Invoice, Issuer, Quotation, Receivable
from registrations.models import Order
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.permissions import make_own_secret
from registrations.quotations.create import create_order_quotation
from registrations.storefront.drafts import load_draft
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_ticket, make_voucher
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package
from tests.registrations.sponsors.test_sponsors import SPONSOR_FORM
from tests.registrations.test_pages import BILLING, build_person_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _issuer(db):
    make_issuer()


def make_request(*names: str, **fields) -> OrderRequest:
    places = tuple(RequestedPlace(ticket="guest", first_name=name, last_name="Müller") for name in names)
    return OrderRequest(**{"email": "b@example.org", "places": places, "company": "Acme", **fields})


def create_quotation(event, **fields) -> Quotation:
    return create_order_quotation(
        event=event, request=make_request("Zoé", "Ana", **fields), context=OrderContext()
    )


def test_quotation_has_own_number_series_and_reserves_nothing(event):
    one, other = create_quotation(event), create_quotation(event)

    year = timezone.localdate().year
    assert [one.number, other.number] == [f"D{year}-000001", f"D{year}-000002"]
    assert one.total == 24_000
    assert one.vat == 4_000
    assert sum(line["net"] for line in one.lines) == one.net

    ticket = event.tickets.get()

    assert ticket.reserved == 0
    assert Order.objects.count() == 0
    assert Receivable.objects.count() == 0

    order = place_order(event=event, request=make_request("Zoé"), context=make_verified_context())

    assert issue_invoice(receivable=sync_receivable(order)).number == f"F{year}-000001"


def test_quotation_is_valid_thirty_days_or_until_registration_closes(event):
    today = timezone.localdate()
    event.registration_closes_at = timezone.now() + datetime.timedelta(days=5)

    one = create_quotation(event)

    assert (one.valid_until - today).days in (5, 6)

    event.registration_closes_at = timezone.now() + datetime.timedelta(days=29, hours=1)
    event.starts_at += datetime.timedelta(days=90)

    event.ends_at += datetime.timedelta(days=90)

    event.registration_closes_at = None
    assert create_quotation(event).valid_until == today + datetime.timedelta(days=30)


def test_quotation_expires_before_its_prices_end(event):
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    in_ten_days, in_four_days = (midnight + datetime.timedelta(days=days) for days in (10, 4))
    ticket = event.tickets.get()
    ticket.price_steps.create(price=9_000, ends_at=in_ten_days)
    voucher = event.vouchers.create(code="MOINS10", kind="percent", value=10, closes_at=in_four_days)

    with_early_price, with_code = create_quotation(event), create_quotation(event, code=voucher.code)

    assert with_early_price.valid_until == in_ten_days.date() - datetime.timedelta(days=1)
    assert with_code.valid_until == in_four_days.date() - datetime.timedelta(days=1)


@pytest.mark.parametrize(("language", "words"), [
    ("fr", ["Devis", "Valable jusqu’au", "Bon pour accord", "Signature et cachet"]),
    ("en", ["Quotation", "Valid until", "Agreed", "Signature and stamp"]),
])  # fmt: skip
def test_quotation_pdf_states_validity_and_has_signature_box(client, event, language, words):
    make_addon(event)
    one = create_quotation(event, language=language)
    paper = client.get(f"/quotations/{one.link_token}/quotation.pdf")

    text = re.sub(r"\s+", " ", pdf_text(paper.content))

    assert [
        word for word in [*words, one.number, "Zoé Müller", "Club des infrastructures"] if word not in text
    ] == []
    assert client.get("/quotations/forged/").status_code == 404


def test_buyer_requests_quotation_on_last_screen_and_can_continue(client, event):
    client.post("/events/congress/register/", build_person_form())
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    billing = {
        "billing_name": "Acme SA", "billing_street": "1 quai", "billing_postcode": "69002",
        "billing_city": "Lyon", "billing_country": "FR", "language": "fr", "payment": "invoice",
    }  # fmt: skip

    answer = client.post("/events/congress/register/check/", billing | {"quote": "1"})

    one = Quotation.objects.get()
    assert answer["Location"] == f"/quotations/{one.link_token}/"
    assert one.buyer_name == "Acme SA"
    assert one.total == 12_000
    assert client.get(answer["Location"]).context["quotation"] == one
    assert client.get("/events/congress/register/check/").status_code == 200
    assert Order.objects.count() == 0


def test_last_screen_without_issuer_says_quotations_are_unavailable(client, event):
    Issuer.objects.all().delete()
    client.post("/events/congress/register/", build_person_form())
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})

    answer = client.post("/events/congress/register/check/", {**BILLING, "quote": "1"}, follow=True)

    assert answer.redirect_chain == [("/events/congress/register/check/", 302)]
    assert "Les devis ne sont pas encore disponibles" in answer.text
    assert Quotation.objects.count() == 0


def test_organizer_lists_and_downloads_quotations(organizer, event):
    one = create_quotation(event)
    page = organizer.get("/organize/congress/quotations/")

    assert list(page.context["page_obj"]) == [one]

    paper = organizer.get(f"/organize/congress/quotations/{one.number}.pdf")

    assert one.number in pdf_text(paper.content)


def test_pro_forma_is_marked_as_not_an_invoice(client, event):
    order = place_order(
        event=event, request=make_request("Zoé", purchase_order="PO-9"), context=make_verified_context()
    )
    paper = client.get(f"/orders/{order.reference}/{order.manage_secret}/pro-forma.pdf")
    text = re.sub(r"\s+", " ", pdf_text(paper.content))

    words = ["Facture pro forma", order.reference, "Ce document n’est pas une facture.", "PO-9", "120,00"]

    assert [word for word in words if word not in text] == []
    assert Invoice.objects.count() == 0
    assert re.findall(r"F\d{4}-\d{6}", text) == []


def test_pro_forma_shows_transfer_reference(client, event):
    order = place_order(event=event, request=make_request("Zoé"), context=make_verified_context())

    paper = client.get(f"/orders/{order.reference}/{order.manage_secret}/pro-forma.pdf")

    assert format_transfer_reference(order.reference) in pdf_text(paper.content)


def test_paid_order_gets_receipt_then_invoice(client, event):
    order = place_order(event=event, request=make_request("Zoé"), context=make_verified_context())
    address = f"/orders/{order.reference}/{order.manage_secret}/"
    receivable = sync_receivable(order)
    record_payment(receivable=receivable, amount=12_000, method="card")

    receipt = pdf_text(client.get(f"{address}pro-forma.pdf").content)
    receipt_page = client.get(address).text
    Issuer.objects.update(issues_on="payment", issues_since=order.created_at, sends_since=timezone.now())
    announced = client.get(address).text
    document = issue_invoice(receivable=receivable)
    invoice = pdf_text(client.get(f"{address}pro-forma.pdf").content)
    invoice_page = client.get(address).text

    assert "Entièrement réglé" in receipt
    assert "IBAN" not in receipt
    assert f"Reçu le {format_date(timezone.localdate())}, carte" in receipt
    assert "L’organisateur établira la facture plus tard." in receipt_page
    assert "La facture vous parviendra sous peu par e-mail." in announced
    assert "Reçu (PDF)" in receipt_page
    assert document.number in invoice
    assert "Facture (PDF)" in invoice_page
    assert "La facture vous parviendra" not in invoice_page


def test_free_order_has_no_pro_forma(client, event):
    event.tickets.update(price=0)
    order = place_order(event=event, request=make_request("Zoé"), context=make_verified_context())

    assert client.get(f"/orders/{order.reference}/{order.manage_secret}/pro-forma.pdf").status_code == 404


def test_colleague_link_cannot_open_pro_forma(client, event):
    order = place_order(event=event, request=make_request("Zoé", "Ana"), context=make_verified_context())
    own = order.build_path_with(make_own_secret(order.registrations.first()))

    answers = [client.get(f"{path}pro-forma.pdf") for path in (order.manage_path, own)]

    assert client.get(own).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 404]


def test_quotation_is_mailed_to_buyer_with_pdf(client, event, run_tasks, mailoutbox):
    one = create_quotation(event, language="en")
    answer = client.post(f"/quotations/{one.link_token}/mail/")
    run_tasks()

    [mail] = mailoutbox

    assert answer["Location"] == f"/quotations/{one.link_token}/"
    assert mail.to == ["b@example.org"]
    assert mail.subject == f"Quotation {one.number}: The Convention"
    assert f"See the quotation and order:\nhttp://localhost:8000/en/quotations/{one.link_token}/" in mail.body
    # It would start another order, without what was quoted.
    assert f"/events/{event.slug}/" not in mail.body
    assert [(file.filename, file.mimetype) for file in mail.attachments] == [
        (f"{one.number}.pdf", "application/pdf")
    ]


def test_organizer_mails_quotation_and_sending_is_limited(organizer, client, event, settings, mailoutbox):
    one = create_quotation(event)
    page = organizer.post(f"/organize/congress/quotations/{one.number}/mail/", follow=True)

    assert "Nous envoyons le devis à b@example.org." in page.text
    settings.RATE_LIMITS = "on"
    address = f"/quotations/{one.link_token}/mail/"
    assert [client.post(address).status_code for _each in range(6)] == [302] * 5 + [429]


@pytest.mark.parametrize("asks", ["pro forma", "package"])
def test_missing_issuer_does_not_send_buyer_to_treasurer_settings(client, event, asks):
    Issuer.objects.all().delete()
    if asks == "package":
        make_package(event)
        answer = client.post("/events/congress/sponsors/gold/", SPONSOR_FORM | {"quote": "1"})
        expected = "Les devis ne sont pas encore disponibles"
    else:
        order = place_order(event=event, request=make_request("Zoé"), context=make_verified_context())
        answer = client.get(f"/orders/{order.reference}/{order.manage_secret}/pro-forma.pdf")
        expected = "Les factures pro forma ne sont pas encore disponibles"

    assert expected in answer.text
    assert "réglages" not in answer.text


def test_quoted_places_are_ordered_with_the_same_tickets_and_buyer(client, event):
    make_addon(event)
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", addons=("dinner",))
    billing = BillingDetails(name="Acme SA", street="1 rue X", postcode="75001", city="Paris", country="FR")
    quotation = create_order_quotation(
        event=event,
        request=make_request(places=(place, replace(place, addons=())), billing=billing, language="en"),
        context=OrderContext(),
    )
    page = f"/en/quotations/{quotation.link_token}/"

    offered = "Order these places" in client.get(page).text
    first_screen = client.post(f"{page}order/", follow=True)
    draft = load_draft(client.session, event.slug)
    Quotation.objects.update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
    offered_later = "Order these places" in client.get(page).text

    assert offered is True
    assert offered_later is False
    assert first_screen.redirect_chain == [(f"/en/events/{event.slug}/register/", 302)]
    assert [(person["ticket"], person["addons"]) for person in draft.people] == [
        ("guest", ["dinner"]),
        ("guest", []),
    ]
    assert draft.people[0]["last_name"] == "Müller"
    assert draft.contact == "b@example.org"
    assert draft.billing["billing_city"] == "Paris"


def test_quoted_voucher_and_company_are_ordered_and_the_tickets_page_opens_at_once(client, event):
    make_voucher(event, code="HALF", capacity=5)
    places = tuple(RequestedPlace(ticket="guest", first_name=name, last_name="M") for name in ("Ana", "Zoé"))
    billing = BillingDetails(name="Comptabilité", street="1 rue X", postcode="75001", city="Paris")
    request = make_request(places=places, code="HALF", billing=billing)
    quotation = create_order_quotation(event=event, request=request, context=OrderContext())

    client.post(f"/quotations/{quotation.link_token}/order/")
    choices = client.get("/events/congress/register/choices/")

    draft = load_draft(client.session, event.slug)
    assert draft.code == "HALF"
    assert [person["company"] for person in draft.people] == ["Acme", "Acme"]
    assert choices.status_code == 200


@pytest.fixture
def quoted_draft(client, event) -> Quotation:
    """Return a quotation that the client made of the draft of a registration."""
    client.post("/events/congress/register/", build_person_form())
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    client.post("/events/congress/register/check/", {**BILLING, "quote": "1"})
    return Quotation.objects.get()


def test_order_of_a_quotation_continues_the_draft_that_it_was_made_of(client, event, quoted_draft):
    answer = client.post(f"/en/quotations/{quoted_draft.link_token}/order/")

    assert answer["Location"] == "/en/events/congress/register/check/"
    assert load_draft(client.session, event.slug).people[0]["first_name"] == "Zoé"


def test_order_from_a_quotation_costs_the_quoted_price_after_a_rise(client, event, quoted_draft):
    event.tickets.filter(slug="guest").update(price=quoted_draft.total + 2_000)

    page = client.get("/en/events/congress/register/check/")
    client.post("/events/congress/register/check/", BILLING)

    assert page.context["total"] == quoted_draft.total_money
    assert "price of the quotation, valid until" in page.text
    assert page.context["cheaper_quotation"] is None
    assert Order.objects.get().total == quoted_draft.total


def test_price_in_the_form_does_not_lower_the_quoted_price(client, event, quoted_draft):
    client.post("/events/congress/register/check/", {**BILLING, "shown": "1"})

    assert Order.objects.count() == 0


def test_order_names_the_quotation_it_was_placed_from(client, organizer, event, quoted_draft):
    client.post("/events/congress/register/check/", BILLING)

    order = Order.objects.get()
    assert order.quotation_number == quoted_draft.number
    assert order.reference in organizer.get("/organize/congress/quotations/").text


def test_order_costs_less_than_quoted_after_prices_fell(client, event, quoted_draft):
    event.tickets.update(price=1_000)
    client.post("/events/congress/register/check/", BILLING)

    order = Order.objects.get()
    assert order.total == 1_000
    assert order.quotation_number == quoted_draft.number


def test_item_that_was_not_quoted_costs_todays_price(client, event, quoted_draft):
    make_addon(event, price=4_500)
    event.tickets.update(price=quoted_draft.total + 2_000)
    choices = {"choice-0-ticket": "guest", "choice-0-addons": ["dinner"]}
    client.post("/events/congress/register/choices/", choices)
    client.post("/events/congress/register/check/", BILLING)

    order = Order.objects.get()
    assert order.total == quoted_draft.total + 4_500
    assert order.quotation_number == quoted_draft.number


def test_order_without_any_quoted_item_does_not_name_the_quotation(client, event, quoted_draft):
    make_ticket(event, slug="student", price=500)
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "student"})
    client.post("/events/congress/register/check/", BILLING)

    assert Order.objects.get().quotation_number == ""


def test_history_names_the_quotation(client, organizer, event, quoted_draft):
    client.post("/events/congress/register/check/", BILLING)

    registration = Order.objects.get().registrations.get()
    path = reverse("organize-registration", args=["congress", registration.reference])
    page = organizer.get(f"/en{path}")

    assert f"Ordered from quotation {quoted_draft.number}" in page.text


def test_unfinished_registration_is_replaced_by_a_quotation_only_on_request(client, event):
    quotation = create_quotation(event)
    typed = {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "person-0-first_name": "Old"}
    client.post("/en/events/congress/register/", typed)
    page = f"/en/quotations/{quotation.link_token}/order/"

    question = client.post(page)
    people_before = load_draft(client.session, event.slug).people
    client.post(page, {"replace": "1"})
    people_after = load_draft(client.session, event.slug).people

    assert "Replace it with the quotation" in question.text
    assert [person["first_name"] for person in people_before] == ["Old"]
    assert [person["ticket"] for person in people_after] == ["guest", "guest"]


@pytest.fixture
def package_quotation(client, event) -> Quotation:
    make_package(event)
    form = SPONSOR_FORM | {"quote": "1", "purchase_order": "PO-77"}
    client.post("/events/congress/sponsors/gold/", form)
    return Quotation.objects.get()


def open_package_order(client, quotation: Quotation):
    """Follow the link “Order this package” of the quotation's page."""
    page = html.fromstring(client.get(f"/en/quotations/{quotation.link_token}/").content)
    [path] = page.xpath("//a[contains(., 'Order this package')]/@href")
    return client.get(path)


def test_quotation_of_a_package_fills_the_form_to_order_it(client, package_quotation):
    page = open_package_order(client, package_quotation)

    form, billing = page.context["form"], page.context["billing"]
    assert [form[name].value() for name in ("name", "contact", "email", "website")] == [
        "Acme", "Zoé Müller", "zoe@acme.example", "https://acme.example",
    ]  # fmt: skip
    assert billing["billing_street"].value() == "1 quai"
    assert billing["purchase_order"].value() == "PO-77"


def test_order_of_a_quoted_package_names_the_quotation(client, package_quotation):
    path = open_package_order(client, package_quotation).request["PATH_INFO"]

    client.post(f"{path}?quotation={package_quotation.link_token}", SPONSOR_FORM)

    assert Order.objects.get().quotation_number == package_quotation.number


@pytest.mark.parametrize(("todays_price", "expected_price"), [(130_000, 120_000), (90_000, 90_000)])
def test_quoted_package_costs_at_most_the_quoted_price(
    client, event, package_quotation, todays_price, expected_price
):
    event.packages.update(price=todays_price)

    page = open_package_order(client, package_quotation)
    shown = {"shown_price": str(page.context["cost"].amount)}
    path = f"{page.request['PATH_INFO']}?quotation={package_quotation.link_token}"
    client.post(path, SPONSOR_FORM | shown)

    order = Order.objects.get()
    assert page.context["cost"].amount == expected_price
    assert order.total == expected_price
    assert order.sponsorships.get().price == expected_price


def test_package_has_the_quoted_price_once(client, event, package_quotation):
    path = open_package_order(client, package_quotation).request["PATH_INFO"]
    path = f"{path}?quotation={package_quotation.link_token}"
    client.post(path, SPONSOR_FORM)
    event.packages.update(price=130_000, capacity=None)

    page = client.get(path)

    assert page.context["cost"].amount == 130_000


def test_unpaid_package_keeps_the_quoted_price(client, event, package_quotation, settings):
    settings.CARD_PAYMENT = True
    path = open_package_order(client, package_quotation).request["PATH_INFO"]
    path = f"{path}?quotation={package_quotation.link_token}"
    client.post(path, SPONSOR_FORM | {"payment": "card"})
    event.packages.update(price=130_000)

    release_expired_packages(at=timezone.now() + datetime.timedelta(days=1))

    assert client.get(path).context["cost"].amount == 120_000


def test_form_of_another_package_is_not_filled_from_the_quotation(client, event, package_quotation):
    make_package(event, slug="silver", name="Argent", name_en="Silver")

    page = client.get(f"/events/congress/sponsors/silver/?quotation={package_quotation.link_token}")

    assert page.context["form"]["contact"].value() in (None, "")


def test_forged_quotation_token_is_not_found(client, event):
    make_package(event)

    page = client.get("/events/congress/sponsors/gold/?quotation=forged")

    assert page.status_code == 404
