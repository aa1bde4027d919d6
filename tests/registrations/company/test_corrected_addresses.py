"""Addresses that a contact enters for colleagues: refused ones, and the e-mail that a new one gets."""

import datetime

import pytest
from django.utils import timezone

from registrations.changes.cancel import cancel_registration
from registrations.changes.resend import resend_mail
from registrations.company.invitations import build_details_url
from registrations.company.models import Invitation
from registrations.models import Registration
from tests.factories import make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_invitation_is_sent_to_address_corrected_by_contact(client, mailoutbox, run_tasks):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "typo@x.fr"))
    run_tasks()
    registration = Registration.objects.get()
    names = {name: getattr(registration, name) for name in ("first_name", "last_name", "company")}

    client.post(
        f"{registration.order.manage_path}{registration.reference}/correct/", {**names, "email": "zoe@x.fr"}
    )
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]]
    registration.refresh_from_db()
    assert build_details_url(registration) in mail.body


def test_attendee_with_complete_details_gets_only_new_link_at_corrected_address(
    client, mailoutbox, run_tasks
):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "typo@x.fr"))
    run_tasks()
    Invitation.objects.update(completed_at=timezone.now())
    registration = Registration.objects.get()
    names = {name: getattr(registration, name) for name in ("first_name", "last_name", "company")}

    client.post(
        f"{registration.order.manage_path}{registration.reference}/correct/", {**names, "email": "zoe@x.fr"}
    )
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]]
    assert "/details/" not in mail.body


def test_address_corrected_by_an_organizer_during_the_event_gets_one_link(mailoutbox, run_tasks):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "typo@x.fr"), make_row("Beta", "beta@x.fr"))
    run_tasks()
    Invitation.objects.update(completed_at=timezone.now())
    desk.event.starts_at = timezone.now() - datetime.timedelta(hours=1)
    desk.event.save()
    rows = Registration.objects.select_related("order", "event", "ticket")

    resend_mail(registration=rows.get(email="typo@x.fr"), email="zoe@x.fr")
    run_tasks()

    assert len([mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]]) == 1


@pytest.mark.parametrize("page", ["", "correct/"])
def test_address_of_another_colleague_is_refused(page):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"), make_row("Bêta", "other@x.fr"))
    registration = Registration.objects.get(email="other@x.fr")
    typed = {"first_name": "Zoé", "last_name": "Bêta" if page else "Gamma", "email": "ZOE@x.fr"}

    response = desk.client.post(f"/en{desk.at}/registrations/{registration.reference}/{page}", typed)

    assert response.context["form"].errors["email"] == [
        "This is the address of Zoé Alpha, who already has a place. Enter another address."
    ]


def test_address_of_a_cancelled_place_can_be_used_again():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"), make_row("Bêta", "other@x.fr"))
    cancel_registration(registration=Registration.objects.get(email="zoe@x.fr"))
    registration = Registration.objects.get(email="other@x.fr")

    typed = {"first_name": "Zoé", "last_name": "Gamma", "email": "zoe@x.fr"}
    desk.client.post(f"{desk.at}/registrations/{registration.reference}/", typed)

    registration.refresh_from_db()
    assert registration.email == "zoe@x.fr"


def test_same_person_may_have_a_place_with_another_ticket():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"), make_row("Bêta", "other@x.fr"))
    make_ticket(desk.event, slug="dinner", name="Dîner")
    registration = Registration.objects.get(email="other@x.fr")
    Registration.objects.filter(email="zoe@x.fr").update(ticket=desk.event.tickets.get(slug="dinner"))

    existing = Registration.objects.get(email="zoe@x.fr")
    typed = {"first_name": "Zoé", "last_name": "Alpha", "email": "zoe@x.fr", "answer": existing.reference}
    desk.client.post(f"{desk.at}/registrations/{registration.reference}/", typed)

    registration.refresh_from_db()
    assert registration.email == "zoe@x.fr"
