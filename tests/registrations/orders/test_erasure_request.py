"""Attendees without an account ask to be erased, on the page behind their link."""

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


def test_page_says_when_the_club_answers_and_what_stays(client, registration):
    text = read_main_text(client.get(make_path(registration)))

    assert "The club answers within one month, by e-mail to ann@example.org." in text
    assert "Issued invoices and payments are kept for 10 years, as required by law." in text


def test_request_of_an_attendee_is_listed_with_their_address(client, registration):
    client.post(make_path(registration))

    case = PrivacyCase.objects.unanswered().get()
    assert case.email == "ann@example.org"
    assert case.kind == PrivacyCase.Kind.ERASURE


def test_request_erases_nothing(client, registration):
    client.post(make_path(registration))

    registration.refresh_from_db()
    assert registration.email == "ann@example.org"


def test_buyers_link_asks_for_the_buyers_address(client, registration):
    client.post(make_path(registration, registration.order.manage_secret))

    assert PrivacyCase.objects.get().email == "buyer@example.org"


def test_request_is_confirmed_by_e_mail(client, registration, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(make_path(registration))

    [mail] = mailoutbox
    assert mail.to == ["ann@example.org"]


def test_second_request_opens_no_second_case(client, registration):
    client.post(make_path(registration))

    client.post(make_path(registration))

    assert PrivacyCase.objects.count() == 1


def test_request_is_linked_to_the_account_with_the_address(client, registration):
    person = make_person(email="ann@example.org")

    client.post(make_path(registration))

    assert PrivacyCase.objects.get().person == person


def test_request_is_recorded(client, registration):
    client.post(make_path(registration))

    assert AuditEntry.objects.filter(verb="privacy_request.create").count() == 1


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
