"""Test headcount bounds while devices are silent, capacity alarms, and leases of places to devices."""

import datetime
import json

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.models import CapacityLease, Checkpoint, Device, Presence
from badges.attendance.scanning.device_state.leases import (
    DELIVERY_DURATION,
    LEASE_DURATION,
    renew_lease,
)
from badges.attendance.scanning.device_state.silence import find_silent_devices
from badges.attendance.scanning.record_scans import record_scan_items
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.web.rate_limit_cache import limits_cache
from tests.badges.attendance.factories import (
    build_snapshot,
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_administrator
from tests.pdf_readers import pdf_text

MINUTE = datetime.timedelta(minutes=1)
SNAPSHOT_URL = "/api/v1/scanner/snapshot/"
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    return make_event(slug="convention")


def let_in(device, event, number, **fields):
    """Let new attendees in by this device."""
    items = [
        make_item(make_badge_code(make_registration(event)), let_in=True, **fields)
        for _number in range(number)
    ]
    return record_scan_items(device=device, items=items)


def fall_silent(device, minutes, **state):
    Device.objects.filter(pk=device.pk).update(seen_at=timezone.now() - minutes * MINUTE, state=state)


def test_silent_device_makes_headcount_uncertain(client, event):
    gate = Checkpoint.objects.create(event=event, name="Porte B", counts_as=event.checkpoints.get())
    silent, heard = make_device(event, checkpoint=gate, name="Lise")[0], make_device(event)[0]
    let_in(silent, event, 5, at=(timezone.now() - 20 * MINUTE).isoformat())
    let_in(heard, event, 3)
    fall_silent(silent, 12, pending=1)
    _row, token = create_token(
        person_id=make_administrator().pk, name="count", scopes=[ApiToken.Scope.ATTENDANCE_READ]
    )

    body = client.get("/api/v1/events/convention/headcount/", headers=make_bearer_header(token)).json()

    # Five entries in the half hour before mean up to three in twelve minutes; one scan was still unsent.
    assert body["inside"] == 8
    assert body["fewest_inside"] == 7
    assert body["most_inside"] == 12
    [device] = body["silent_devices"]
    assert device == {"name": "Lise", "checkpoint": "Porte B", "silent_minutes": 12, "entries": 4, "exits": 1}
    assert AuditEntry.objects.filter(verb="attendance.headcount").exists()
    client.force_login(make_administrator())
    page = client.get(
        reverse(
            "organize-attendance",
            args=[event.slug],
        ),
        {"part": "numbers"},
    )
    text = page.content.decode()
    assert "entre 7 et 12" in text
    assert "ne répond plus depuis 12 minutes" in text
    assert [total for _at, _label, total in page.context["arrivals"].points][-1] == page.context[
        "total"
    ].arrived_count


def test_silent_device_is_estimated_by_rate_at_current_checkpoint(event):
    busy, calm = (Checkpoint.objects.create(event=event, name=name) for name in ("Porte B", "Salle"))
    device = make_device(event, checkpoint=busy)[0]
    let_in(device, event, 5)
    device.checkpoint = calm
    device.save(update_fields=["checkpoint"])
    let_in(device, event, 1)
    fall_silent(device, 10)

    [silent] = find_silent_devices(event, at=timezone.now())

    assert silent.checkpoint_id == calm.pk
    assert silent.entries == 1


def test_silent_device_is_estimated_by_half_hour_before_its_silence(event):
    gates = [Checkpoint.objects.create(event=event, name=name, kind="entrance") for name in ("Nord", "Sud")]
    early, late = (make_device(event, checkpoint=gate)[0] for gate in gates)
    for device in (early, late):
        let_in(device, event, 3, at=(timezone.now() - 50 * MINUTE).isoformat())
    fall_silent(early, 29)  # its half hour began 59 minutes ago
    fall_silent(late, 10)  # its half hour began 40 minutes ago

    entries = {silent.device_id: silent.entries for silent in find_silent_devices(event, at=timezone.now())}

    assert entries == {early.pk: 3, late.pk: 0}


def test_silent_device_without_entries_shows_no_bounds(client, event):
    fall_silent(make_device(event, name="Lise")[0], 12)
    client.force_login(make_administrator())

    page = client.get(reverse("organize-attendance", args=[event.slug]), {"part": "numbers"}).content.decode()
    with translation.override("en"):
        pdf = client.get(reverse("organize-evacuation-pdf", args=[event.slug]))

    assert "0 sur place, sous réserve\u202f:" in page
    assert "entre 0 et 0" not in page
    assert "between" not in pdf_text(pdf.content)
    assert "some devices are not responding" in pdf_text(pdf.content)


def test_capacity_alarm_starts_before_limit_and_meter_shows_excess(client, event):
    room = Checkpoint.objects.create(event=event, name="Salle", kind="session", capacity=10)
    device = make_device(event, checkpoint=room)[0]
    client.force_login(make_administrator())
    address = reverse("organize-attendance", args=[event.slug])

    let_in(device, event, 8)
    assert client.get(address).context["live"].alarms == []
    let_in(device, event, 1)
    [alarm] = client.get(address).context["live"].alarms
    assert alarm.checkpoint == room
    assert alarm.is_over is False
    let_in(device, event, 2)
    page = client.get(address)
    assert page.context["live"].alarms[0].is_over
    assert 'class="meter over"' in page.content.decode()


def test_attendance_page_counts_entries_by_second_gates_but_not_by_exits(client, event):
    entrance = event.checkpoints.get()
    gate = Checkpoint.objects.create(event=event, name="Porte B", counts_as=entrance)
    Checkpoint.objects.create(event=event, name="Sortie", kind="exit", counts_as=entrance)
    let_in(make_device(event, checkpoint=gate)[0], event, 2)
    let_in(make_device(event, checkpoint=entrance)[0], event, 3)
    client.force_login(make_administrator())
    with translation.override("en"):
        address = reverse("organize-attendance", args=[event.slug])

    page = client.get(address)

    [row] = page.context["live"].checkpoints
    assert row.arrived_count == 5
    assert [(gate.name, gate.entered_count) for gate in row.gates] == [("Porte B", 2)]
    assert "by “Porte B”: 2" in page.content.decode()


def test_place_is_leased_to_one_device_at_a_time(event):
    room = Checkpoint.objects.create(event=event, name="Salle", kind="session", capacity=4)
    now = timezone.now()
    first, second = (make_device(event, checkpoint=room, seen_at=now)[0] for _number in range(2))

    leases = [renew_lease(device, at=now) for device in (first, second)]

    assert [(lease.capacity, lease.inside, lease.lease) for lease in leases] == [(4, 0, 2), (4, 0, 2)]
    # Online, a scan without `let_in` does not take a place that is leased to another device.
    record_scan_items(
        device=first, items=[make_item(make_badge_code(make_registration(event))) for _number in range(2)]
    )
    [third] = record_scan_items(device=first, items=[make_item(make_badge_code(make_registration(event)))])
    assert third.verdict == "refused"
    assert third.reason == "full"
    # The second phone has its two places, offline too.
    assert [result.reason for result in let_in(second, event, 2)] == ["", ""]
    assert [result.reason for result in let_in(second, event, 1)] == ["full"]
    assert renew_lease(second, at=now).lease == 0
    # Unused places are free only after the lease and the time for delivering scans have passed.
    Presence.objects.all().delete()
    CapacityLease.objects.filter(device=second).delete()
    CapacityLease.objects.filter(device=first).update(
        places=4, expires_at=now + LEASE_DURATION + DELIVERY_DURATION
    )
    assert renew_lease(second, at=now + LEASE_DURATION + MINUTE).lease == 0
    assert renew_lease(second, at=now + LEASE_DURATION + DELIVERY_DURATION + MINUTE).lease == 4


def test_late_entry_is_checked_against_capacity_at_scan_time(event):
    """The room was full when its phone had no network, and is empty now."""
    room = Checkpoint.objects.create(event=event, name="Salle", kind="session", capacity=1)
    offline, online = (make_device(event, checkpoint=room)[0] for _number in range(2))
    code = make_badge_code(make_registration(event))
    for minutes, direction in ((10, "in"), (5, "out")):
        at = (timezone.now() - minutes * MINUTE).isoformat()
        record_scan_items(device=online, items=[make_item(code, at=at, direction=direction, let_in=True)])

    [crowded] = let_in(offline, event, 1, at=(timezone.now() - 8 * MINUTE).isoformat())

    assert crowded.verdict == "admitted"
    assert crowded.reason == "full"


def test_phone_has_the_same_bounds_of_the_headcount_as_the_page(client, event):
    silent, other = make_device(event, name="Muet")[0], make_device(event)[0]
    let_in(other, event, 10)
    let_in(silent, event, 3, at=(timezone.now() - 16 * MINUTE).isoformat())
    fall_silent(silent, 15, pending=1)
    client.force_login(make_administrator())

    snapshot = build_snapshot(other)
    [row] = client.get(reverse("organize-attendance", args=[event.slug])).context["live"].checkpoints

    assert row.inside_count == 13
    assert row.fewest_inside == 13 - snapshot["uncertain_exits"] == 12
    assert row.most_inside == 13 + snapshot["uncertain_entries"] == 16


def test_snapshot_returns_limit_and_stores_device_state(client, event):
    Checkpoint.objects.update(capacity=10)
    device, token = make_device(event)
    fall_silent(make_device(event, name="Muet")[0], 5)
    state = {"version": "1", "pending": 2, "battery": 0.5, "camera": "ok", "test_badge": True}
    headers = make_bearer_header(token) | {"scanner-state": json.dumps(state)}

    answer = client.get(SNAPSHOT_URL, headers=headers)
    device.refresh_from_db()

    body = answer.json()
    assert [limit["lease"] for limit in body["limits"]] == [5]
    assert body["devices_silent"] == 1
    assert body["uncertain_entries"] == 0
    assert body["uncertain_exits"] == 0
    assert device.state == state
    assert device.seen_at is not None
    assert client.get(SNAPSHOT_URL, headers=headers | {"if-none-match": answer["ETag"]}).status_code == 304
    # Values that change with every request are stored every half minute, a relevant change at once.
    for changes, is_stored in (({"battery": 0.52, "clock_offset_ms": 40}, False), ({"pending": 0}, True)):
        changed = state | changes
        client.get(SNAPSHOT_URL, headers=make_bearer_header(token) | {"scanner-state": json.dumps(changed)})
        device.refresh_from_db()
        assert (device.state == changed) is is_stored
    for strange in ("{", "[]", '{"battery": 7}', "x" * 2000):
        assert (
            client.get(
                SNAPSHOT_URL, headers=make_bearer_header(token) | {"scanner-state": strange}
            ).status_code
            == 200
        )


def test_open_evacuation_list_is_audited_each_hour_and_opening_it_each_time(client, event):
    client.force_login(make_administrator())
    address = reverse("organize-evacuation", args=[event.slug])
    openings = AuditEntry.objects.filter(verb="evacuation.open")

    client.get(address)
    for _number in range(3):
        client.get(address, {"refresh": "1"})
    count_while_open = openings.count()
    client.get(address)
    count_after_second = openings.count()
    limits_cache.clear()
    client.get(address, {"refresh": "1"})

    assert count_while_open == 1
    assert count_after_second == 2
    assert openings.count() == 3


def test_evacuation_list_contains_everyone_inside(client, event):
    let_in(make_device(event)[0], event, 2)
    room = Checkpoint.objects.create(event=event, name="Salle", kind="session")
    fall_silent(make_device(event, checkpoint=room)[0], 12, pending=3)
    client.force_login(make_administrator())

    page = client.get(reverse("organize-evacuation", args=[event.slug]))
    with translation.override("en"):
        pdf = client.get(reverse("organize-evacuation-pdf", args=[event.slug]))

    # The list is of people at any checkpoint, so the phone of a room makes it uncertain too.
    assert "entre 0 et 5" in page.content.decode()
    assert "between 0 and 5" in pdf_text(pdf.content)
    assert page.content.decode().count("Müller Zoé") == 2
    assert int(page.headers["x-keep-until"]) > timezone.now().timestamp() * 1000
    assert pdf.content.startswith(b"%PDF")
    assert AuditEntry.objects.filter(verb="evacuation.print").exists()


def test_company_bar_links_to_all_counted_registrations(client, event):
    client.force_login(make_administrator())
    for company in ("Acme  SA", " Acme SA", "Acme SA "):
        registration = make_registration(event, company=company)
        record_scan_items(device=make_device(event)[0], items=[make_item(make_badge_code(registration))])

    overview = client.get(reverse("organize-attendance", args=[event.slug]))
    [bar] = overview.context["companies"].rows
    people = client.get(bar.url)

    assert len(people.context["rows"]) == 3


def test_evacuation_list_names_the_default_entrance_in_the_readers_language(client, event):
    Checkpoint.objects.filter(event=event).update(name="Entrée", kind=Checkpoint.Kind.ENTRANCE)
    let_in(make_device(event)[0], event, 1)
    client.force_login(make_administrator())

    with translation.override("en"):
        address = reverse("organize-evacuation", args=[event.slug])
    page = client.get(address).text

    assert "Entrance" in page
    assert "Entrée" not in page


def test_name_that_an_organizer_gave_an_entrance_is_shown_in_every_language(event):
    checkpoint = Checkpoint(event=event, name="Porte du Rhône", kind=Checkpoint.Kind.ENTRANCE)

    with translation.override("en"):
        title = checkpoint.title

    assert title == "Porte du Rhône"
