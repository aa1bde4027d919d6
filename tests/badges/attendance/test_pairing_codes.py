"""Test pairing of phones by single-use codes."""

import datetime
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from lxml import html

from badges.attendance.devices.pairing_codes import ShownCode, invite_devices
from badges.attendance.models import Device, PairingInvitation, Scan
from convention.audit.models import AuditEntry
from convention.events.models import EventRole
from tests.badges.attendance.consistency.phone import DeviceKey
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_administrator, make_person

PAIR_URL, SCANS_URL = "/api/v1/scanner/pair/", "/api/v1/scanner/scans/"
pytestmark = [pytest.mark.django_db, pytest.mark.once]
# A signature covers fields that are not sent as null or "".
UNSET_FIELDS = dict.fromkeys(("checkpoint", "sequence", "let_in", "elapsed_ms")) | dict.fromkeys(
    ("local_verdict", "undoes", "page", "operator", "override_reason"), ""
)


def make_key():
    """Return the raw public point of a new key, in base64url."""
    return DeviceKey(ec.generate_private_key(ec.SECP256R1())).public_key


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def invitation(event):
    return invite_devices(checkpoint=event.checkpoints.get(), person=make_administrator(), name="Porte A")


@pytest.fixture
def pair(client):
    def post(code, key, **fields):
        body = json.dumps({"code": code, "public_key": key, **fields})
        return client.post(PAIR_URL, body, content_type="application/json", headers={"accept-language": "en"})

    return post


def test_code_pairs_one_device_and_is_replaced_by_next_code(pair, client, invitation):
    code, key = ShownCode(invitation).text, make_key()

    answer = pair(code.lower(), key, name="Lise")

    assert answer.status_code == 201
    body = answer.json()
    snapshot = client.get("/api/v1/scanner/snapshot/", headers=make_bearer_header(body["token"])).json()
    assert body["device"] == snapshot["device"]
    assert body["device"]["name"] == "Lise"
    invitation.refresh_from_db()
    assert ShownCode(invitation).text != code
    assert pair(ShownCode(invitation).text, make_key()).status_code == 201
    assert set(Device.objects.values_list("name", flat=True)) == {"Lise", "Porte A"}
    assert AuditEntry.objects.filter(verb="device.pair").count() == 2


def test_devices_with_the_same_name_are_numbered(pair, invitation):
    for _phone in range(3):
        invitation.refresh_from_db()
        pair(ShownCode(invitation).text, make_key(), name="Lise")
    Device.objects.filter(name="Lise").update(revoked_at=timezone.now())

    invitation.refresh_from_db()
    pair(ShownCode(invitation).text, make_key(), name="Lise")

    names = Device.objects.filter(revoked_at=None).order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Lise (2)", "Lise (3)", "Lise"]


def test_used_code_is_accepted_again_only_with_same_key(pair, client, invitation):
    code, key = ShownCode(invitation).text, make_key()
    lost = pair(code, key).json()

    again = pair(code, key)
    other = pair(code, make_key())

    assert again.json()["device"]["id"] == lost["device"]["id"]
    assert (
        client.get("/api/v1/scanner/snapshot/", headers=make_bearer_header(lost["token"])).status_code == 401
    )
    assert other.status_code == 409
    assert other.json()["type"] == "/api/v1/problems/pairing-code-used"
    assert Device.objects.count() == 1


def test_expired_code_unknown_code_and_invalid_key_are_refused(pair, invitation):
    code = ShownCode(invitation).text
    PairingInvitation.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))

    expired, unknown, keyless = pair(code, make_key()), pair("A" * 26, make_key()), pair(code, "AAAA")

    assert expired.status_code == 410
    assert expired.json()["type"] == "/api/v1/problems/pairing-code-expired"
    assert unknown.status_code == 404
    assert unknown.json()["type"] == "/api/v1/problems/pairing-code-unknown"
    assert keyless.status_code == 422
    assert list(keyless.json()["errors"]) == ["public_key"]
    assert Device.objects.count() == 0


def test_device_with_key_must_sign_scans(pair, client, event, invitation):
    paired = pair(ShownCode(invitation).text, make_key()).json()
    item = make_item(make_badge_code(make_registration(event)))

    for scan in (item, item | {"signature": "A" * 86}):
        answer = client.post(
            SCANS_URL,
            {"scans": [scan]},
            content_type="application/json",
            headers=make_bearer_header(paired["token"]),
        )
        assert answer.json()["results"][0]["reason"] == "invalid"
    assert Scan.objects.count() == 0


def test_scans_delivered_for_another_device_take_constant_queries(pair, client, event):
    role = EventRole.objects.create(
        event=event, person=make_person(), role=EventRole.Role.DESK, starts_on=datetime.date(2020, 1, 1)
    )
    shown = ShownCode(invite_devices(checkpoint=event.checkpoints.get(), person=role.person))
    key = DeviceKey(ec.generate_private_key(ec.SECP256R1()))
    other = pair(shown.text, key.public_key).json()["device"]["id"]
    token = make_device(event)[1]

    def deliver(count):
        scans = []
        for _number in range(count):
            item = make_item(make_badge_code(make_registration(event)), **UNSET_FIELDS)
            scans.append(item | {"device": other, "signature": key.sign(item, other)})
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(
                SCANS_URL, {"scans": scans}, "application/json", headers=make_bearer_header(token)
            )
        return len(queries), [result["reason"] for result in answer.json()["results"]]

    few, reasons = deliver(2)
    many, _reasons = deliver(9)
    role.starts_on = timezone.localdate() + datetime.timedelta(days=3)
    role.save()
    _number, later_reasons = deliver(2)

    assert reasons == ["", ""]
    assert many <= few
    assert later_reasons == ["revoked_device"] * 2


def test_pairing_screen_shows_code_and_paired_devices(client, pair, event):
    organizer, desk = make_person(), make_person()
    for person, role in ((organizer, EventRole.Role.ORGANIZER), (desk, EventRole.Role.DESK)):
        EventRole.objects.create(event=event, person=person, role=role, starts_on=datetime.date(2020, 1, 1))
    client.force_login(organizer)
    address = reverse("organize-devices", args=[event.slug])
    checkpoint = event.checkpoints.get().pk

    shown = client.post(address, {"checkpoint": checkpoint, "can_override": "on"}, follow=True)

    code = shown.context["code"].text
    assert f'href="{shown.context["code"].url}"' in shown.content.decode()
    [spaced_code] = html.fromstring(shown.content).xpath("//code/text()")
    assert spaced_code.replace(" ", "") == code
    assert max(len(group) for group in spaced_code.split()) == 5
    english = client.get(f"/en{shown.redirect_chain[-1][0]}")
    assert f'/en/scan/#code={code}"' in english.content.decode()
    assert shown.headers["cache-control"].count("no-store") == 1
    pair(code, make_key(), name="Lise")
    other = invite_devices(checkpoint=event.checkpoints.get(), person=organizer)
    pair(ShownCode(other).text, make_key(), name="Marc")
    screen = shown.redirect_chain[-1][0]
    part = client.get(screen, {"part": "code"})
    assert part.context["code"].text != code
    assert [str(device) for device in client.get(screen).context["paired_devices"]] == ["Lise"]
    assert Device.objects.get(name="Lise").can_override
    # A supervisor's phone overrules refusals: the desk may not pair one.
    client.force_login(desk)
    assert client.get(screen).status_code == 404
    PairingInvitation.objects.update(can_override=False, expires_at=timezone.now())
    assert client.get(screen).context["code"] is None


@pytest.mark.parametrize(
    ("site_url", "is_warned"),
    [("http://localhost:8000", True), ("http://127.0.0.1:8000", True), ("https://club.example", False)],
)
def test_page_says_if_no_phone_can_open_its_address(client, settings, invitation, site_url, is_warned):
    settings.SITE_URL = site_url
    client.force_login(make_administrator())

    page = client.get(reverse("organize-device-pairing-code", args=[invitation.event.slug, invitation.pk]))

    assert ("LAN=1 make run" in page.text) is is_warned
