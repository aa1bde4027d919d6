"""Scans and presences that hand-written SQL saves are stored as the ORM would store them."""

import datetime
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning.presence import PresenceState
from badges.attendance.scanning.presence_store import save_presences
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.sql import SCAN_COLUMNS, STATE_COLUMN_NAMES
from convention.db.raw_sql import insert_rows
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)

pytestmark = pytest.mark.django_db
AT = datetime.datetime(2027, 6, 16, 8, 31, 2, 123456, tzinfo=datetime.UTC)


def read_stored(model):
    """Return the rows as the database stores them, without their ids."""
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {model._meta.db_table} ORDER BY id")
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def save_presences_by_orm(event, states, at):
    """Save presences as `save_presences` does, by the ORM."""
    rows = [
        Presence(event=event, checkpoint_id=checkpoint, registration_id=registration, changed_at=at)
        for registration, checkpoint in sorted(states)
    ]
    for row in rows:
        state = states[row.registration_id, row.checkpoint_id]
        for name in STATE_COLUMN_NAMES:
            setattr(row, name, getattr(state, name.removesuffix("_id")))
    Presence.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["checkpoint", "registration"],
        update_fields=[*STATE_COLUMN_NAMES, "changed_at", "sequence"],
    )


def test_presences_are_inserted_and_updated_as_by_the_orm():
    event = make_event()
    entrance, device = Checkpoint.objects.get(), make_device(event)[0]
    first, second, third = (make_registration(event).pk for _number in range(3))
    inside = PresenceState(
        is_inside=True, first_entered_at=AT, last_entered_at=AT, last_device=device.pk,
        last_checkpoint=entrance.pk, entries=1, last_scan_at=AT, version=1,
    )  # fmt: skip
    left = PresenceState(
        first_entered_at=AT, last_entered_at=AT, last_left_at=AT.replace(hour=9), seconds_inside=1738,
        entries=2, has_conflict=True, last_scan_at=AT.replace(hour=9), version=3,
    )  # fmt: skip
    stored = []
    for save in (
        lambda states, at: save_presences(event.pk, states, at=at),
        lambda states, at: save_presences_by_orm(event, states, at),
    ):
        Presence.objects.all().delete()
        save({(second, entrance.pk): inside, (first, entrance.pk): PresenceState()}, AT)
        Presence.objects.update(sequence=7)
        save({(second, entrance.pk): left, (third, entrance.pk): inside}, AT.replace(hour=10))
        stored.append(read_stored(Presence))

    assert stored[0] == stored[1]
    assert [row["sequence"] for row in stored[0]] == [7, None, None]


def test_scans_are_inserted_as_by_the_orm():
    event = make_event()
    device = make_device(event)[0]
    record_scan_items(
        device=device,
        items=[
            make_item(make_badge_code(make_registration(event)), sequence=4, operator="Zoé “Z”", let_in=True),
            make_item("https://example.com/{}\\", undoes=str(uuid.uuid4()), at=timezone.now().isoformat()),
        ],
    )
    rows = list(Scan.objects.order_by("pk").values(*SCAN_COLUMNS))

    stored = []
    for save in (
        lambda: insert_rows(Scan._meta.db_table, SCAN_COLUMNS, rows),
        lambda: Scan.objects.bulk_create(Scan(**row) for row in rows),
    ):
        Scan.objects.all().delete()
        save()
        stored.append(read_stored(Scan))

    assert len(rows) == 2
    assert stored[0] == stored[1]


def test_every_column_of_a_scan_is_inserted():
    unsaved = [
        field.column
        for field in Scan._meta.concrete_fields
        if not field.primary_key and field.column not in SCAN_COLUMNS
    ]

    assert unsaved == []
