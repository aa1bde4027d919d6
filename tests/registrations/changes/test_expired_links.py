"""Links expire with the address or event they were issued for, and are not disclosed to others."""

import datetime
import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from registrations.changes.resend import correct_order_address, resend_mail
from registrations.company.invitations import save_attendee_details
from registrations.models import Order, Registration
from registrations.order_request import RequestedPlace
from registrations.permissions import make_own_secret
from registrations.waiting_list.periodic import process_waiting_lists
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.quotations.test_quotations import create_quotation
from tests.registrations.visits.hosts import extract_token, make_hosted, make_identified, make_sent_list

pytestmark = [pytest.mark.django_db, pytest.mark.once]
TYPO, RIGHT = "zoe@exmaple.org", "zoe@example.org"


def get_statuses(*paths):
    return [Client().get(path).status_code for path in paths]


@pytest.fixture
def place():
    ticket = make_ticket(make_event(slug="congress"))
    return make_registration(ticket, order=make_order(ticket.event, email=TYPO), email=TYPO)


def test_buyer_gets_new_link_after_correcting_address(place, run_tasks, mailoutbox):
    old = place.order.manage_path
    guest = make_registration(place.ticket, order=place.order, email="guest@example.org")
    own = place.order.build_path_with(make_own_secret(guest))

    typed = {"first_name": "Zoé", "last_name": "Müller", "email": RIGHT, "company": "Acme"}

    new = Client().post(f"{old}{place.reference}/correct/", typed)["Location"]
    assert new == Order.objects.get().manage_path
    assert get_statuses(old, new, own) == [404, 200, 200]

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[RIGHT]]
    assert new in mailoutbox[0].body


def test_correction_without_new_address_does_not_replace_link(place):
    old = place.order.manage_path
    typed = {"first_name": "Zoë", "last_name": "Müller", "email": TYPO, "company": "Acme"}

    assert Client().post(f"{old}{place.reference}/correct/", typed)["Location"] == old


@pytest.mark.parametrize("action", [resend_mail, correct_order_address])
def test_address_correction_by_organizer_replaces_link(place, action, run_tasks, mailoutbox):
    old = place.order.manage_path
    action(registration=place, email=RIGHT)

    new = Order.objects.get().manage_path
    assert get_statuses(old, new) == [404, 200]

    run_tasks()

    assert mailoutbox[0].to == [RIGHT]
    assert new in mailoutbox[0].body

    resend_mail(registration=Registration.objects.get())

    assert Order.objects.get().manage_path == new


def test_repeated_api_order_does_not_disclose_renewed_link(place):
    data = {"email": RIGHT, "registrations": [
        {"ticket": "guest", "first_name": "Zoé", "last_name": "Müller", "email": RIGHT}]}  # fmt: skip

    def sent():
        headers = {"Idempotency-Key": "once"}
        path = "/api/v1/events/congress/orders/"
        return Client().post(path, json.dumps(data), content_type="application/json", headers=headers).json()

    first = sent()
    assert sent() == first
    old = re.sub(r"^https?://[^/]+", "", first["manage_url"])
    assert Client().post(f"{old}renew/").status_code == 302
    again = sent()
    assert again["reference"] == first["reference"]
    assert again["registrations"] == first["registrations"]
    assert again["manage_url"].endswith("/orders/link/")


def test_waiting_list_link_does_not_disclose_renewed_order_link(run_tasks, mailoutbox):
    ticket = make_ticket(make_event(slug="full"), capacity=0)
    typed = {"first_name": "Zoé", "last_name": "Müller", "email": RIGHT, "company": "", "language": "fr"}
    Client().post("/events/full/waiting/guest/", typed)
    ticket.capacity = 1
    ticket.save()
    process_waiting_lists()

    run_tasks()

    path = re.findall(r"/waiting/[\w-]+/", mailoutbox[-1].body)[0]
    old = Client().post(path, {"accept": "1", "shown": "0"})["Location"]
    assert Client().get(path)["Location"] == old
    assert Client().post(f"{old}renew/").status_code == 302
    assert Client().get(path)["Location"] == "/orders/link/"


def test_visitor_list_link_expires_when_security_contact_changes(run_tasks, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)

    make_sent_list(visit)

    path = f"/host/lists/{extract_token(mailoutbox[0])}/"
    assert get_statuses(path) == [200]

    visit.security_email = "other@hote.example"
    visit.save()

    assert get_statuses(path) == [410]
    assert Client().post(path, {"action": "open"}).status_code == 410


def test_quotation_link_expires_three_months_after_event(event):
    make_issuer()
    quotation = create_quotation(event)

    paths = [f"/quotations/{quotation.link_token}/", f"/quotations/{quotation.link_token}/quotation.pdf"]

    assert get_statuses(*paths) == [200, 200]

    event.ends_at = timezone.now() - datetime.timedelta(days=91)
    event.starts_at = event.ends_at - datetime.timedelta(hours=9)
    event.save()

    assert get_statuses(*paths) == [410, 410]
    assert Client().post(f"{paths[0]}mail/").status_code == 410


@pytest.fixture
def invited(run_tasks):
    """Return the registration of an invited colleague, and the path of its details page."""
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"))
    run_tasks()
    one = Registration.objects.select_related("order", "event").get()
    return one, f"{one.order.build_path_with(make_own_secret(one))}{one.reference}/details/"


def test_colleague_enters_name_once_and_then_only_corrects_typos(invited):
    one, page = invited
    for first, last, status in (("Ana", "Silva", 302), ("Anna", "Silva", 302), ("Bob", "Roi", 200)):
        answer = Client().post(page, {"first_name": first, "last_name": last})
        assert answer.status_code == status

    assert "nom d’une autre personne" in answer.text
    one.refresh_from_db()
    assert one.name == "Anna Silva"
    assert one.issued_to["last_name"] == "Silva"


def test_details_cannot_name_another_person_after_deadline(invited):
    one, page = invited
    one.event.substitutions_close_at = timezone.now() - datetime.timedelta(hours=1)
    one.event.save()

    assert Client().post(page, {"first_name": "Bob", "last_name": "Roi"}).status_code == 200
    assert Client().post(page, {"first_name": "Zoë", "last_name": "Alpha"}).status_code == 302
    one.refresh_from_db()
    assert one.name == "Zoë Alpha"


def test_details_of_member_place_accept_only_name_of_member(run_tasks):
    desk = make_desk()
    order_rows(desk, make_row("Silva", desk.colleague.email, "member", first_name="Ana"))

    one = Registration.objects.select_related("order").get()
    page = f"{one.order.build_path_with(make_own_secret(one))}{one.reference}/details/"
    assert Client().post(page, {"first_name": "Bob", "last_name": "Roi"}).status_code == 200

    details = RequestedPlace(ticket="", first_name="Ana Maria", last_name="Silva")

    assert save_attendee_details(registration=one, details=details).name == "Ana Maria Silva"
