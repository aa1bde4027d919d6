"""Test the command that pairs a device."""

import json

import pytest
from django.conf import settings

from badges.attendance.models import Checkpoint, Device
from convention.audit.models import AuditEntry
from tests.badges.attendance.factories import make_bearer_header, make_event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def test_command_pairs_entrance_by_default(command, client):
    event = make_event()
    done = command("pair", event.slug)

    assert done.returncode == 0
    assert done.stderr == ""

    said = json.loads(done.stdout)

    assert said["checkpoint"] == "Entrée"
    assert said["url"] == f"{settings.SITE_URL}/scan/#pair={said['token']}"
    assert (
        client.get("/api/v1/scanner/snapshot/", headers=make_bearer_header(said["token"])).status_code == 200
    )
    assert said["token"] not in Device.objects.get().token_hash
    assert AuditEntry.objects.get().verb == "device.pair"


def test_command_creates_missing_entrance(command):
    event = make_event()
    event.checkpoints.all().delete()

    assert json.loads(command("pair", event.slug).stdout)["checkpoint"] == event.checkpoints.get().name
    assert command("pair", event.slug).returncode == 0
    assert event.checkpoints.get().kind == Checkpoint.Kind.ENTRANCE


def test_command_pairs_checkpoint_by_name(command):
    event = make_event()
    room = Checkpoint.objects.create(event=event, name="Salle Éluard", kind=Checkpoint.Kind.SESSION)

    assert (
        json.loads(command("pair", event.slug, "--checkpoint", "Salle Éluard").stdout)["checkpoint"]
        == room.name
    )
    assert Device.objects.get().checkpoint == room


@pytest.mark.parametrize("name", ["Nulle part", "", "x" * 100_000])
def test_unknown_checkpoint_is_refused_with_known_names(command, name):
    event = make_event()
    done = command("pair", event.slug, "--checkpoint", name)

    assert done.returncode == 2
    assert done.stdout == ""
    assert f"«\u202f{name[:200]}\u202f»" in done.stderr
    assert "Entrée" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert Device.objects.count() == 0


def test_unknown_event_is_refused(command):
    done = command("pair", "nowhere")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "nowhere" in done.stderr
