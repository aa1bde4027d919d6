"""A contact sends the link again to all colleagues who have not completed their details."""

import datetime

import pytest
from django.utils import timezone

from registrations.company.models import Invitation
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(run_tasks, mailoutbox):
    """A company with two colleagues who were invited two days ago."""
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "a@x.fr"), make_row("Beta", "b@x.fr"))
    run_tasks()
    mailoutbox.clear()
    Invitation.objects.update(sent_at=timezone.now() - datetime.timedelta(days=2))
    return desk


def remind(desk):
    return desk.client.post(f"/en{desk.at}/remind/{desk.event.slug}/", follow=True).text


def list_recipients(mailoutbox):
    return sorted(mail.to[0] for mail in mailoutbox)


def test_all_incomplete_colleagues_are_e_mailed_once(desk, run_tasks, mailoutbox):
    page = remind(desk)
    run_tasks()

    assert "We are e-mailing 2 colleagues." in page
    assert list_recipients(mailoutbox) == ["a@x.fr", "b@x.fr"]


def test_nobody_is_e_mailed_twice_within_a_day(desk, run_tasks, mailoutbox):
    remind(desk)
    run_tasks()

    page = remind(desk)
    run_tasks()

    assert "all of them have had an e-mail within the last 24 hours" in page
    assert len(mailoutbox) == 2


@pytest.mark.parametrize("field", ["completed_at", "refused_at"])
def test_complete_details_and_refused_addresses_are_left_out(desk, run_tasks, mailoutbox, field):
    Invitation.objects.filter(registration__last_name="Alpha").update(**{field: timezone.now()})

    remind(desk)
    run_tasks()

    assert list_recipients(mailoutbox) == ["b@x.fr"]


def test_list_offers_the_reminder_while_details_are_incomplete(desk):
    before = desk.client.get(f"/en{desk.at}/registrations/").text
    Invitation.objects.update(completed_at=timezone.now())

    after = desk.client.get(f"/en{desk.at}/registrations/").text

    assert "2 colleagues have not completed their details." in before
    assert "Send the link again to all of them" not in after
