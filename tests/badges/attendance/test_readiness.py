"""Test the readiness page: the state of each device and the missing preparations."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.devices.device_health import DeviceReport, assess_device
from badges.attendance.models import Checkpoint, Device
from badges.printing.print_states import digest_badges, record_printed_badges
from tests.badges.attendance.factories import make_device, make_event, make_registration
from tests.factories import make_session, make_staff

NOW = datetime.datetime(2026, 6, 16, 8, tzinfo=datetime.UTC)
GOOD = {
    "version": "v2", "pending": 0, "oldest_pending_s": None, "battery": 0.9, "camera": "ok",
    "test_badge": True, "storage": "persistent", "clock_offset_ms": 40,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "seconds", "state", "sentence"),
    [
        ({}, 10, "ok", ""),
        ({}, 300, "unknown", "Not responding"),
        ({"camera": "none"}, 10, "problem", "The camera does not work"),
        ({"camera": "untried"}, 10, "unknown", "The camera has not been tried"),
        ({"test_badge": False}, 10, "unknown", "No test badge"),
        ({"battery": 0.12}, 10, "problem", "The battery is low"),
        ({"battery": None}, 10, "ok", ""),
        ({"clock_offset_ms": -600_000}, 10, "problem", "The clock is wrong"),
        ({"storage": "best-effort"}, 10, "ok", "may delete its data"),
        ({"version": "v1"}, 10, "problem", "a different version"),
        ({"pending": 3, "oldest_pending_s": 500}, 10, "problem", "3 scans are waiting"),
        ({"pending": 3, "oldest_pending_s": 4}, 10, "ok", ""),
    ],
)
def test_device_is_ready_without_problems_and_unknowns(changes, seconds, state, sentence):
    report = DeviceReport(seen_at=NOW - datetime.timedelta(seconds=seconds), state=GOOD | changes)

    with translation.override("en"):
        health = assess_device(report, common_version="v2", at=NOW)

    assert health.state == state
    assert sentence in " ".join([*health.problems, *health.unknowns, *health.advice])


def test_device_that_scanned_badges_needs_no_test_badge():
    report = DeviceReport(seen_at=NOW, state=GOOD | {"test_badge": False}, has_scans=True)

    assert assess_device(report, common_version="v2", at=NOW).state == "ok"


def test_clock_that_is_slow_by_milliseconds_has_no_negative_offset():
    report = DeviceReport(seen_at=NOW, state=GOOD | {"clock_offset_ms": -40})

    assert str(report.clock_offset_seconds) == "0.0"


@pytest.mark.django_db
@pytest.mark.once
def test_page_lists_devices_by_state_and_missing_preparations(client):
    event = make_event()
    Device.objects.all().delete()
    make_registration(event)
    session = make_session(event, "Sauvegardes", is_bookable=True, published_in=None)
    Checkpoint.objects.create(event=event, name="Porte B")
    good = make_device(event, name="Lise", seen_at=timezone.now(), state=GOOD)[0]
    make_device(event, name="Paul", seen_at=timezone.now(), state=GOOD | {"camera": "none"})
    make_device(event, name="Zoé")
    make_device(event, name="Rendu", revoked_at=timezone.now())
    client.force_login(make_staff(event, "desk"))
    with translation.override("en"):
        address = reverse("organize-ready", args=[event.slug])

    page = client.get(address)
    part = client.get(f"{address}?part=rows").content.decode()

    devices = page.context["readiness"].devices
    assert [(str(row.device), row.health.state.value) for row in devices] == [
        ("Paul", "problem"), ("Zoé", "unknown"), ("Lise", "ok"),
    ]  # fmt: skip
    assert "Porte B" in part
    assert "No badges have been printed; 1 attendee is registered." in part
    assert session.title in part
    record_printed_badges(digest_badges(event))
    Checkpoint.objects.filter(name="Porte B").delete()
    Checkpoint.objects.create(event=event, session=session, name="Salle", kind="session")
    Device.objects.exclude(pk=good.pk).delete()
    ready = client.get(address)
    assert ready.context["readiness"].gaps == []
    assert "Everything is ready." in ready.content.decode()


@pytest.mark.django_db
@pytest.mark.once
def test_on_site_pages_warn_before_event_that_arrivals_count(client):
    event = make_event()
    client.force_login(make_staff(event, "desk"))
    with translation.override("en"):
        addresses = [reverse(name, args=[event.slug]) for name in ("organize-ready", "desk")]
    event.starts_at = timezone.now() + datetime.timedelta(days=90)
    event.ends_at = event.starts_at + datetime.timedelta(days=1)
    event.save()

    early = [client.get(address).content.decode() for address in addresses]
    event.starts_at = timezone.now() - datetime.timedelta(minutes=1)
    event.save()
    begun = [client.get(address).content.decode() for address in addresses]

    assert all("arrivals recorded now will count" in page for page in early)
    assert not any("already count" in page for page in begun)
