"""Test that a place given to somebody else begins its attendance anew."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence
from badges.attendance.reports.day_figures import list_absentees
from badges.attendance.reports.headcount import (
    absent_registrations,
    count_attendance,
    inside_registrations,
)
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_scans import record_scan_items
from badges.certificates.facts import load_session_facts
from registrations.changes.substitute import substitute_as_organizer
from registrations.order_request import RequestedPlace
from tests.badges.attendance.factories import (
    build_snapshot,
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
    record_by_fast_path,
)
from tests.factories import make_session

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def registration(event):
    return make_registration(event)


@pytest.fixture
def device(event):
    return make_device(event)[0]


def give_to_bob(registration):
    """Give the place to Bob, and return it."""
    bob = RequestedPlace(ticket="", first_name="Bob", last_name="Martin", email="bob@example.org")
    return substitute_as_organizer(registration=registration, new_attendee=bob)


def scan(device, code, *, at=None, received_at=None, **fields):
    """Record a scan made and received at these times; return its result."""
    at = at or timezone.now()
    items = [make_item(code, at=at.isoformat(), **fields)]
    [result] = record_scan_items(device=device, items=items, at=received_at or at)
    return result


def test_new_attendee_is_absent_until_first_own_scan(event, registration, device):
    scan(device, make_badge_code(registration), at=timezone.now() - HOUR)

    bob = give_to_bob(registration)

    total = count_attendance(event).total
    assert total.arrived_count == 0
    assert total.inside_count == 0
    assert list(inside_registrations(event)) == []
    assert list(absent_registrations(event)) == [bob]
    assert list_absentees(event, [timezone.localdate()]) == [(timezone.localdate(), [bob])]


def test_first_scan_of_new_attendee_is_admitted_without_conflict(event, registration, device):
    scan(device, make_badge_code(registration), at=timezone.now() - HOUR)
    bob = give_to_bob(registration)

    result = scan(device, make_badge_code(bob))

    assert result.verdict == "admitted"
    assert result.reason == ""
    assert result.entered_at is None
    presence = Presence.objects.get()
    assert presence.is_inside
    assert presence.entries == 1
    assert presence.has_conflict is False
    assert presence.first_entered_at == presence.last_entered_at


def test_phones_are_told_that_new_attendee_is_outside(registration, device):
    scan(device, make_badge_code(registration), at=timezone.now() - HOUR)
    before = build_snapshot(device)
    assert [row["is_inside"] for row in before["presences"]] == [True]

    give_to_bob(registration)

    device.event.refresh_from_db()
    after = build_snapshot(device, since=before["sequence"], cursor=int(before["presences_cursor"]))
    assert [row["is_inside"] for row in after["presences"]] == [False]


def test_late_scan_of_former_attendee_counts_for_nobody(event, registration, device):
    code, scanned_at = make_badge_code(registration), timezone.now() - HOUR
    bob = give_to_bob(registration)
    other_device = make_device(event)[0]
    scan(other_device, make_badge_code(bob))

    result = scan(device, code, at=scanned_at, received_at=timezone.now(), let_in=True)

    assert result.verdict == "admitted"
    assert result.reason == "revoked"
    presence = Presence.objects.get()
    assert presence.entries == 1
    assert presence.has_conflict is False
    assert presence.is_inside is True
    rebuild_presence(event=event)
    assert Presence.objects.get().entries == 1


@pytest.mark.django_db(transaction=True)
def test_late_scan_of_former_attendee_leaves_no_presence_by_fast_path(registration, device):
    code, scanned_at = make_badge_code(registration), timezone.now() - HOUR
    give_to_bob(registration)

    result = record_by_fast_path(device, make_item(code, at=scanned_at.isoformat(), let_in=True))

    assert result.verdict == "admitted"
    assert result.reason == "revoked"
    assert not Presence.objects.exists()


def test_place_in_room_is_free_again_after_transfer(event, registration):
    room = Checkpoint.objects.create(event=event, name="Salle", kind="session", capacity=1)
    device = make_device(event, checkpoint=room)[0]
    scan(device, make_badge_code(registration), at=timezone.now() - HOUR)
    give_to_bob(registration)

    result = scan(device, make_badge_code(make_registration(event)))

    assert result.verdict == "admitted"
    assert result.reason == ""


def test_session_certificate_states_arrival_of_new_attendee(event, registration):
    session = make_session(event, "Keynote", starts_at=timezone.now() - 80 * MINUTE, minutes=60)
    room = Checkpoint.objects.create(event=event, name="Keynote", kind="session", session=session)
    device = make_device(event, checkpoint=room)[0]
    scan(device, make_badge_code(registration), at=timezone.now() - 80 * MINUTE)
    scan(device, make_badge_code(registration), at=timezone.now() - 70 * MINUTE, direction="out")
    bob = give_to_bob(registration)
    arrived_at = timezone.now()
    scan(device, make_badge_code(bob), at=arrived_at)

    [facts] = load_session_facts(session)

    assert [(stay.arrived_at, stay.left_at) for stay in facts.stays] == [(arrived_at, None)]
