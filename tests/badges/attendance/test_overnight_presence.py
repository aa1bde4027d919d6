"""Test that the next morning is a new entry without an exit scan, in any order of upload."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from badges.attendance.models import Presence
from badges.attendance.reports import headcount
from badges.attendance.scanning.presence_store import rebuild_presence
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_staff
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
MORNINGS = [datetime.timedelta(hours=24), datetime.timedelta()]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_scan_on_second_morning_is_entry_without_conflict(client, order):
    event = make_event()
    registration = make_registration(event)
    _device, token = make_device(event)
    now = timezone.now()
    items = [make_item(make_badge_code(registration), at=(now - ago).isoformat()) for ago in MORNINGS]

    for index in order:
        answer = client.post(
            "/api/v1/scanner/scans/",
            {"scans": [items[index]]},
            "application/json",
            headers=make_bearer_header(token),
        )
        assert answer.json()["results"][0]["verdict"] == "admitted"

    presence = Presence.objects.get()
    assert presence.entries == 2
    assert presence.is_inside
    assert not presence.has_conflict

    before = {**vars(presence)}
    rebuild_presence(event=event)

    after = {**vars(Presence.objects.get())}
    for name in ("entries", "is_inside", "has_conflict", "first_entered_at", "last_entered_at"):
        assert before[name] == after[name]


def test_attendee_of_previous_day_is_not_counted_as_inside(client):
    event = make_event()
    _device, token = make_device(event)

    for ago in MORNINGS:
        item = make_item(make_badge_code(make_registration(event)), at=(timezone.now() - ago).isoformat())
        client.post(
            "/api/v1/scanner/scans/", {"scans": [item]}, "application/json", headers=make_bearer_header(token)
        )

    assert headcount.arrived_registrations(event).count() == 2
    assert headcount.inside_registrations(event).count() == 1


def test_pages_do_not_call_an_attendee_of_the_previous_day_inside(client):
    event = make_event()
    device, token = make_device(event)
    registration = make_registration(event)
    item = make_item(make_badge_code(registration), at=(timezone.now() - MORNINGS[0]).isoformat())
    client.post(
        "/api/v1/scanner/scans/", {"scans": [item]}, "application/json", headers=make_bearer_header(token)
    )
    desk, attendance = make_client(make_staff(event)), f"/en/organize/{event.slug}/attendance"

    for path in (f"doors/{device.checkpoint_id}", f"people/{registration.reference}"):
        [departure] = html.fromstring(desk.get(f"{attendance}/{path}/").text).xpath(
            "//td[@data-label='Departure']"
        )
        assert departure.text_content() == "no exit scanned"
