"""Attendees without an account ask to be erased, on the page behind their link."""

import datetime
import re

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.privacy.models import PrivacyCase
from registrations.permissions import make_own_secret
from tests.factories import make_event, make_order, make_person, make_registration, make_ticket
from tests.registrations.orders.test_order_page import read_main_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration():
    """The place of an attendee with an address of their own, in a buyer's order."""
    event = make_event()
    order = make_order(event, email="buyer@example.org", language="en")
    return make_registration(make_ticket(event), order=order, email="ann@example.org")


def make_path(registration, secret=""):
    order = registration.order
    return f"/en/orders/{order.reference}/{secret or make_own_secret(registration)}/erasure/"


def test_order_page_leads_to_the_request(client, registration):
    path = registration.order.build_path_with(make_own_secret(registration), language="en")

    page = client.get(path).text

    assert make_path(registration) in page


def request_link(client, registration, run_tasks, mailoutbox, secret=""):
    """Ask for the erasure, and return the path of the link in the e-mail that confirms the request."""
    client.post(make_path(registration, secret))
    run_tasks()
    return re.search(r"https?://[^/]+(/en/orders/erasure/\S+)", mailoutbox[-1].body)[1]


@pytest.fixture
def confirm(client, registration, run_tasks, mailoutbox):
    """Return a function that asks for the erasure and confirms it behind the e-mailed link."""

    def confirm(secret=""):
        path = request_link(client, registration, run_tasks, mailoutbox, secret)
        return client.post(path, follow=True)

    return confirm


def test_page_says_where_the_link_goes_and_what_stays(client, registration):
    text = read_main_text(client.get(make_path(registration)))

    assert "we e-mail a link to ann@example.org" in text
    assert "Issued invoices and payments are kept for 10 years, as required by law." in text


def test_request_opens_no_case_before_it_is_confirmed(client, registration, run_tasks):
    client.post(make_path(registration))
    run_tasks()

    assert not PrivacyCase.objects.exists()


def test_address_entered_behind_a_link_is_asked_first(client, registration, run_tasks, mailoutbox):
    make_person(email="victim@corp.example")
    order = registration.order
    fields = {
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "email": "victim@corp.example",
    }
    client.post(
        f"{make_path(registration).removesuffix('erasure/')}{registration.reference}/correct/", fields
    )
    registration.refresh_from_db()
    registration.order = order

    client.post(make_path(registration))
    run_tasks()

    assert registration.email == "victim@corp.example"
    assert not PrivacyCase.objects.exists()
    assert mailoutbox[-1].subject == "Confirm your erasure request"
    assert mailoutbox[-1].to == ["victim@corp.example"]


def test_opening_the_e_mailed_link_sends_nothing_yet(client, registration, run_tasks, mailoutbox):
    path = request_link(client, registration, run_tasks, mailoutbox)

    text = read_main_text(client.get(path))

    assert "The club answers within one month, by e-mail to ann@example.org." in text
    assert not PrivacyCase.objects.exists()


def test_confirmed_request_is_listed_with_the_address(confirm):
    response = confirm()

    case = PrivacyCase.objects.unanswered().get()
    assert case.email == "ann@example.org"
    assert case.kind == PrivacyCase.Kind.ERASURE
    assert "We have received your request and will answer by" in response.text


def test_confirmed_request_erases_nothing(confirm, registration):
    confirm()

    registration.refresh_from_db()
    assert registration.email == "ann@example.org"


def test_buyers_link_asks_for_the_buyers_address(confirm, registration, mailoutbox):
    confirm(registration.order.manage_secret)

    assert mailoutbox[0].to == ["buyer@example.org"]
    assert PrivacyCase.objects.get().email == "buyer@example.org"


def test_request_is_confirmed_by_e_mail(confirm, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        confirm()

    assert mailoutbox[-1].subject == "Your personal data request"
    assert mailoutbox[-1].to == ["ann@example.org"]


def test_second_request_opens_no_second_case(confirm):
    confirm()

    confirm()

    assert PrivacyCase.objects.count() == 1


def test_request_is_linked_to_the_account_with_the_address(confirm):
    person = make_person(email="ann@example.org")

    confirm()

    assert PrivacyCase.objects.get().person == person


def test_request_is_recorded(confirm):
    confirm()

    assert AuditEntry.objects.filter(verb="privacy_request.create").count() == 1


def test_link_expires_after_three_days(client, registration, run_tasks, mailoutbox, monkeypatch):
    path = request_link(client, registration, run_tasks, mailoutbox)
    later = (timezone.now() + datetime.timedelta(days=3, minutes=1)).timestamp()
    monkeypatch.setattr("convention.codes.secret_keys.time.time", lambda: later)

    response = client.post(path)

    assert response.status_code == 410
    assert not PrivacyCase.objects.exists()


def test_typed_address_that_is_not_verified_cannot_be_erased(client, registration):
    registration.order.needs_verification = True
    registration.order.save()

    response = client.post(make_path(registration, registration.order.manage_secret))

    assert response.status_code == 404
    assert not PrivacyCase.objects.exists()


def test_place_without_an_address_offers_no_request(client, registration):
    registration.email = ""
    registration.cancelled_at = timezone.now()
    registration.save()

    assert client.get(make_path(registration)).status_code == 404
