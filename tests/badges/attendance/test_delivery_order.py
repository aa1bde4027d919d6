"""Test that presence does not depend on the order, batches or duplicates in which scans are delivered."""

import datetime
import uuid

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.sql import STATE_COLUMN_NAMES
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)

FIELDS = ["registration_id", "checkpoint_id", *STATE_COLUMN_NAMES]


def load_presence_rows():
    return sorted(Presence.objects.values_list(*FIELDS))


def delete_scans_and_presences():
    Presence.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Scan._meta.db_table}")


@pytest.mark.long
@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=some.data())
def test_presence_does_not_depend_on_delivery_order_or_batches(data, django_db_blocker):
    event = make_event()
    gate = Checkpoint.objects.create(event=event, name="Porte B", counts_as=event.checkpoints.get())
    devices = [make_device(event)[0], make_device(event, checkpoint=gate)[0]]
    codes = [make_badge_code(make_registration(event)) for _number in range(2)]
    now = timezone.now()
    drawn = data.draw(
        some.lists(
            some.tuples(
                some.integers(0, 1), some.integers(0, 1), some.sampled_from(["in", "out"]),
                some.integers(0, 30), some.sampled_from(["", "admitted", "already_in"]),
            ),
            min_size=1, max_size=9,
        )
    )  # fmt: skip
    scans = [
        (
            devices[device],
            make_item(
                codes[person],
                id=str(uuid.uuid4()),
                direction=direction,
                at=(now - datetime.timedelta(hours=1) + datetime.timedelta(seconds=7 * step)).isoformat(),
                local_verdict=local,
            ),
        )
        for device, person, direction, step, local in drawn
    ]
    results = []

    for _round in range(2):
        delete_scans_and_presences()
        delivered = data.draw(some.permutations(scans + scans[:3]))
        size = data.draw(some.integers(1, 4))
        for device in devices:
            own = [item for owner, item in delivered if owner is device]
            for start in range(0, len(own), size):
                record_scan_items(device=device, items=own[start : start + size], at=now)
        assert Scan.objects.count() == len(scans)
        results.append(load_presence_rows())
        rebuild_presence(event=event)
        assert load_presence_rows() == results[-1]

    assert results[0] == results[1]


@pytest.mark.django_db
def test_rebuild_corrects_presences_and_deletes_presences_without_scans():
    event = make_event()
    device = make_device(event)[0]
    first, second = make_registration(event), make_registration(event)
    record_scan_items(device=device, items=[make_item(make_badge_code(first))])
    before = load_presence_rows()
    Presence.objects.update(is_inside=False, entries=7)
    Presence.objects.create(
        event=event, checkpoint=event.checkpoints.get(), registration=second, is_inside=True, version=3,
        last_entered_at=timezone.now(),
    )  # fmt: skip

    rebuild_presence(event=event)

    assert load_presence_rows() == before
