"""Test that the next morning is a new entry without an exit scan, in any order of upload."""

import datetime
import zoneinfo

import pytest
from django.utils import timezone
from lxml import html

from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.models import Presence
from badges.attendance.reports import headcount
from badges.attendance.scanning.presence import choose_arrival
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.desk.arrivals import count_arrivals
from badges.desk.search import load_guests
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


def test_desk_counts_entries_of_the_second_day(client):
    event = make_event()
    registration = make_registration(event)
    now = timezone.now()
    Presence.objects.create(
        event=event,
        checkpoint=get_or_create_entrance(event),
        registration=registration,
        is_inside=True,
        first_entered_at=now - datetime.timedelta(days=1),
        last_entered_at=now,
        entries=2,
    )

    counts = count_arrivals(event)
    [guest] = load_guests(event, [registration.pk])

    assert counts.recent_count == 1
    assert counts.arrived_count == 1
    assert [presence.registration for presence in counts.latest] == [registration]
    assert guest.arrived_at == now


@pytest.mark.parametrize(
    ("last_hour", "expected_hour"),
    [
        pytest.param(20, 9, id="the same day"),
        pytest.param(23, 23, id="the next day in Paris"),
    ],
)
def test_arrival_is_first_entry_of_the_day_of_the_last_entry(last_hour, expected_hour):
    day = datetime.datetime(2027, 6, 15, tzinfo=datetime.UTC)
    first, last = day.replace(hour=9), day.replace(hour=last_hour)

    assert choose_arrival(first, last, zoneinfo.ZoneInfo("Europe/Paris")) == day.replace(hour=expected_hour)
