"""Test scans that arrive late, out of order or with a wrong clock."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)

URL = "/api/v1/scanner/scans/"
pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def send(client, event):
    """Return a function that posts items with a device of the event, or the given token, for results."""
    own = make_device(event)[1]

    def post(*items, token=own):
        response = client.post(
            URL, {"scans": list(items)}, content_type="application/json", headers=make_bearer_header(token)
        )
        assert response.status_code == 200, response.content
        return response.json()["results"]

    return post


def read_verdicts(results):
    return [(result["verdict"], result["reason"]) for result in results]


def format_time_ago(**delta):
    return (timezone.now() - datetime.timedelta(**delta)).isoformat()


def test_offline_entry_of_since_cancelled_registration_is_admitted(send, event):
    registration = make_registration(event)
    code = make_badge_code(registration)
    registration.cancelled_at = timezone.now() - MINUTE
    registration.badge_version = 2
    registration.save()

    late = make_item(code, at=format_time_ago(hours=2), local_verdict="admitted")

    assert read_verdicts(send(late)) == [("admitted", "cancelled")]
    assert Scan.objects.get().is_offline is True

    online = make_item(code, local_verdict="admitted")

    assert read_verdicts(send(online)) == [("refused", "cancelled")]


def test_badge_admitted_offline_by_two_devices_is_conflict(send, event):
    code = make_badge_code(make_registration(event))
    other = make_device(event)[1]
    later = make_item(code, at=format_time_ago(minutes=30), local_verdict="admitted")

    earlier = make_item(code, at=format_time_ago(minutes=40), local_verdict="admitted")

    assert read_verdicts(send(later)) == [("admitted", "")]
    assert read_verdicts(send(earlier, token=other)) == [("already_in", "conflict")]
    presence = Presence.objects.get()
    assert (
        presence.first_entered_at.isoformat()
        == datetime.datetime.fromisoformat(earlier["at"]).astimezone(datetime.UTC).isoformat()
    )
    assert presence.has_conflict
    assert presence.entries == 1


def test_late_entry_and_exit_before_known_entry_leave_no_conflict(send, event):
    code = make_badge_code(make_registration(event))
    send(make_item(code, at=format_time_ago(minutes=10)))

    entry, leaving = (
        make_item(code, at=format_time_ago(minutes=40)),
        make_item(code, at=format_time_ago(minutes=20), direction="out"),
    )

    assert read_verdicts(send(entry, leaving)) == [
        ("already_in", "conflict"), ("admitted", ""),
    ]  # fmt: skip
    presence = Presence.objects.get()
    assert presence.entries == 2
    assert not presence.has_conflict
    assert presence.seconds_inside // 60 == 20


def test_scan_with_wrong_clock_has_uncertain_time(send, event):
    registrations = [make_registration(event) for _number in range(3)]
    codes = [make_badge_code(registration) for registration in registrations]
    ahead = (timezone.now() + datetime.timedelta(hours=1)).isoformat()

    send(
        make_item(codes[0], at=ahead, clock_offset_ms=-3_600_000),
        make_item(codes[1], at=ahead),
        make_item(codes[2], clock_offset_ms=1500),
    )

    corrected, wrong, slightly_off = (Scan.objects.get(registration=each) for each in registrations)
    assert corrected.is_time_uncertain
    assert wrong.is_time_uncertain
    assert not slightly_off.is_time_uncertain
    for scan in (corrected, wrong, slightly_off):
        assert scan.effective_at <= scan.received_at


def test_batch_is_decided_by_time_and_answered_in_sent_order(send, event):
    code = make_badge_code(make_registration(event))
    items = [
        make_item(code, at=format_time_ago(minutes=10)),
        make_item(code, at=format_time_ago(minutes=30)),
        make_item(code, at=format_time_ago(minutes=20), direction="out"),
    ]

    results = send(*items)

    assert [result["id"] for result in results] == [item["id"] for item in items]
    assert read_verdicts(results) == [("admitted", "")] * 3


def test_scans_at_same_instant_follow_device_sequence(send, event):
    code, at = make_badge_code(make_registration(event)), format_time_ago(minutes=1)
    send(
        *(
            make_item(code, at=at, direction=way, sequence=n)
            for n, way in enumerate(("in", "out", "in", "out"))
        )
    )

    presence = Presence.objects.get()
    assert not presence.is_inside
    assert presence.entries == 2
    assert not presence.has_conflict
