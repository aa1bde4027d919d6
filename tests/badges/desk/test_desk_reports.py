"""Test that silent desks, which may work offline, make the headcount uncertain and show as not ready."""

import datetime
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.models import Checkpoint
from badges.attendance.reports.headcount import count_attendance, count_inside_event
from badges.attendance.scanning.device_state.silence import find_silent_devices
from badges.desk.models import DeskDevice
from badges.desk.offline_devices import revoke_desk_device
from badges.desk.offline_entries import OfflineEntry, apply_entries
from tests.badges.attendance.factories import build_snapshot, make_device, make_event, make_registration
from tests.factories import make_staff

MINUTE = datetime.timedelta(minutes=1)
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    return make_event(slug="convention")


def make_desk(event, minutes, **fields):
    """Return a desk that was last heard of so many minutes ago."""
    return DeskDevice.objects.create(
        event=event, name="Accueil 1", seen_at=timezone.now() - minutes * MINUTE, **fields
    )


def check_in_offline(desk, number, *, minutes):
    """Let the desk deliver check-ins that it made so many minutes ago, without being heard of now."""
    seen_at = desk.seen_at
    entries = [
        OfflineEntry(
            uid=uuid.uuid4(),
            kind="check_in",
            made_at=timezone.now() - minutes * MINUTE,
            reference=make_registration(desk.event).reference,
            values={"direction": "in"},
        )
        for _number in range(number)
    ]
    apply_entries(device=desk, entries=entries, operator=None)
    DeskDevice.objects.filter(pk=desk.pk).update(seen_at=seen_at)


def test_silent_desk_widens_headcount_by_its_pace(event):
    desk = make_desk(event, 14)
    check_in_offline(desk, 3, minutes=50)  # before the half hour that its pace is measured in
    check_in_offline(desk, 4, minutes=20)

    inside = count_attendance(event).total.inside_count
    counts = count_inside_event(event, inside_count=inside)

    assert inside == 7
    assert counts.fewest_inside == 7
    assert counts.most_inside == 9
    [silent] = counts.silent_devices
    assert silent.name == "Accueil 1"
    assert silent.minutes == 14


def test_silent_desk_is_named_on_attendance_page(client, event):
    make_desk(event, 40)
    client.force_login(make_staff(event, "desk"))
    with translation.override("en"):
        address = reverse("organize-attendance", args=[event.slug])

    page = client.get(address, {"part": "numbers"}).content.decode()

    assert "“Accueil 1” (Entrée) has not responded for 40 minutes" in page


@pytest.mark.parametrize(("minutes", "fields"), [(1, {}), (200, {}), (40, {"revoked_at": timezone.now()})])
def test_desk_that_reports_or_is_out_of_use_is_not_silent(event, minutes, fields):
    make_desk(event, minutes, **fields)

    assert find_silent_devices(event, at=timezone.now()) == []


def report_online(client, desk):
    address = reverse("desk-contact", args=[desk.event.slug])
    return client.post(address, {"device": str(desk.uid)}, content_type="application/json")


def test_desk_that_works_online_is_not_silent(client, event):
    desk = make_desk(event, 40)
    client.force_login(make_staff(event, "desk"))

    answer = report_online(client, desk)

    assert answer.status_code == 204
    assert find_silent_devices(event, at=timezone.now()) == []


def test_revoked_desk_that_works_online_is_to_erase_its_data(client, event):
    desk = make_desk(event, 40)
    client.force_login(make_staff(event, "desk"))
    revoke_desk_device(device=desk)

    answer = report_online(client, desk)

    assert answer.status_code == 200
    assert answer.json()["erase"] is True


def test_revoked_desk_that_works_online_is_not_seen(client, event):
    desk = make_desk(event, 40)
    seen_at = desk.seen_at
    client.force_login(make_staff(event, "desk"))
    revoke_desk_device(device=desk)

    report_online(client, desk)

    desk.refresh_from_db()
    assert desk.seen_at == seen_at


def test_desk_without_its_data_is_not_ready_because_it_works_online(client, event):
    desk = make_desk(event, 40)
    DeskDevice.objects.filter(pk=desk.pk).update(seen_at=None)
    client.force_login(make_staff(event, "desk"))

    report_online(client, desk)

    desk.refresh_from_db()
    assert desk.seen_at is None


def test_silent_desk_counts_at_the_entrance_alone(event):
    room = Checkpoint.objects.create(event=event, name="Salle", kind="session")
    make_desk(event, 40)

    at_entrance, in_room = (
        build_snapshot(make_device(event, checkpoint=checkpoint)[0])["devices_silent"]
        for checkpoint in (event.checkpoints.first(), room)
    )

    assert at_entrance == 1
    assert in_room == 0


def test_readiness_lists_desks_that_do_not_respond_first(client, event):
    responding = make_desk(event, 1)
    DeskDevice.objects.filter(pk=responding.pk).update(name="Accueil 0")
    make_desk(event, 40)
    client.force_login(make_staff(event, "desk"))
    with translation.override("en"):
        address = reverse("organize-ready", args=[event.slug])

    page = client.get(address, {"part": "rows"})

    desks = page.context["readiness"].desks
    assert [(row.report.name, row.health.state.value) for row in desks] == [
        ("Accueil 1", "unknown"),
        ("Accueil 0", "ok"),
    ]
    assert "Not responding: open the offline desk and enter the PIN." in page.content.decode()


def test_event_is_not_ready_while_a_desk_never_connected(client, event):
    Checkpoint.objects.all().delete()
    make_device(event, checkpoint=Checkpoint.objects.create(event=event, name="Entrée"))
    DeskDevice.objects.create(event=event, name="Accueil 1")
    client.force_login(make_staff(event, "desk"))
    with translation.override("en"):
        address = reverse("organize-ready", args=[event.slug])

    page = client.get(address)

    assert page.context["readiness"].is_ready is False
    assert "It has never connected: open the offline desk on it." in page.content.decode()
