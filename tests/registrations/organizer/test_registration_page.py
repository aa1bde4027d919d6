"""An organizer's page of one registration: payment state of its order, history, check-in, badge."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from lxml import html

from badges.attendance.models import Presence, Scan
from convention.club.models import ClubRole
from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from tests.factories import make_order, make_person, make_registration, make_ticket
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


def test_payment_of_an_order_that_costs_nothing_any_more_is_shown(treasurer, congress):
    order, [registration] = make_paid_order(congress, 1)
    registration.price = order.total = 0
    registration.save()
    order.save()
    sync_receivable(order)

    page = treasurer.get(get_page_path(registration, "/en")).text

    assert list_order_tags(treasurer, registration) == ["overpaid: €120"]
    assert "Paid: €120" in page
    assert f'href="/en/organize/money/owed/{order.reference}/"' in page


def post_check_in(client, registration, **fields):
    path = f"/en/desk/{registration.event.slug}/guests/{registration.reference}/check-in/"
    return client.post(path, {"page": "registration", **fields}, follow=True)


@pytest.fixture
def todays_registration(event):
    now = timezone.now()
    Event.objects.filter(pk=event.pk).update(starts_at=now, ends_at=now + datetime.timedelta(hours=8))
    return make_registration(event.tickets.get())


def test_page_shows_arrival_and_offers_exit_and_undo(organizer, todays_registration):
    page = post_check_in(organizer, todays_registration, direction="in")

    text = " ".join(html.fromstring(page.content).text_content().split())
    assert page.redirect_chain[-1][0] == get_page_path(todays_registration, "/en")
    assert "inside, arrived on" in text
    assert "Checked in, Entrance" in text.partition("History")[2]
    [button] = html.fromstring(page.content).xpath("//button[@name='direction']")
    assert button.get("value") == "out"

    form = html.fromstring(page.content).xpath("//form[contains(@action, '/undo/')]")[0]
    undone = organizer.post(form.get("action"), dict(form.form_values()), follow=True)

    assert not Presence.objects.filter(is_inside=True).exists()
    assert undone.redirect_chain[-1][0] == get_page_path(todays_registration, "/en")
    assert "Checked in, Entrance (undone)" in " ".join(undone.text.split())


def test_second_check_in_from_the_page_records_no_scan(organizer, todays_registration):
    post_check_in(organizer, todays_registration, direction="in")
    page = post_check_in(organizer, todays_registration, direction="in")

    assert "is already inside" in page.text
    assert Scan.objects.count() == 1
    assert not Presence.objects.filter(has_conflict=True).exists()


def test_check_in_before_the_first_day_is_confirmed_first(organizer, event):
    registration = make_registration(event.tickets.get())

    page = post_check_in(organizer, registration, direction="in")
    scans_before = Scan.objects.count()
    post_check_in(organizer, registration, direction="in", confirmed="yes")

    assert "The event does not start until" in page.text
    assert scans_before == 0
    assert Presence.objects.get().is_inside


def test_badge_button_says_print_and_leads_back_to_the_registration(organizer, todays_registration):
    page = html.fromstring(organizer.get(get_page_path(todays_registration, "/en")).content)
    [button] = page.xpath("//a[contains(@href, '/badge/')]")

    badge_page = html.fromstring(organizer.get(button.get("href")).content)
    [form] = badge_page.xpath("//main//form[.//button[@name='format']]")
    printed = organizer.post(button.get("href"), {**dict(form.form_values()), "format": "page"})

    assert button.text_content().strip() == "Print the badge"
    [back] = badge_page.xpath("//a[@class='back']/@href")
    assert back == get_page_path(todays_registration, "/en")
    [after_print] = html.fromstring(printed.content).xpath("//a[@id='back-to-desk']/@href")
    assert after_print == get_page_path(todays_registration, "/en")


def list_names(client, event, search_text):
    page = client.get(reverse("organize-registrations", args=[event.slug]), {"q": search_text})
    return [registration.last_name for registration in page.context["page_obj"]]


@pytest.mark.parametrize(
    "search_text", ["E7KXMVZQ", "e7kx mvzq", "E7KX-MVZQ", "e7kx", "QCQGHQY5SQUI4", "qcqg-hq"]
)
def test_list_finds_a_registration_by_reference_of_order_or_code(organizer, search_text):
    ticket = make_ticket()
    order = make_order(ticket.event, reference="E7KXMVZQ")
    make_registration(ticket, order=order, reference="QCQGHQY5SQUI4", last_name="Carte")
    make_registration(ticket, last_name="Autre")

    assert list_names(organizer, ticket.event, search_text) == ["Carte"]


@pytest.mark.parametrize("search_text", ["E7K", "7KXMVZQ", "E7KXMVZZ"])
def test_list_does_not_find_other_parts_of_an_order_reference(organizer, search_text):
    ticket = make_ticket()
    make_registration(ticket, order=make_order(ticket.event, reference="E7KXMVZQ"))

    assert list_names(organizer, ticket.event, search_text) == []


def test_search_by_order_reference_takes_no_further_query(organizer, django_assert_num_queries):
    ticket = make_ticket()
    make_registration(ticket, order=make_order(ticket.event, reference="E7KXMVZQ"), last_name="Carte")
    address = reverse("organize-registrations", args=[ticket.event.slug])
    with CaptureQueriesContext(connection) as queries:
        organizer.get(address, {"q": "carte"})

    with django_assert_num_queries(len(queries)):
        organizer.get(address, {"q": "E7KXMVZQ"})


def test_page_says_that_the_ticket_of_an_unverified_order_is_sold_out(organizer):
    ticket = make_ticket(capacity=0)
    order = make_order(ticket.event, payment="invoice", needs_verification=True)
    registration = make_registration(
        ticket,
        order=order,
        confirmed_at=None,
        is_reserved=False,
        hold_expires_at=timezone.now() - datetime.timedelta(hours=1),
    )
    page = get_page_path(registration, "/en")

    answer = organizer.post(f"{page}confirm/", follow=True)

    assert answer.redirect_chain == [(page, 302)]
    assert "No places are left" in answer.text


@pytest.mark.parametrize(("role", "count"), [(ClubRole.Role.SECRETARY, 1), (ClubRole.Role.TREASURER, 0)])
def test_member_leads_to_the_directory_for_those_who_read_it(role, count):
    reader, member = make_person(email="reader@example.org"), make_person()
    registration = make_registration(person=member)
    for given_role in (role, ClubRole.Role.ORGANIZER):
        ClubRole.objects.create(person=reader, role=given_role)
    client = Client()
    client.force_login(reader)

    page = html.fromstring(client.get(get_page_path(registration, "/en")).content)

    assert len(page.xpath(f"//dd/a[contains(@href, '/club/people/{member.pk}/')]")) == count


RESEND_FORM = "//form[contains(@action, '/resend/')]"


def make_registration_without_address(congress):
    return make_registration(congress.tickets.get(), order=make_order(congress, email=""), email="")


def test_page_offers_no_resend_without_an_address(organizer, congress):
    without_address = make_registration_without_address(congress)
    with_address = make_registration(congress.tickets.get())

    page = html.fromstring(organizer.get(get_page_path(without_address)).content)
    other_page = html.fromstring(organizer.get(get_page_path(with_address)).content)

    assert page.xpath(RESEND_FORM) == []
    assert len(other_page.xpath(RESEND_FORM)) == 1


def test_refused_resend_returns_to_the_registration(organizer, congress):
    registration = make_registration_without_address(congress)
    path = get_page_path(registration, "/en")

    page = organizer.post(f"{path}resend/", follow=True)

    assert page.redirect_chain == [(path, 302)]
    assert "Add an e-mail address first." in page.text


def test_each_reason_is_named_after_its_action(organizer, congress):
    registration = make_registration(congress.tickets.get())

    page = html.fromstring(organizer.get(get_page_path(registration, "/en")).content)

    labels = [
        " ".join(label.text_content().split()) for label in page.xpath("//label[contains(., 'Reason')]")
    ]
    assert labels == ["Reason for the correction (optional)", "Reason for the cancellation (optional)"]


def test_label_of_the_note_is_only_for_screen_readers(organizer, congress):
    registration = make_registration(congress.tickets.get())

    page = html.fromstring(organizer.get(get_page_path(registration, "/en")).content)

    [label] = page.xpath("//label[@for='id_text']")
    assert label.text == "Note for staff"
    assert label.get("class") == "visually-hidden"


def test_new_link_without_an_address_is_not_said_to_be_sent(organizer, congress):
    registration = make_registration_without_address(congress)

    page = organizer.post(f"{get_page_path(registration, '/en')}renew/", follow=True)

    assert "No e-mail was sent, because there is no address" in page.text
