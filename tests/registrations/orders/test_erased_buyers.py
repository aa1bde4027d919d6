"""Buyers who are erased although attendees of their orders keep their places."""

import datetime

import pytest
from django.utils import timezone, translation

from badges.confirmations.send import send_order_mails
from convention.personal_data import DataSubject
from convention.privacy.erase import ErasureBlocked, erase_subject
from registrations.changes.cancel import cancel_registration
from registrations.changes.links import build_attendee_url
from registrations.models import Registration
from registrations.privacy import find_upcoming_places
from tests.factories import make_registration

pytestmark = pytest.mark.django_db
BUYER = DataSubject(None, frozenset({"buyer@firm.example"}))


@pytest.fixture
def place():
    """Return a place that the buyer ordered for a colleague with an address of their own."""
    registration = make_registration(email="ana@firm.example")
    registration.order.email = "Buyer@firm.example"
    registration.order.save()
    return registration


def erase_buyer(place):
    erase_subject(BUYER)
    place.refresh_from_db()
    place.order.refresh_from_db()


def test_attendee_keeps_place_name_and_address(place):
    erase_buyer(place)

    assert place.order.email == ""
    assert place.email == "ana@firm.example"
    assert place.cancelled_at is None


def test_attendees_link_stays_valid(client, place):
    url = build_attendee_url(place)

    erase_buyer(place)

    assert client.get(url, follow=True).status_code == 200


def test_buyers_link_is_replaced(client, place):
    path = place.order.manage_path

    erase_buyer(place)

    assert client.get(path, follow=True).status_code == 404


def test_attendee_is_e_mailed_the_own_link(place, run_tasks, mailoutbox):
    erase_buyer(place)
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["ana@firm.example"]
    assert build_attendee_url(place) in mail.body


def test_attendee_without_a_name_who_got_no_confirmation_is_e_mailed(place, run_tasks, mailoutbox):
    place.order.notifies_attendees = True
    place.order.save()
    Registration.objects.filter(pk=place.pk).update(first_name="", last_name="", sort_name="")

    erase_buyer(place)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["ana@firm.example"]]


def test_attendee_who_got_the_link_with_the_place_gets_no_second_e_mail(place, run_tasks, mailoutbox):
    # A second holder got the link with the place.
    place.badge_version += 1
    place.save()

    erase_buyer(place)
    run_tasks()

    assert mailoutbox == []


def test_attendee_is_e_mailed_about_a_cancellation(place, run_tasks, mailoutbox):
    send_order_mails.enqueue(place.order_id)
    run_tasks()
    erase_buyer(place)
    run_tasks()
    mailoutbox.clear()

    cancel_registration(registration=place)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["ana@firm.example"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"email": ""},
        {"email": "BUYER@firm.example"},
        {"confirmed_at": None, "hold_expires_at": timezone.now() + datetime.timedelta(hours=1)},
    ],
    ids=["no address", "the buyer's address", "not confirmed"],
)
def test_place_that_needs_the_buyer_blocks_the_erasure(place, changes):
    for name, value in changes.items():
        setattr(place, name, value)
    place.save()

    with pytest.raises(ErasureBlocked):
        erase_subject(BUYER)


def test_own_place_that_somebody_else_ordered_blocks_the_erasure(place):
    with pytest.raises(ErasureBlocked):
        erase_subject(DataSubject(None, frozenset({"ana@firm.example"})))


def test_buyer_reads_that_the_attendees_address_settles_it(place):
    place.email = ""
    place.save()

    with translation.override("en"):
        [blocker] = find_upcoming_places(BUYER)

    assert "Enter the attendee’s own e-mail address, or cancel the place first." in str(blocker)


def test_organizers_read_how_to_settle_an_unconfirmed_place_of_somebody_else(place):
    place.confirmed_at, place.hold_expires_at = None, timezone.now() + datetime.timedelta(hours=1)
    place.save()

    with translation.override("en"):
        [blocker] = find_upcoming_places(BUYER)

    assert [str(task.label) for task in blocker.tasks] == [
        f"Cancel registration {place.reference}, ordered for someone else: ask the attendee before you cancel"
    ]
