"""Entering somebody else's address in one's own registration gives no access to that person's data."""

import pytest

from convention.privacy.erase import execute_erasure
from convention.privacy.export import export_personal_data
from convention.privacy.find_data import add_known_names
from convention.privacy.requests import request_erasure
from convention.privacy.subjects import get_subject
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.models import Voucher, WaitingEntry
from registrations.order_request import BillingDetails, OrderRequest
from registrations.quotations.create import create_package_quotation
from tests.convention.privacy.test_export import open_archive
from tests.factories import make_account, make_event, make_registration, make_ticket, make_voucher
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package

pytestmark = pytest.mark.django_db

STRANGER = "victor@firm.example"
BILLING = BillingDetails(
    name="Victor Target", street="1 rue Basse", postcode="75001", city="Paris", country="FR"
)


@pytest.fixture
def place():
    """Return a registration of Eve's, corrected to the address of Victor, who is on the waiting list."""
    event = make_event()
    person = make_account(first_name="Eve", last_name="Curious", email="eve@example.org")
    names = {"first_name": "Eve", "last_name": "Curious"}
    place = make_registration(make_ticket(event), person=person, email=person.email, **names)
    waits = {"email": STRANGER, "address": STRANGER, "first_name": "Victor", "last_name": "Target"}
    WaitingEntry.objects.create(event=event, ticket=make_ticket(event, slug="full"), **waits)
    make_voucher(event, code="GOLDEN", for_address=STRANGER)
    make_issuer()
    package = make_package(event, make_ticket(event, slug="gold"), slug="gold")
    create_package_quotation(
        package=package, request=OrderRequest(email=STRANGER, places=(), billing=BILLING)
    )
    correction = Correction(**names, email=STRANGER, company="", no_photo=False)
    return correct_registration(registration=place, correction=correction)


def test_export_contains_no_data_of_unverified_address(place):
    assert place.email == STRANGER
    assert place.person.email == "eve@example.org"

    content = (
        open_archive(export_personal_data(subject=add_known_names(get_subject(place.person))))
        .read("data.json")
        .decode()
    )

    assert [secret for secret in ("Target", "GOLDEN", "rue Basse") if secret in content] == []


def test_erasure_preserves_data_of_unverified_address(place):
    case = request_erasure(person=place.person)
    cancel_registration(registration=place)

    execute_erasure(case=case)

    assert WaitingEntry.objects.get().email == STRANGER
    assert Voucher.objects.get().for_address == STRANGER


def test_booking_address_remains_known_after_account_email_changes(place):
    type(place.person).objects.filter(pk=place.person.pk).update(email="eve@new.example")
    place.person.emailaddress_set.update(email="eve@new.example")

    place.person.refresh_from_db()
    assert add_known_names(get_subject(place.person)).addresses == {"eve@new.example", "eve@example.org"}
