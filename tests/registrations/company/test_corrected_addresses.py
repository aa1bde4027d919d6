"""Corrected addresses of colleagues: the e-mail that the new address gets."""

import pytest
from django.utils import timezone

from registrations.company.invitations import build_details_url
from registrations.company.models import Invitation
from registrations.models import Registration
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
