"""Rows for tests of attendance: an event with a checkpoint, people with codes, devices with tokens."""

import datetime
import itertools
import uuid

from django.utils import timezone

from badges.attendance.authentication import hash_token
from badges.attendance.models import Checkpoint, Device
from badges.attendance.scanning.fast_path import record_single_scan
from badges.attendance.scanning.serializers import parse_scan
from badges.attendance.scanning.snapshot import load_checkpoint_state, load_snapshot
from badges.attendance.scanning.snapshot_serializers import SnapshotResponse
from convention.api.bodies import render_body
from convention.codes.badge_codes import BadgeClaim, build_code_address, generate_key_pair, sign_claim
from convention.codes.secret_keys import get_fernet
from convention.events.models import Event, EventKey
from registrations.models import Order, Registration, Ticket

SITE = "https://example.org"
numbers = itertools.count(1)


def make_event(**fields):
    """A convention that takes place today, with a signing key and an entrance."""
    number = next(numbers)
    now = timezone.now()
    values = {
        "slug": f"event-{number}",
        "name": f"Convention {number}",
        "visibility": Event.Visibility.PUBLIC,
        "starts_at": now - datetime.timedelta(hours=2),
        "ends_at": now + datetime.timedelta(hours=8),
    }
    event = Event.objects.create(**values | fields)
    private, public = generate_key_pair()
    EventKey.objects.create(
        event=event,
        number=90_000 + number,
        encrypted_private_key=get_fernet(EventKey.PURPOSE).encrypt(private),
        public_key=public,
    )
    Checkpoint.objects.create(event=event, name="Entrée")
    return event


def make_registration(event, **fields):
    """Someone who comes."""
    ticket, _made = Ticket.objects.get_or_create(event=event, slug="member", defaults={"name": "Adhérent"})
    order = Order.objects.create(event=event, payment=Order.Payment.FREE)
    values = {
        "first_name": "Zoé",
        "last_name": "Müller",
        "company": "Acme",
        "ticket": ticket,
        "confirmed_at": timezone.now(),
        "sequence": 1,
    }
    return Registration.objects.create(event=event, order=order, **values | fields)


def make_badge_token(registration, badge_version=None):
    """Return the signed token of this registration's badge."""
    key = registration.event.keys.get()
    claim = BadgeClaim(key.number, registration.reference, badge_version or registration.badge_version)
    return sign_claim(claim, bytes(key.private_key))


def make_badge_code(registration, badge_version=None):
    """Return the address in the QR code of this registration's badge."""
    return build_code_address(make_badge_token(registration, badge_version), SITE)


def make_device(event, token=None, **fields):
    """A paired device and its token, at the entrance unless told otherwise."""
    token = token or f"device-{next(numbers)}"
    values = {
        "checkpoint": fields.pop("checkpoint", None) or event.checkpoints.first(),
        "expires_at": timezone.now() + datetime.timedelta(days=1),
        "can_override": True,
    }
    return Device.objects.create(event=event, token_hash=hash_token(token), **values | fields), token


def make_bearer_header(token):
    """Return the authorization header of a device."""
    return {"authorization": f"Bearer {token}"}


def build_snapshot(device, **cursors):
    """The snapshot as a device gets it."""
    checkpoint_state = load_checkpoint_state(device, at=timezone.now())
    return render_body(SnapshotResponse, load_snapshot(checkpoint_state, **cursors))


def record_by_fast_path(device, item, now=None):
    """Record one item by the fast path; None if it is left to the full one."""
    return record_single_scan(device=device, scans=[parse_scan(item)], at=now or timezone.now())


def make_item(code, **fields):
    """One scan as a device sends it."""
    values = {
        "id": str(uuid.uuid4()),
        "code": code,
        "direction": "in",
        "at": timezone.now().isoformat(),
        "clock_offset_ms": 0,
    }
    return values | fields
