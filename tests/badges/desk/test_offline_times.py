"""Test that entries of an offline desk are dated by the clocks that agree, and uncertain times are marked."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.models import Scan
from tests.badges.desk.test_offline import OfflineDesk, make_entry
from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CLOCK_TOLERANCE = datetime.timedelta(seconds=30)


@pytest.fixture
def zoe():
    now = timezone.now()
    event = make_event(
        slug="x", starts_at=now - datetime.timedelta(hours=1), ends_at=now + datetime.timedelta(hours=9)
    )
    return make_registration(make_ticket(event), first_name="Zoé")


@pytest.fixture
def desk(client, zoe):
    client.force_login(make_staff(zoe.event, "desk"))
    return OfflineDesk(client, zoe.event)


def make_earlier_check_in(guest, sent_at):
    """Return the entry of a check-in five minutes before `sent_at`, by the clocks of page `aaa…`."""
    return {
        **make_entry("check_in", guest.reference, direction="in"),
        "at": (sent_at - datetime.timedelta(minutes=5)).isoformat(),
        "page": "a" * 32,
        "elapsed_ms": 1_000,
    }


@pytest.mark.parametrize("hours", [-3, 3])
def test_entry_of_a_clock_that_was_set_is_dated_by_the_monotonic_clock(desk, zoe, hours):
    sent_at = timezone.now() + datetime.timedelta(hours=hours)

    desk.sync(
        make_earlier_check_in(zoe, sent_at), page="a" * 32, elapsed_ms=301_000, sent_at=sent_at.isoformat()
    )

    scan = Scan.objects.get()
    assert abs(timezone.now() - scan.effective_at - datetime.timedelta(minutes=5)) < CLOCK_TOLERANCE
    assert scan.is_time_uncertain is False


@pytest.mark.parametrize("hours", [-3, 3])
def test_entry_of_an_earlier_page_load_and_a_clock_that_was_set_is_uncertain(desk, zoe, hours):
    sent_at = timezone.now() + datetime.timedelta(hours=hours)

    desk.sync(make_earlier_check_in(zoe, sent_at), page="b" * 32, elapsed_ms=500, sent_at=sent_at.isoformat())

    scan = Scan.objects.get()
    assert scan.is_time_uncertain is True
    assert scan.effective_at <= timezone.now()


def test_uncertain_time_lies_between_those_of_its_neighbours(desk, zoe):
    other = make_registration(zoe.ticket, first_name="Ana")
    early = make_entry("check_in", other.reference, direction="in")
    no_clock = {**make_entry("check_in", zoe.reference, direction="in"), "at": "1970-01-01T00:00:00Z"}
    late = make_entry("check_in", other.reference, direction="out")

    desk.sync(early, no_clock, late)

    times = {(scan.registration, scan.direction): scan for scan in Scan.objects.all()}
    uncertain = times[zoe, "in"]
    assert uncertain.is_time_uncertain is True
    assert times[other, "in"].effective_at <= uncertain.effective_at <= times[other, "out"].effective_at
    assert times[other, "out"].is_time_uncertain is False
