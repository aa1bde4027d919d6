"""A phone ends with the role of whoever paired it, on the same day."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from badges.attendance.devices.pairing_codes import pair_by_code
from badges.attendance.models import Device, Scan
from convention.club.models import CompanyRole, Employment
from convention.events.models import Delegation, EventRole
from tests.badges.attendance.factories import bearer, code_of, make_event, make_item, make_registration
from tests.factories import make_administrator, make_person, make_staff
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = pytest.mark.django_db(transaction=True)
SNAPSHOT, SCANS = "/api/v1/scanner/snapshot/", "/api/v1/scanner/scans/"


@pytest.fixture
def event():
    return make_event()


def paired_by(client, event, person):
    """Pair a phone as that person; its token."""
    client.force_login(person)
    form = {"checkpoint": event.checkpoints.get().pk}
    shown = client.post(f"/organize/{event.slug}/devices/", form, follow=True).context["code"]
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    token = pair_by_code(code=shown.text, public_key=point).token
    # The scans of these tests are unsigned.
    Device.objects.update(public_key=None)
    return token


def answers(client, event, token):
    """The statuses of reading and of sending a scan."""
    item = make_item(code_of(make_registration(event)))
    sent = client.post(SCANS, {"scans": [item]}, content_type="application/json", headers=bearer(token))
    return client.get(SNAPSHOT, headers=bearer(token)).status_code, sent.status_code


def end(role, client):
    """End it on the organizers' page."""
    client.force_login(make_administrator())
    client.post(f"/organize/{role.event.slug}/people/{role.pk}/end/")


@pytest.mark.parametrize("kind", ["desk", "organizer"])
def test_the_end_of_a_role_ends_its_phones(client, event, kind):
    worker = make_staff(event, kind)
    token, other = paired_by(client, event, worker), paired_by(client, event, make_staff(event, kind))
    assert answers(client, event, token) == (200, 200)
    end(EventRole.objects.get(person=worker), client)
    assert answers(client, event, token) == (401, 401)
    assert answers(client, event, other) == (200, 200)
    assert Scan.objects.count() == 2
    page = client.get(f"/organize/{event.slug}/devices/").content.decode()
    assert page.count(">plus valable<") == 1


def test_a_dated_end_ends_them_the_day_after(client, event):
    token = paired_by(client, event, make_staff(event, "desk"))
    today = timezone.localdate()
    EventRole.objects.update(ends_on=today)
    assert answers(client, event, token) == (200, 200)
    EventRole.objects.update(ends_on=today - datetime.timedelta(days=1))
    assert answers(client, event, token) == (401, 401)


def test_someone_who_is_gone_takes_the_phone_along(client, event):
    worker = make_staff(event, "desk")
    token = paired_by(client, event, worker)
    worker.is_active = False
    worker.save()
    assert answers(client, event, token) == (401, 401)
    worker.delete()
    assert answers(client, event, token) == (401, 401)
    assert Device.objects.get().paired_by_id is not None


def test_a_role_that_pairs_no_phone_keeps_none(client, event):
    worker = make_staff(event, "desk")
    token = paired_by(client, event, worker)
    EventRole.objects.update(role="reviewer")
    assert answers(client, event, token) == (401, 401)


def test_a_phone_that_the_club_paired_is_tied_to_nobody(client, event):
    person = make_administrator()
    token = paired_by(client, event, person)
    person.club_roles.all().delete()
    assert Device.objects.get().paired_by is None
    assert answers(client, event, token) == (200, 200)


YESTERDAY = timezone.localdate() - datetime.timedelta(days=1)
ENDS = {
    "contract": lambda: Delegation.objects.update(ends_on=YESTERDAY),
    "job": lambda: Employment.objects.update(ends_on=YESTERDAY),
    "firm": lambda: CompanyRole.objects.filter(role="organizer").update(ends_on=YESTERDAY),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_phone_of_an_outside_firm_ends_with_contract_job_or_the_firms_role(client, event, what):
    worker = make_person()
    make_delegated_role(make_delegation(event), worker, "desk")
    token = paired_by(client, event, worker)
    assert answers(client, event, token) == (200, 200)
    ENDS[what]()
    assert answers(client, event, token) == (401, 401)
