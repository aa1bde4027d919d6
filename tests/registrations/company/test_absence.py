"""A colleague whose place the company pays for tells the contact that they cannot come."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.club.models import CompanyContact
from convention.errors import NotOpenNow
from registrations.changes.cancel import CancelledBy, cancel_as_attendee, find_canceller
from registrations.models import Order, Registration
from registrations.permissions import make_own_secret
from tests.factories import make_person
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(run_tasks, mailoutbox):
    """A company with an order of one place, about which all e-mails are sent."""
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "a@x.fr", first_name="Ada"), language="en")
    Order.objects.update(language="en")
    run_tasks()
    mailoutbox.clear()
    return desk


def make_own_path(page="absence"):
    registration = Registration.objects.get()
    secret = make_own_secret(registration)
    return f"/en/orders/{registration.order.reference}/{secret}/{registration.reference}/{page}/"


def report(client):
    return client.post(make_own_path(), follow=True)


def test_cancel_page_of_a_paid_place_leads_to_the_one_that_tells_the_contact(desk, client):
    page = client.get(make_own_path("cancel"), follow=True).text

    assert "Tell Cléo Contact" in page
    assert "Cancel the registration" not in page


def test_order_page_of_the_attendee_says_i_cant_come(desk, client):
    registration = Registration.objects.get()
    path = registration.order.build_path_with(make_own_secret(registration), language="en")

    page = client.get(path).text

    assert "I can’t come" in page
    assert "Cancel the registration" not in page


def test_report_cancels_nothing(desk, client):
    response = report(client)

    assert "We are e-mailing Cléo Contact." in response.text
    assert Registration.objects.get().cancelled_at is None


def test_contact_gets_an_e_mail_with_the_name_and_the_page_of_the_place(desk, client, run_tasks, mailoutbox):
    report(client)

    run_tasks()

    [mail] = mailoutbox
    registration = Registration.objects.get()
    assert mail.to == [desk.contact.email]
    assert mail.subject.startswith(f"{registration.name} can’t come")
    assert f"/en{desk.at}/registrations/{registration.reference}/" in mail.body
    assert "E-mail: a" in mail.body


def test_report_is_recorded(desk, client):
    report(client)

    assert AuditEntry.objects.filter(verb="registration.report_absence").count() == 1


def test_contacts_page_says_that_the_attendee_cannot_come(desk, client):
    report(client)

    page = desk.client.get(f"/en{desk.at}/registrations/{Registration.objects.get().reference}/").text

    assert "that they can’t come. Give the place to a colleague, or cancel it below." in page


def test_contacts_page_of_an_expired_place_asks_nothing(desk, client):
    report(client)
    Registration.objects.update(
        confirmed_at=None, hold_expires_at=timezone.now() - datetime.timedelta(hours=1)
    )

    page = desk.client.get(f"/en{desk.at}/registrations/{Registration.objects.get().reference}/").text

    assert "that they can’t come." not in page


@pytest.fixture
def passed_deadline(desk):
    """Set a deadline for transfers that has passed."""
    desk.event.substitutions_close_at = timezone.now() - datetime.timedelta(hours=1)
    desk.event.save()


def test_after_the_deadline_the_contacts_page_proposes_to_cancel_only(desk, client, passed_deadline):
    report(client)

    page = desk.client.get(f"/en{desk.at}/registrations/{Registration.objects.get().reference}/").text

    assert "that they can’t come. You can cancel the place below." in page
    assert "Give the place to a colleague" not in page


def test_after_the_deadline_the_e_mail_proposes_to_cancel_only(
    desk, client, passed_deadline, run_tasks, mailoutbox
):
    report(client)

    run_tasks()

    [mail] = mailoutbox
    body, [(html_text, _type)] = " ".join(mail.body.split()), mail.alternatives
    assert "They keep the place until you cancel it" in body
    assert "The deadline for giving it to a colleague has passed." in body
    assert "ive the place" not in body
    assert "ive the place" not in html_text
    assert "Cancel the place" in html_text


def test_after_the_deadline_the_attendees_page_speaks_of_cancelling_only(desk, client, passed_deadline):
    page = client.get(make_own_path()).text

    assert "Cléo Contact decides whether it is cancelled." in page
    assert "colleague" not in page


def test_page_says_when_the_contact_was_told(desk, client):
    report(client)

    page = client.get(make_own_path()).text

    assert "We told Cléo Contact on" in page
    assert "Tell Cléo Contact again" in page


def test_third_report_on_a_day_is_refused(desk, client, settings):
    settings.RATE_LIMITS = "on"
    report(client)
    report(client)

    response = report(client)

    assert response.status_code == 429


def test_attendee_cannot_cancel_a_place_that_the_company_pays_for(desk):
    registration = Registration.objects.get()

    with pytest.raises(NotOpenNow):
        cancel_as_attendee(registration=registration)


def test_posted_cancellation_of_a_paid_place_is_refused(desk, client):
    response = client.post(make_own_path("cancel"))

    assert response.status_code == 409
    assert Registration.objects.get().cancelled_at is None


def test_contact_is_not_told_of_a_free_place(desk, client):
    Registration.objects.update(price=0)

    assert client.get(make_own_path()).status_code == 409


def test_attendee_cancels_a_free_place(desk, client):
    Registration.objects.update(price=0)

    client.post(make_own_path("cancel"))

    assert Registration.objects.get().cancelled_at is not None


def test_attendee_cancels_the_place_if_no_contact_placed_the_order(desk, client):
    Order.objects.update(source=Order.Source.PAGE)

    client.post(make_own_path("cancel"))

    assert Registration.objects.get().cancelled_at is not None


@pytest.mark.parametrize("method", ["get", "post"])
def test_contacts_own_link_leads_to_cancelling_and_mails_nobody(desk, client, run_tasks, mailoutbox, method):
    registration = Registration.objects.get()
    order_path = f"/en/orders/{registration.order.reference}/{registration.order.manage_secret}/"

    response = getattr(client, method)(f"{order_path}{registration.reference}/absence/", follow=True)

    run_tasks()
    assert response.redirect_chain == [(f"{order_path}{registration.reference}/cancel/", 302)]
    assert mailoutbox == []


def cancel_through_api(person, *, method="post"):
    registration = Registration.objects.get()
    _token, secret = create_token(person_id=person.pk, name="x", scopes=["registrations:write"])
    path = f"/api/v1/events/{registration.event.slug}/registrations/{registration.reference}/cancel/"
    headers = {"Authorization": f"Bearer {secret}"}
    return getattr(Client(), method)(path, content_type="application/json", headers=headers)


@pytest.mark.parametrize("method", ["get", "post"])
def test_attendee_does_not_cancel_a_paid_place_through_the_api(desk, method):
    attendee = make_person(email="a@x.fr")

    response = cancel_through_api(attendee, method=method)

    assert response.status_code == 409
    assert Registration.objects.get().cancelled_at is None


def test_contact_cancels_their_own_paid_place_through_the_api(desk):
    Registration.objects.update(email=desk.contact.email)

    response = cancel_through_api(desk.contact)

    assert response.status_code == 200
    assert find_canceller(Registration.objects.get()) == CancelledBy.BUYER


def test_former_contact_does_not_cancel_the_companys_place_through_the_api(desk):
    Registration.objects.update(email=desk.contact.email)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    CompanyContact.objects.filter(person=desk.contact).update(ends_on=yesterday)

    response = cancel_through_api(desk.contact)

    assert response.status_code == 409


def test_attendee_cancels_a_free_place_of_the_company_through_the_api(desk):
    Registration.objects.update(price=0)
    attendee = make_person(email="a@x.fr")

    response = cancel_through_api(attendee)

    assert response.status_code == 200
    assert find_canceller(Registration.objects.get()) == CancelledBy.ATTENDEE
