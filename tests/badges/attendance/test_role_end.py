"""Test that a device stops working when the role of the person who paired it ends."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from badges.attendance.devices.pairing_codes import pair_by_code
from badges.attendance.models import Device, Scan
from convention.club.models import CompanyRole, Employment
from convention.events.models import Delegation, EventRole
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
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
    assert page.count(">plus valable<") == 1


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
