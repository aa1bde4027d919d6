"""Test that presence follows the operators' actions and excludes undone scans."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.models import Presence
from badges.attendance.scanning.presence_store import rebuild_presence
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


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def send(client, event):
    """Return a function that posts items with a supervisor's device, or the given token, for results."""
    own = make_device(event)[1]

    def post(*items, token=own):
        response = client.post(
            URL, {"scans": list(items)}, content_type="application/json", headers=make_bearer_header(token)
        )
        return response.json()["results"]

    return post


def read_verdicts(results):
    return [(result["verdict"], result["reason"]) for result in results]


def format_time_ago(**delta):
    return (timezone.now() - datetime.timedelta(**delta)).isoformat()


def test_presence_follows_operator_action_not_verdict(send, event):
    """Scan one badge that is sent away, one let in although already inside, one let in although cancelled."""
    sent_away, doubled, gone = (make_registration(event) for _number in range(3))
    code = make_badge_code(gone)
    gone.cancelled_at = timezone.now()
    gone.save()
    send(make_item(make_badge_code(doubled), at=format_time_ago(minutes=5), let_in=True))

    results = send(
        make_item(make_badge_code(sent_away), local_verdict="unverified", let_in=False),
        make_item(make_badge_code(doubled), local_verdict="already_in", let_in=True),
        make_item(code, local_verdict="admitted", let_in=True),
    )

    assert read_verdicts(results) == [("admitted", ""), ("already_in", "conflict"), ("admitted", "cancelled")]
    inside = {row.registration: row.has_conflict for row in Presence.objects.filter(is_inside=True)}
    assert inside == {doubled: True, gone: False}


@pytest.mark.parametrize("is_undo_first", [False, True])
def test_supervisor_device_undoes_scan_of_another_device(send, event, is_undo_first):
    code, scanner = make_badge_code(make_registration(event)), make_device(event, can_override=False)[1]
    entry = make_item(code, let_in=True)
    undo = make_item(code, undoes=entry["id"])

    if is_undo_first:
        undone, _entered = send(undo), send(entry, token=scanner)
    else:
        _entered, undone = send(entry, token=scanner), send(undo)

    assert read_verdicts(undone) == [("admitted", "undone")]
    assert not Presence.objects.filter(entries__gt=0).exists()
    rebuild_presence(event=event)
    assert not Presence.objects.filter(entries__gt=0).exists()


def test_undone_scan_is_removed_from_presence(send, event):
    """Undo a scan, also if the undo arrives first, and refuse it from a device that did not make the scan."""
    registration = make_registration(event)
    code = make_badge_code(registration)
    own, stranger = (make_device(event, can_override=False)[1] for _number in range(2))
    entry = make_item(code, let_in=True)
    undo = make_item(code, undoes=entry["id"])
    send(entry, token=own)

    assert read_verdicts(send(make_item(code, undoes=entry["id"]), token=stranger)) == [
        ("refused", "not_allowed")
    ]
    assert Presence.objects.get().entries == 1
    assert read_verdicts(send(undo, token=own)) == [("admitted", "undone")]
    assert send(undo, token=own)[0]["replayed"] is True
    presence = Presence.objects.get()
    assert presence.is_inside is False
    assert presence.entries == 0
    assert presence.first_entered_at is None
    first, second = make_item(code, let_in=True), make_item(code, let_in=True)
    for scan in (first, second):
        send(make_item(code, undoes=scan["id"]), token=own)
    assert (
        read_verdicts(send(first, token=own))
        == read_verdicts(send(second, token=stranger))
        == [("admitted", "")]
    )
    assert Presence.objects.get().entries == 1
    rebuild_presence(event=event)
    assert Presence.objects.get().entries == 1
    other = make_badge_code(make_registration(event))
    assert read_verdicts(send(make_item(other, undoes=second["id"]), token=stranger)) == [
        ("refused", "not_allowed")
    ]
