"""Quotations that organizers and the treasurer write for a buyer who phones."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.events.models import EventRole
from registrations.booking.place_order import place_order
from registrations.invoices.models import Quotation
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.pricing.quotation_prices import load_quoted_prices
from registrations.quotations.lookup import list_quoted_places
from registrations.storefront.drafts import load_draft
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_company, make_contact, make_event, make_person, make_ticket
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/en/organize/congress/quotations/new/"
LIST_PATH = "/en/organize/congress/quotations/"
RECIPIENT = {
    "email": "achats@acme.example", "language": "en", "billing_name": "Acme, Purchasing",
    "billing_street": "1 rue X", "billing_postcode": "75001", "billing_city": "Paris",
    "billing_country": "FR", "purchase_order": "PO-9",
}  # fmt: skip


@pytest.fixture
def treasurer():
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)
    return make_client(person)


@pytest.fixture(autouse=True)
def event():
    make_issuer()
    event = make_event(slug="congress")
    make_ticket(event, price=12_000)
    make_addon(event, price=4_500)
    return event


def preview(client, **typed):
    return client.post(PATH, {**RECIPIENT, "ticket-guest": "6", "addon-dinner": "2", **typed})


def create(client, button: str = "send", **typed) -> Quotation:
    """Preview the quotation, then create it with the button of that value."""
    shown = preview(client, **typed).context["shown"]
    preview(client, **typed, shown=shown, create=button)
    return Quotation.objects.latest("pk")


def read_totals(page) -> list[list[str]]:
    rows = html.fromstring(page.text).xpath("//section[@id='preview']//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_preview_shows_each_item_with_quantity_and_total(treasurer):
    page = preview(treasurer)

    assert read_totals(page) == [["Guest", "6", "€120", "€720"], ["Dinner", "2", "€45", "€90"]]
    assert Quotation.objects.count() == 0


def test_treasurer_creates_and_sends_a_quotation(treasurer, run_tasks, mailoutbox):
    quotation = create(treasurer)
    run_tasks()

    assert quotation.total == 81_000
    assert quotation.buyer_name == "Acme, Purchasing"
    assert quotation.details["purchase_order"] == "PO-9"
    assert [message.to for message in mailoutbox] == [["achats@acme.example"]]


def test_form_that_is_sent_twice_creates_and_mails_one_quotation(treasurer, run_tasks, mailoutbox):
    shown = preview(treasurer).context
    typed = {"shown": shown["shown"], "form_key": shown["form_key"], "create": "send"}
    preview(treasurer, **typed)

    again = treasurer.post(
        PATH, {**RECIPIENT, "ticket-guest": "6", "addon-dinner": "2", **typed}, follow=True
    )
    run_tasks()

    number = Quotation.objects.get().number
    assert f"Quotation {number} has already been created from this form." in again.text
    assert len(mailoutbox) == 1


def test_form_that_is_sent_again_to_another_recipient_creates_another_quotation(treasurer):
    shown = preview(treasurer).context
    typed = {"shown": shown["shown"], "form_key": shown["form_key"], "create": "only"}
    preview(treasurer, **typed)

    preview(treasurer, **typed, email="other@acme.example")

    assert Quotation.objects.count() == 2


def test_organizer_creates_a_quotation_without_sending_it(organizer, run_tasks, mailoutbox):
    quotation = create(organizer, "only")
    run_tasks()

    assert quotation.buyer["email"] == "achats@acme.example"
    assert mailoutbox == []


def test_quotation_groups_the_places_in_the_pdf(treasurer):
    quotation = create(treasurer, "only")

    paper = treasurer.get(f"{LIST_PATH}{quotation.number}.pdf")

    words = pdf_text(paper.content)
    assert words.count("Guest") == 1
    assert words.count("Dinner") == 1


def test_quotation_names_places_and_add_ons_for_the_order(treasurer):
    quotation = create(treasurer, "only")

    places = list_quoted_places(quotation)

    assert [place["addons"] for place in places] == [["dinner"], ["dinner"], [], [], [], []]


def test_recipient_orders_at_the_agreed_price(treasurer, event):
    agreed = {"price-guest": "100", "free_addons": "on", "reason": "Speakers’ employer"}
    quotation = create(treasurer, "only", **agreed)
    request = OrderRequest(
        email="achats@acme.example",
        places=(
            RequestedPlace(ticket="guest", first_name="Zoé", last_name="M", addons=("dinner",)),
            RequestedPlace(ticket="guest", first_name="Ana", last_name="S"),
        ),
        billing=BillingDetails(name="Acme", street="1 rue X", postcode="75001", city="Paris", country="FR"),
    )

    order = place_order(
        event=event,
        request=request,
        context=make_verified_context(quoted_prices=load_quoted_prices(quotation, event)),
    )

    assert quotation.total == 60_000
    assert order.total == 20_000


def test_link_leads_the_recipient_to_a_form_with_the_quoted_places(treasurer, client):
    quotation = create(treasurer, "only")

    client.post(f"/en/quotations/{quotation.link_token}/order/")

    assert len(load_draft(client.session, "congress").people) == 6


def test_lower_price_needs_a_reason(treasurer):
    page = preview(treasurer, **{"price-guest": "100"})

    assert "Enter the reason for a different price." in page.text


def test_agreed_price_cannot_be_higher_than_the_usual_one(treasurer):
    page = preview(treasurer, **{"price-guest": "130", "reason": "x"})

    assert "The price cannot be higher than that of the ticket" in page.text


def test_audit_trail_has_author_and_reason_of_a_lower_price(treasurer):
    create(treasurer, "only", **{"price-guest": "100", "reason": "Speakers’ employer"})

    entry = AuditEntry.objects.get(verb="quotation.give")
    assert entry.reason == "Speakers’ employer"
    assert entry.actor_id == int(treasurer.session["_auth_user_id"])


def test_agreed_day_may_be_later_than_thirty_days(treasurer, event):
    day = timezone.localdate() + datetime.timedelta(days=45)
    event.starts_at += datetime.timedelta(days=365)
    event.ends_at += datetime.timedelta(days=365)
    event.save()

    quotation = create(treasurer, "only", valid_until=day.isoformat())

    assert quotation.valid_until == day


def test_agreed_day_cannot_be_after_the_end_of_registration(treasurer, event):
    day = event.registration_deadline.date() + datetime.timedelta(days=2)

    page = preview(treasurer, valid_until=day.isoformat())

    assert "when registration closes" in page.context["form"].errors["valid_until"][0]


def test_free_ticket_has_no_agreed_price(treasurer, event):
    make_ticket(event, slug="member", price=0)

    page = treasurer.get(PATH)

    assert "price-guest" in page.context["form"].fields
    assert "price-member" not in page.context["form"].fields


def test_add_ons_without_enough_people_are_refused(treasurer):
    page = preview(treasurer, **{"ticket-guest": "1"})

    assert "addon-dinner" in page.context["form"].errors


def test_quotation_without_a_ticket_is_refused(treasurer):
    page = preview(treasurer, **{"ticket-guest": "", "addon-dinner": ""})

    assert "Enter the quantity of at least one ticket." in page.text


def test_changed_price_is_shown_before_the_quotation_is_created(treasurer, event):
    shown = preview(treasurer).context["shown"]
    event.tickets.update(price=15_000)

    page = preview(treasurer, shown=shown, create="send")

    assert "Prices or validity have changed." in page.text
    assert Quotation.objects.count() == 0


def test_members_ticket_is_quoted_without_the_members_addresses(treasurer, event):
    make_ticket(event, slug="member", price=5_000, audience="member")

    quotation = create(treasurer, "only", **{"ticket-member": "2"})

    assert quotation.total == 91_000


def test_company_of_the_directory_fills_in_the_recipient(treasurer):
    company = make_company(name="Acme", street="2 rue Y", postcode="69001", city="Lyon")
    make_contact(company, email="contact@acme.example")

    page = treasurer.post(PATH, {"company": "acme", "ticket-guest": "3", "fill_in": "1"})

    assert page.context["billing"]["billing_street"].value() == "2 rue Y"
    assert page.context["form"]["email"].value() == "contact@acme.example"
    assert page.context["form"]["ticket-guest"].value() == "3"


def test_quotation_for_a_company_leads_its_contact_to_the_company_page(treasurer):
    company = make_company(name="Acme")
    contact = make_contact(company)
    quotation = create(treasurer, "only", company="Acme")

    page = make_client(contact).get(f"/en/quotations/{quotation.link_token}/")

    assert page.context["order_path"].startswith(f"/en/company/{company.slug}/")


def test_organizer_without_the_directory_cannot_look_up_companies(event):
    person = make_person()
    EventRole.objects.create(event=event, person=person, role=EventRole.Role.ORGANIZER)

    page = make_client(person).get(PATH)

    assert "company" not in page.context["form"].fields


def test_nothing_is_quoted_while_registration_is_closed(treasurer, event):
    event.registration_closes_at = timezone.now() - datetime.timedelta(days=1)
    event.save()

    page = treasurer.get(PATH)

    assert "Registration is not open." in page.text


def test_treasurer_chooses_the_event_first(treasurer):
    make_ticket(make_event(slug="other"))

    page = treasurer.get("/en/organize/money/quotations/new/")

    assert PATH in page.text
    assert "/en/organize/other/quotations/new/" in page.text


def test_only_open_event_is_chosen_for_the_treasurer(treasurer):
    page = treasurer.get("/en/organize/money/quotations/new/")

    assert page["Location"] == PATH


def test_treasurer_sends_a_quotation_from_the_list(treasurer, run_tasks, mailoutbox):
    quotation = create(treasurer, "only")

    treasurer.post(f"{LIST_PATH}{quotation.number}/mail/")
    run_tasks()

    assert [message.to for message in mailoutbox] == [["achats@acme.example"]]


@pytest.mark.parametrize(("days", "is_shown"), [(5, False), (15, True)])
def test_preview_says_that_the_quotation_outlasts_a_price(treasurer, event, days, is_shown):
    event.tickets.get().price_steps.create(price=9_000, ends_at=timezone.now() + datetime.timedelta(days=10))
    last_day = timezone.localdate() + datetime.timedelta(days=days)

    page = preview(treasurer, valid_until=last_day.isoformat())

    sentence = "The recipient gets the prices above until then, even if they end earlier for everyone else."
    assert "early-bird price, until" in page.text
    assert (sentence in page.text) == is_shown
