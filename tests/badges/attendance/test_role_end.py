"""Test that a device stops working when the role of the person who paired it ends."""

import base64
import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from badges.attendance.devices.pairing_codes import pair_by_code
from badges.attendance.models import Device, Presence, Scan
from badges.attendance.scanning.record_scans import record_scan_items
from convention.club.models import CompanyRole, Employment
from convention.club.people import close_account
from convention.events.delegations import end_delegation
from convention.events.models import Delegation, EventRole
from convention.events.roles import end_event_role
from tests.badges.attendance.consistency.phone import DeviceKey
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_administrator, make_person, make_staff
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = pytest.mark.django_db(transaction=True)
SNAPSHOT_URL, SCANS_URL = "/api/v1/scanner/snapshot/", "/api/v1/scanner/scans/"


@pytest.fixture
def event():
    return make_event()


def pair_phone(client, event, person):
    """Pair a phone as this person and return its token."""
    client.force_login(person)
    form = {"checkpoint": event.checkpoints.get().pk}
    shown = client.post(f"/organize/{event.slug}/devices/", form, follow=True).context["code"]
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    token = pair_by_code(code=shown.text, public_key=point).token
    # The scans of these tests are unsigned.
    Device.objects.update(public_key=None)
    return token


def request_statuses(client, event, token):
    """Return the statuses of fetching the snapshot and of sending a scan."""
    item = make_item(make_badge_code(make_registration(event)))
    sent = client.post(
        SCANS_URL, {"scans": [item]}, content_type="application/json", headers=make_bearer_header(token)
    )
    return client.get(SNAPSHOT_URL, headers=make_bearer_header(token)).status_code, sent.status_code


def end_role(role, client):
    """End a role on the organizers' page."""
    client.force_login(make_administrator())
    client.post(f"/organize/{role.event.slug}/people/{role.pk}/end/")


@pytest.mark.parametrize("kind", ["desk", "organizer"])
def test_devices_are_rejected_after_role_is_ended(client, event, kind):
    worker = make_staff(event, kind)
    token, other = pair_phone(client, event, worker), pair_phone(client, event, make_staff(event, kind))

    assert request_statuses(client, event, token) == (200, 200)

    end_role(EventRole.objects.get(person=worker), client)

    assert request_statuses(client, event, token) == (401, 401)
    assert request_statuses(client, event, other) == (200, 200)
    assert Scan.objects.count() == 2

    page = client.get(f"/organize/{event.slug}/devices/").content.decode()

    assert page.count(">révoqué<") == 1


def test_devices_are_rejected_day_after_end_date_of_role(client, event):
    token = pair_phone(client, event, make_staff(event, "desk"))
    today = timezone.localdate()

    EventRole.objects.update(ends_on=today)

    assert request_statuses(client, event, token) == (200, 200)

    EventRole.objects.update(ends_on=today - datetime.timedelta(days=1))

    assert request_statuses(client, event, token) == (401, 401)


def test_device_of_inactive_or_deleted_person_is_rejected(client, event):
    worker = make_staff(event, "desk")
    token = pair_phone(client, event, worker)
    worker.is_active = False
    worker.save()

    assert request_statuses(client, event, token) == (401, 401)

    worker.delete()

    assert request_statuses(client, event, token) == (401, 401)
    assert Device.objects.get().paired_by_id is not None


def test_device_is_rejected_when_role_may_no_longer_pair(client, event):
    worker = make_staff(event, "desk")
    token = pair_phone(client, event, worker)

    EventRole.objects.update(role="reviewer")

    assert request_statuses(client, event, token) == (401, 401)


def test_device_paired_by_administrator_outlives_club_role(client, event):
    person = make_administrator()
    token = pair_phone(client, event, person)

    person.club_roles.all().delete()

    assert Device.objects.get().paired_by is None
    assert request_statuses(client, event, token) == (200, 200)


def make_phone(event, person):
    """Return a device that this person paired, and the key by which it signs its scans."""
    key = DeviceKey(ec.generate_private_key(ec.SECP256R1()))
    device = make_device(event, paired_by=person, public_key=base64.urlsafe_b64decode(f"{key.public_key}=="))
    return device[0], key


def deliver_by_other_phone(phone, key, *, at):
    """Deliver a scan that the phone made without network; return its verdict and reason."""
    item = make_item(
        make_badge_code(make_registration(phone.event)), at=at.isoformat(), device=phone.pk, sequence=1,
        checkpoint=phone.checkpoint_id, let_in=True, local_verdict="admitted", undoes="", page="",
        elapsed_ms=None, operator="", override_reason="",
    )  # fmt: skip
    item["signature"] = key.sign(item, phone.pk)
    [result] = record_scan_items(device=make_device(phone.event)[0], items=[item])
    return result.verdict, result.reason


def end_own_role(worker):
    end_event_role(role=EventRole.objects.get(person=worker), actor=make_administrator())


def close_own_account(worker):
    close_account(person=worker, actor=make_administrator())


@pytest.mark.parametrize("days_in_role", [0, 3])
@pytest.mark.parametrize("end", [end_own_role, close_own_account])
def test_scans_from_before_role_or_account_ended_count_and_later_ones_do_not(event, end, days_in_role):
    worker = make_staff(event, "desk")
    EventRole.objects.update(starts_on=timezone.localdate() - datetime.timedelta(days=days_in_role))
    phone, key = make_phone(event, worker)
    scanned_at = timezone.now() - datetime.timedelta(seconds=10)

    end(worker)

    assert deliver_by_other_phone(phone, key, at=scanned_at) == ("admitted", "")
    assert Presence.objects.filter(is_inside=True).count() == 1
    assert deliver_by_other_phone(phone, key, at=timezone.now()) == ("refused", "revoked_device")
    assert Presence.objects.count() == 1


def test_scans_from_before_contract_was_ended_count(event):
    worker = make_person()
    delegation = make_delegation(event)
    make_delegated_role(delegation, worker, "desk")
    phone, key = make_phone(event, worker)
    scanned_at = timezone.now() - datetime.timedelta(seconds=10)

    end_delegation(delegation=delegation)

    assert deliver_by_other_phone(phone, key, at=scanned_at) == ("admitted", "")
    assert deliver_by_other_phone(phone, key, at=timezone.now()) == ("refused", "revoked_device")


def test_device_keeps_working_while_its_person_has_another_role(client, event):
    worker = make_staff(event, "desk")
    desk_role = EventRole.objects.get(person=worker)
    token = pair_phone(client, event, worker)
    EventRole.objects.create(event=event, person=worker, role="organizer")

    end_event_role(role=desk_role, actor=make_administrator())

    assert request_statuses(client, event, token) == (200, 200)
    assert Device.objects.get().revoked_at is None


YESTERDAY = timezone.localdate() - datetime.timedelta(days=1)
ENDS = {
    "contract": lambda: Delegation.objects.update(ends_on=YESTERDAY),
    "job": lambda: Employment.objects.update(ends_on=YESTERDAY),
    "firm": lambda: CompanyRole.objects.filter(role="organizer").update(ends_on=YESTERDAY),
}


@pytest.mark.parametrize("what", ENDS)
def test_outside_organizers_device_is_rejected_after_contract_job_or_role_ends(client, event, what):
    worker = make_person()
    make_delegated_role(make_delegation(event), worker, "desk")

    token = pair_phone(client, event, worker)

    assert request_statuses(client, event, token) == (200, 200)

    ENDS[what]()

    assert request_statuses(client, event, token) == (401, 401)
