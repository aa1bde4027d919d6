"""Test that entries of an offline desk are applied once, in order, and overwrite no other desk's changes."""

import base64
import datetime
import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from badges.attendance.reports.headcount import inside_registrations
from badges.certificates.facts import load_event_facts
from badges.codes import build_badge_code, make_short_code
from badges.desk.models import (
    OFFLINE_DATA_LIFETIME,
    BadgePrint,
    DeskDevice,
    DeskEntry,
    SpareBadge,
)
from badges.desk.offline_data import sign_code
from badges.desk.offline_devices import SPARE_BADGES_PER_DEVICE
from convention.audit.models import AuditEntry
from convention.codes.qr import draw_symbol
from convention.events.models import Event
from convention.events.signing_keys import get_signing_key
from registrations.models import Order, Registration, Ticket
from registrations.notes.models import StaffNote
from tests.factories import make_addon, make_event, make_person, make_registration, make_staff, make_ticket
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = [pytest.mark.django_db]


class OfflineDesk:
    """An enabled desk device, as its scripts talk to the server."""

    def __init__(self, client, event, language=""):
        self.client, self.event = client, event
        self.prefix = f"/{language}" if language else ""
        self.device = self.post("enable", {"name": "Portable"}).json()["device"]

    def post(self, name, body):
        return self.client.post(
            f"{self.prefix}/desk/{self.event.slug}/offline/{name}/",
            json.dumps(body),
            content_type="application/json",
        )

    def sync(self, *entries, version="", digests=None, **changes):
        body = {"device": self.device, "version": version, "digests": digests or {}, "clock_offset_ms": 0}
        return self.post("sync", {**body, "entries": list(entries), **changes}).json()

    def sync_after(self, earlier):
        """Return the update for a device that has the data of an earlier answer."""
        return self.sync(digests=earlier["data"]["digests"])["data"]


@pytest.fixture
def zoe():
    now = timezone.now()
    event = make_event(
        slug="x", starts_at=now - datetime.timedelta(hours=1), ends_at=now + datetime.timedelta(hours=9)
    )
    return make_registration(
        make_ticket(event), first_name="Zoé", last_name="Lefèvre", reference="AAAAAAAAAAAAA"
    )


@pytest.fixture
def desk(client, zoe):
    client.force_login(make_staff(zoe.event, "desk"))
    return OfflineDesk(client, zoe.event)


def make_entry(kind, reference, **values):
    at = timezone.now() - datetime.timedelta(minutes=30)
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "at": at.isoformat(),
        "reference": reference,
        "values": values,
    }


EMPTY_SYNC = {
    "device": str(uuid.uuid4()), "version": "", "digests": {}, "clock_offset_ms": 0, "entries": [],
}  # fmt: skip
GUEST_VALUES = {"first_name": "Léo", "last_name": "Bêta", "company": "Port", "email": ""}


def get_guest_values(registration):
    return {name: getattr(registration, name) for name in GUEST_VALUES}


def test_sync_sends_guests_with_signed_badges_once(desk, zoe):
    first = desk.sync()
    again = desk.sync(version=first["version"])

    [guest] = first["data"]["guests"]
    assert guest["first_name"] == "Zoé"
    assert guest["state"] == "confirmed"
    assert guest["is_inside"] is False
    [symbol] = [element for element in guest["next_code"]["elements"] if element["kind"] == "modules"]
    next_code = sign_code(zoe.reference, 2, get_signing_key(zoe.event))
    assert base64.b64decode(symbol["rows"]) == draw_symbol(next_code).rows
    assert guest["code"]["short_code"] == make_short_code(build_badge_code(zoe))
    assert guest["next_code"]["short_code"] == make_short_code(next_code)
    [key] = first["data"]["setup"]["keys"]
    assert key["number"] == get_signing_key(zoe.event).number
    assert len(first["data"]["spares"]) == SPARE_BADGES_PER_DEVICE
    assert "data" not in again
    assert SpareBadge.objects.count() == SPARE_BADGES_PER_DEVICE
    assert AuditEntry.objects.filter(verb="desk_device.enable").count() == 1


def test_sync_sends_only_changed_guests(desk, zoe):
    leo = make_registration(zoe.ticket, first_name="Léo", reference="ZZAAAAAAAAAAA")
    first = desk.sync()
    desk.sync(make_entry("check_in", zoe.reference, direction="in"))

    update = desk.sync_after(first)

    [guest] = update["guests"]
    assert guest["first_name"] == "Zoé"
    assert guest["is_inside"] is True
    assert guest["code"]
    assert update["setup"] is None
    assert update["spares"] is None
    assert update["digests"]["ZZ"] == first["data"]["digests"]["ZZ"]
    assert leo.reference in [each["reference"] for each in first["data"]["guests"]]


@pytest.mark.parametrize(
    ("first_name", "needs_outlines"),
    [("Zoé", False), ("Łukasz", False), ("Владимир", False), ("小明", True), ("Nguyễn", True), ("กิตติ", True)],
)
def test_names_without_a_font_in_the_browser_are_sent_as_outlines(desk, zoe, first_name, needs_outlines):
    Registration.objects.filter(pk=zoe.pk).update(first_name=first_name)

    [guest] = desk.sync()["data"]["guests"]

    assert (guest["outlined_names"] is not None) is needs_outlines


def test_deleted_note_is_sent_as_empty(desk, zoe):
    desk.sync(make_entry("note", zoe.reference, note="Clé perdue", before={"note": ""}))
    first = desk.sync()
    StaffNote.objects.all().delete()

    [guest] = desk.sync_after(first)["guests"]

    assert first["data"]["guests"][0]["note"] == "Clé perdue"
    assert guest["note"] == ""


def test_sync_drops_group_of_removed_guest(desk, zoe):
    first = desk.sync()
    group = zoe.reference[:2]
    make_registration(zoe.ticket, reference="ZZAAAAAAAAAAA")
    Registration.objects.filter(pk=zoe.pk).update(reference="YYAAAAAAAAAAA")

    update = desk.sync_after(first)

    assert {"YY", "ZZ"} <= update["digests"].keys()
    assert group not in update["digests"]


def test_new_price_is_sent_without_guests(desk, zoe):
    first = desk.sync()
    Ticket.objects.update(price=9_900)

    update = desk.sync_after(first)

    assert update["setup"]["tickets"][0]["price"].startswith("99")
    assert update["guests"] == []


def test_codes_are_sent_again_after_site_url_changes(desk, settings):
    first = desk.sync()
    settings.SITE_URL = "https://elsewhere.example"

    update = desk.sync_after(first)

    assert len(update["guests"]) == 1
    assert len(update["spares"]) == SPARE_BADGES_PER_DEVICE


def test_used_spare_badge_is_replaced(desk):
    first = desk.sync()
    used = first["data"]["spares"][0]["reference"]
    desk.sync(make_entry("walk_in", used, **GUEST_VALUES, ticket="guest"))

    update = desk.sync_after(first)

    assert used in [guest["reference"] for guest in update["guests"]]
    assert used not in [spare["reference"] for spare in update["spares"]]
    assert len(update["spares"]) == SPARE_BADGES_PER_DEVICE


def test_sync_query_count_does_not_depend_on_guests(desk, zoe):
    desk.sync()  # leases the spare badges
    counts = []
    for guests in (1, 20):
        for _number in range(guests):
            make_registration(zoe.ticket)
        with CaptureQueriesContext(connection) as queries:
            desk.sync()
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_outside_organizer_gets_no_amounts(desk, zoe, client):
    Registration.objects.update(price=12_000)
    Order.objects.update(total=12_000)
    first = desk.sync()
    person = make_person()
    make_delegated_role(make_delegation(zoe.event), person, "desk")
    client.force_login(person)
    second = desk.sync(version=first["version"])

    [guest], [seen_by_firm] = first["data"]["guests"], second["data"]["guests"]
    assert guest["amount_due_cents"] == 12_000
    assert seen_by_firm["amount_due_cents"] == 0
    assert first["data"]["setup"]["takes_payments"] is True
    assert second["data"]["setup"]["takes_payments"] is False
    assert seen_by_firm["payment"] == "free"


def test_offline_entries_are_applied_once_in_order(desk, zoe):
    spare = desk.sync()["data"]["spares"][0]["reference"]
    entries = [
        make_entry("check_in", zoe.reference, direction="in"),
        make_entry("walk_in", spare, **GUEST_VALUES, ticket="guest"),
        make_entry("print", spare, reason="", badge_version=1),
        make_entry("check_in", spare, direction="in"),
        make_entry("note", zoe.reference, note="Clé perdue", before={"note": ""}),
        make_entry("print", zoe.reference, reason="lost", badge_version=2),
    ]

    results = desk.sync(*entries)["results"]
    repeated = desk.sync(*entries)["results"]

    assert [(result["state"], result["sentence"]) for result in results] == [("done", "")] * 6
    assert repeated == results
    walk_in = Registration.objects.get(last_name="Bêta")
    assert walk_in.reference == spare
    assert Presence.objects.filter(is_inside=True).count() == 2
    assert Scan.objects.count() == 2
    assert timezone.now() - Scan.objects.first().effective_at > datetime.timedelta(minutes=29)
    zoe.refresh_from_db()
    assert zoe.badge_version == 2
    assert zoe.staff_note.text == "Clé perdue"
    assert BadgePrint.objects.filter(registration=walk_in).count() == 1
    assert spare not in [badge["reference"] for badge in desk.sync()["data"]["spares"]]


def test_undo_of_another_badge_is_refused_and_impossible_time_is_replaced(desk, zoe):
    other = make_registration(zoe.ticket, first_name="Ana")
    check_in = make_entry("check_in", other.reference, direction="in")
    no_clock = {**make_entry("check_in", zoe.reference, direction="in"), "at": "1970-01-01T00:00:00Z"}
    undo_of_other = make_entry("undo", zoe.reference, direction="in", undoes=check_in["id"])
    reused = make_entry("check_in", zoe.reference, direction="in")
    desk.sync(check_in, no_clock)
    undo_id = str(Scan.objects.get(registration=zoe).uid)
    DeskEntry.objects.filter(uid=check_in["id"]).delete()

    [undo, reuse] = desk.sync(undo_of_other, {**reused, "id": check_in["id"]})["results"]

    assert undo["state"] == "refused"
    assert reuse["state"] == "refused"
    assert "le même badge" in undo["sentence"]
    assert reuse["sentence"].startswith("Non enregistré :")
    assert undo_id == no_clock["id"]
    assert timezone.now() - Scan.objects.get(registration=zoe).effective_at < datetime.timedelta(minutes=1)
    assert Scan.objects.get(registration=zoe).is_time_uncertain is True
    assert Presence.objects.filter(is_inside=True).count() == 2


def test_change_of_value_changed_by_another_desk_is_conflict(desk, zoe):
    before = get_guest_values(zoe)
    Registration.objects.filter(pk=zoe.pk).update(company="Nouvelle")
    changed = {**before, "company": "Autre"}

    results = desk.sync(
        make_entry("correct", zoe.reference, **changed, before=before),
        make_entry("note", zoe.reference, note="B", before={"note": "A"}),
        make_entry("correct", zoe.reference, **{**before, "first_name": "Zoë"}, before=before),
    )["results"]

    assert [result["state"] for result in results] == ["conflict", "conflict", "done"]
    assert "Un autre poste d’accueil a modifié" in results[0]["sentence"]
    zoe.refresh_from_db()
    assert zoe.company == "Nouvelle"
    assert zoe.first_name == "Zoë"


def test_refused_entry_has_reason_and_does_not_block_later_entries(desk, zoe):
    first = desk.sync()
    zoe.event.tickets.update(capacity=1)
    spare = first["data"]["spares"][0]["reference"]

    answer = desk.sync(
        make_entry("walk_in", spare, **GUEST_VALUES, ticket="guest"),
        make_entry("walk_in", "A" * 13, **GUEST_VALUES, ticket="guest"),
        make_entry("check_in", "B" * 13, direction="in"),
        make_entry("note", zoe.reference, note="", before={"note": ""}),
        version=first["version"],
    )
    results = answer["results"]

    assert [result["state"] for result in results] == ["refused", "conflict", "refused", "done"]
    assert "Il ne reste plus de place" in results[0]["sentence"]
    # The badge of the refused walk-in may be printed, so its code is not given to another guest.
    assert spare not in [badge["reference"] for badge in answer["data"]["spares"]]
    assert SpareBadge.objects.get(reference=spare).bound_at is not None
    assert DeskEntry.objects.filter(state="refused").count() == 2


def test_substitution_uses_badge_signed_in_advance(desk, zoe):
    results = desk.sync(
        make_entry(
            "substitute",
            zoe.reference,
            **{**GUEST_VALUES, "email": "leo@example.org"},
            before=get_guest_values(zoe),
        ),
        make_entry("print", zoe.reference, reason="", badge_version=2),
        make_entry("print", zoe.reference, reason="", badge_version=1),
    )["results"]

    assert [result["state"] for result in results] == ["done", "done", "conflict"]
    assert "Ce badge a été remplacé entre-temps" in results[2]["sentence"]
    zoe.refresh_from_db()
    assert zoe.name == "Léo Bêta"
    assert zoe.company == GUEST_VALUES["company"]
    assert zoe.badge_version == 2
    assert BadgePrint.objects.get().badge_version == 2


@pytest.mark.parametrize("kind", ["substitute", "correct"])
@pytest.mark.parametrize("minutes_ago", [40, -600])
def test_new_attendee_checked_in_offline_after_transfer_has_arrived(desk, zoe, kind, minutes_ago):
    bob = {"first_name": "Bob", "last_name": "Martin", "email": "bob@example.org"}
    before = get_guest_values(zoe)
    transfer = make_entry(kind, zoe.reference, before=before, **get_guest_values(zoe) | bob)
    transfer["at"] = (timezone.now() - datetime.timedelta(minutes=minutes_ago)).isoformat()
    check_in = make_entry("check_in", zoe.reference, direction="in")
    if minutes_ago < 0:
        check_in["at"] = transfer["at"]

    results = desk.sync(transfer, check_in)["results"]

    assert [result["state"] for result in results] == ["done", "done"]
    assert list(inside_registrations(zoe.event)) == [zoe]
    [facts] = load_event_facts(zoe.event)
    assert facts.name == "Bob Martin"
    assert [stay.arrived_at for stay in facts.stays] == [Scan.objects.get().effective_at]


def test_check_in_right_after_transfer_is_of_the_new_attendee_although_the_clock_is_put_right(desk, zoe):
    bob = {"first_name": "Bob", "last_name": "Martin", "email": "bob@example.org"}
    before = get_guest_values(zoe)
    transfer = make_entry("substitute", zoe.reference, before=before, **before | bob)
    transfer["at"] = (timezone.now() + datetime.timedelta(seconds=5)).isoformat()
    check_in = make_entry("check_in", zoe.reference, direction="in")
    check_in["at"] = (timezone.now() - datetime.timedelta(seconds=1)).isoformat()

    desk.sync(transfer)
    desk.sync(check_in)

    assert list(inside_registrations(zoe.event)) == [zoe]


def test_check_in_of_cancelled_guest_is_accepted_with_warning(desk, zoe):
    Registration.objects.filter(pk=zoe.pk).update(cancelled_at=timezone.now())

    [result] = desk.sync(make_entry("check_in", zoe.reference, direction="in"))["results"]

    assert result["state"] == "done"
    assert "annulée" in result["sentence"]


def test_check_in_with_a_reason_is_an_override_that_needs_no_attention(desk, zoe):
    Registration.objects.filter(pk=zoe.pk).update(cancelled_at=timezone.now())
    check_in = make_entry("check_in", zoe.reference, direction="in", reason="Invitée du président")

    [result] = desk.sync(check_in)["results"]

    assert result["sentence"] == ""
    assert Scan.objects.get().override_reason == "Invitée du président"
    assert AuditEntry.objects.get(verb="scan.override").reason == "Invitée du président"


@pytest.mark.once
def test_resolved_entry_no_longer_needs_attention(desk, zoe, client):
    refused = make_entry("check_in", "B" * 13, direction="in")
    desk.sync(refused)
    before = DeskEntry.objects.get(uid=refused["id"]).state

    [result] = desk.sync(make_entry("resolve", "B" * 13, entry=refused["id"]))["results"]

    assert before == "refused"
    assert result["state"] == "done"
    assert DeskEntry.objects.get(uid=refused["id"]).state == "resolved"
    assert client.get("/desk/x/devices/").context["devices"][0].problem_count == 0


@pytest.mark.once
@pytest.mark.parametrize(("payment", "scan_state"), [("card", "pending"), ("invoice", "unverified")])
def test_device_knows_what_a_pending_guest_awaits(desk, zoe, payment, scan_state):
    Order.objects.filter(pk=zoe.order_id).update(payment=payment)
    hold = timezone.now() + datetime.timedelta(hours=1)
    Registration.objects.filter(pk=zoe.pk).update(confirmed_at=None, hold_expires_at=hold)

    [guest] = desk.sync()["data"]["guests"]

    assert guest["scan_state"] == scan_state


@pytest.mark.once
def test_revoked_device_gets_no_data_but_can_deliver_entries(desk, zoe, client):
    device = DeskDevice.objects.get()
    client.post(f"/desk/x/devices/{device.pk}/revoke/")

    answer = desk.sync(make_entry("check_in", zoe.reference, direction="in"))

    assert answer["erase"] is True
    assert "data" not in answer
    assert answer["results"][0]["state"] == "done"
    assert "Portable" in client.get("/desk/x/devices/").content.decode()


@pytest.mark.once
def test_expired_device_gets_no_data_but_can_deliver_entries(desk, zoe):
    ended = timezone.now() - OFFLINE_DATA_LIFETIME
    Event.objects.update(starts_at=ended - datetime.timedelta(hours=9), ends_at=ended)
    check_in = make_entry("check_in", zoe.reference, direction="in")

    answer = desk.sync({**check_in, "at": (ended - datetime.timedelta(hours=1)).isoformat()})

    assert answer["erase"] is True
    assert "data" not in answer
    assert answer["results"][0]["state"] == "done"
    assert Presence.objects.get().registration == zoe


@pytest.mark.once
@pytest.mark.parametrize("body", [
    "[", "[]", "{}", json.dumps({**EMPTY_SYNC, "device": "x"}), json.dumps({**EMPTY_SYNC, "entries": [{}]}),
    *(json.dumps({**EMPTY_SYNC, "digests": each}) for each in ([], "x", {"AB": ["x"]}, {"AB": "x" * 21})),
])  # fmt: skip
def test_invalid_sync_request_is_refused_with_message(desk, client, body):
    answer = client.post("/desk/x/offline/sync/", body, content_type="application/json")

    assert answer.status_code == 422
    assert "L’accueil a envoyé une requête illisible" in answer.json()["detail"]


@pytest.mark.once
def test_only_desk_of_event_can_sync(desk, client, zoe):
    body = {"device": desk.device, "version": "", "digests": {}, "clock_offset_ms": 0, "entries": []}
    client.force_login(make_staff(make_event(slug="other"), "desk"))

    assert desk.post("sync", body).status_code == 403
    desk.event = zoe.event.__class__.objects.get(slug="other")
    assert desk.post("sync", body).status_code == 404
    client.logout()
    assert client.get("/desk/x/offline/session/").status_code in {401, 403}


@pytest.mark.once
def test_sync_reports_that_event_has_addons(desk, zoe):
    before = desk.sync()
    make_addon(zoe.event)

    after = desk.sync(version=before["version"])

    assert before["data"]["setup"]["has_addons"] is False
    assert after["data"]["setup"]["has_addons"] is True


def test_device_without_a_name_is_refused(desk):
    answer = desk.post("enable", {"name": "  "})

    assert answer.status_code == 422
    assert DeskDevice.objects.count() == 1
