"""Test entitlement by ticket, add-on and booking on server and device, and devices that change checkpoint."""

import pytest
from django.urls import reverse
from django.utils import translation

from badges.attendance.devices.checkpoints import suggest_checkpoint
from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning.device_facts import find_entitlement
from badges.attendance.scanning.record_encryption import decrypt_record, make_registration_key
from badges.attendance.scanning.record_scans import record_scan_items
from convention.audit.models import AuditEntry
from registrations.models import Addon, RegistrationAddon, SessionBooking, Ticket
from tests.badges.attendance.factories import (
    build_snapshot,
    make_badge_code,
    make_badge_token,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
    record_by_fast_path,
)
from tests.factories import make_addon, make_session, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def dinner(event):
    """Return a checkpoint for holders of a press ticket and buyers of the dinner add-on."""
    press = Ticket.objects.create(event=event, slug="press", name="Presse")
    addon = make_addon(event, slug="dinner", kind=Addon.Kind.MEAL)
    checkpoint = Checkpoint.objects.create(event=event, name="Dîner", kind="meal", addon=addon)
    checkpoint.tickets.add(press)
    return checkpoint


def make_guests(event, dinner):
    """Return four registrations: with the ticket, with the add-on, with a cancelled add-on, with neither."""
    by_ticket = make_registration(event, ticket=dinner.tickets.get())
    by_addon, cancelled, none = (make_registration(event) for _number in range(3))
    RegistrationAddon.objects.create(registration=by_addon, addon=dinner.addon)
    RegistrationAddon.objects.create(
        registration=cancelled, addon=dinner.addon, cancelled_at=cancelled.created_at
    )
    return [by_ticket, by_addon, cancelled, none]


def test_ticket_or_addon_admits_and_others_are_refused_with_reason(event, dinner):
    guests = make_guests(event, dinner)
    device = make_device(event, checkpoint=dinner, can_override=False)[0]

    items = [make_item(make_badge_code(guest)) for guest in guests]
    assert [record_by_fast_path(device, item) for item in items] == [None] * 4
    results = record_scan_items(device=device, items=items)

    assert [(result.verdict, result.reason) for result in results] == [
        ("admitted", ""), ("admitted", ""), ("refused", "not_entitled"), ("refused", "not_entitled"),
    ]  # fmt: skip
    with translation.override("en"):
        [again] = record_scan_items(device=device, items=[make_item(make_badge_code(guests[3]))])
    assert again.detail == "This ticket does not include “Dîner”."
    assert Presence.objects.count() == 2
    leaving = record_scan_items(device=device, items=[make_item(make_badge_code(guests[3]), direction="out")])
    assert leaving[0].verdict == "admitted"
    supervisor = make_device(event, checkpoint=dinner)[0]
    item = make_item(make_badge_code(guests[3]), override_reason="invité")
    assert record_scan_items(device=supervisor, items=[item])[0].verdict == "admitted"
    # The entrance is open to every ticket: the known scan stays refused, a new one is admitted.
    assert record_scan_items(device=make_device(event)[0], items=items[3:])[0].verdict == "refused"
    fresh = make_item(make_badge_code(guests[3]))
    assert record_scan_items(device=make_device(event)[0], items=[fresh])[0].verdict == "admitted"


def test_device_finds_same_entitlements_from_snapshot(event, dinner):
    guests = make_guests(event, dinner)
    session = make_session(event, "Atelier", is_bookable=True)
    workshop = Checkpoint.objects.create(
        event=event, name="Atelier", kind="session", session=session, addon=dinner.addon
    )
    SessionBooking.objects.create(registration=guests[1], session=session)
    SessionBooking.objects.create(registration=guests[3], session=session)

    snapshot = build_snapshot(make_device(event, checkpoint=dinner)[0])

    checkpoints = {row["id"]: row for row in snapshot["checkpoints"]}
    sealed = {row["key"]: row["sealed"] for row in snapshot["registrations"]}
    records = [
        decrypt_record(make_badge_token(guest), sealed[make_registration_key(guest.reference)])
        for guest in guests
    ]
    assert checkpoints[dinner.pk]["tickets"] == [dinner.tickets.get().pk]
    assert [find_entitlement(record, checkpoints[dinner.pk]) for record in records] == [
        "included", "included", "not_entitled", "not_entitled",
    ]  # fmt: skip
    assert [find_entitlement(record, checkpoints[workshop.pk]) for record in records] == [
        "not_booked", "included", "not_booked", "not_entitled",
    ]  # fmt: skip
    entrance = event.checkpoints.get(name="Entrée").pk
    assert {find_entitlement(record, checkpoints[entrance]) for record in records} == {"open"}
    assert find_entitlement(None, checkpoints[dinner.pk]) == "not_entitled"


@pytest.mark.once
def test_new_checkpoint_form_suggests_defaults_and_stores_rules(client, event):
    press = Ticket.objects.create(event=event, slug="press", name="Presse")
    member = Ticket.objects.create(event=event, slug="m", name="Membre", audience=Ticket.Audience.MEMBER)
    meal = make_addon(event, slug="lunch", kind=Addon.Kind.MEAL)
    client.force_login(make_staff(event))
    with translation.override("en"):
        address = reverse("organize-checkpoint-new", args=[event.slug])
        listing = reverse("organize-checkpoints", args=[event.slug])

    form = client.get(f"{address}?kind=meal").context["form"]
    assembly = suggest_checkpoint(event, "assembly")
    client.post(
        address,
        {
            "name": "Déjeuner", "kind": "meal", "alarm_percent": "90", "addon": meal.pk,
            "tickets": [press.pk], "opens_at": "2026-06-17T12:00", "closes_at": "2026-06-17T14:30",
        },
    )  # fmt: skip

    assert form["addon"].value() == meal.pk
    assert f"{form['opens_at'].value():%H:%M}" == "12:00"
    assert assembly["tickets"] == [member]
    assert assembly["is_strict"] is True
    lunch = Checkpoint.objects.get(name="Déjeuner")
    assert lunch.addon == meal
    assert list(lunch.tickets.all()) == [press]
    page = client.get(listing).content.decode()
    assert "only with: Presse, " in page.replace("\n", "")


def test_device_changes_checkpoint_only_if_allowed(client, event, dinner):
    fixed, fixed_token = make_device(event, can_override=False)
    device, token = make_device(event, can_override=False, can_change_checkpoint=True)
    elsewhere = make_event().checkpoints.get()

    def move(bearer_token, checkpoint):
        return client.post(
            "/api/v1/scanner/checkpoint/",
            {"checkpoint": checkpoint},
            content_type="application/json",
            headers=make_bearer_header(bearer_token),
        )

    moved = move(token, dinner.pk)

    assert moved.json()["device"]["checkpoint"] == dinner.pk
    device.refresh_from_db()
    assert device.checkpoint == dinner
    assert AuditEntry.objects.filter(verb="device.move").count() == 1
    assert move(fixed_token, dinner.pk).status_code == 403
    assert move(token, elsewhere.pk).status_code == 404
    assert move(token, "x").status_code == 422
    fixed.refresh_from_db()
    assert fixed.checkpoint != dinner
    assert Scan.objects.count() == 0
