"""Test organizers' pages about attendance, devices, checkpoints and conflicts."""

import datetime
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import (
    Checkpoint,
    ConflictResolution,
    Device,
    PairingInvitation,
    Presence,
    Scan,
)
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.attendance.scanning.record_scans import record_scan_items
from convention.audit.models import AuditEntry
from convention.events.models import Event, EventRole
from schedule.models import Session
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PAGES = [
    "organize-attendance", "organize-conflicts", "organize-devices", "organize-checkpoints",
    "organize-checkpoint-new",
]  # fmt: skip


def make_role(event, kind):
    person = make_person()
    EventRole.objects.create(event=event, person=person, role=kind, starts_on=datetime.date(2020, 1, 1))
    return person


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def organizer(client, event):
    client.force_login(make_role(event, EventRole.Role.ORGANIZER))
    return client


def format_time_ago(minutes):
    return (timezone.now() - datetime.timedelta(minutes=minutes)).isoformat()


def let_in_twice(event):
    """Let one badge in on two phones and return its registration."""
    registration = make_registration(event)
    for minutes in (30, 5):
        item = make_item(make_badge_code(registration), at=format_time_ago(minutes), local_verdict="admitted")
        record_scan_items(device=make_device(event, name=f"Porte {minutes}")[0], items=[item])
    return registration


@pytest.mark.parametrize("name", PAGES)
def test_pages_require_organizer_role(client, event, name):
    address = reverse(name, args=[event.slug])

    assert client.get(address).headers["location"].startswith("/accounts/login/")

    client.force_login(make_person())

    assert client.get(address).status_code == 403

    client.force_login(make_role(make_event(), EventRole.Role.ORGANIZER))

    assert client.get(address).status_code == 403

    client.force_login(make_role(event, EventRole.Role.ORGANIZER))

    assert client.get(address).status_code == 200


def test_desk_staff_can_pair_scan_only_device_but_not_revoke(client, event):
    device = make_device(event)[0]
    client.force_login(make_role(event, EventRole.Role.DESK))
    address = reverse("organize-devices", args=[event.slug])
    asked = {"checkpoint": event.checkpoints.get().pk, "can_override": "on"}

    shown = client.post(address, asked, follow=True)

    assert shown.context["code"].text in shown.text
    assert PairingInvitation.objects.get().can_override is False
    revoke = reverse("organize-device-revoke", args=[event.slug, device.pk])
    assert revoke not in client.get(address).content.decode()
    assert client.post(revoke).status_code == 403
    assert Device.objects.get(pk=device.pk).revoked_at is None


def list_tab_statuses(client, address):
    """Follow the tabs of an attendance page; return the status of each page by its address."""
    tabs = re.search(r'<nav class="tabs" aria-label="Présences">(.*?)</nav>', client.get(address).text)
    return {link: client.get(link).status_code for link in re.findall('href="([^"]+)"', tabs[1])}


@pytest.mark.parametrize("name", ["organize-attendance", "organize-conflicts", "organize-sheets"])
def test_tabs_lead_desk_staff_only_to_pages_it_may_open(client, event, name):
    base = reverse("organize-attendance", args=[event.slug])
    client.force_login(make_role(event, EventRole.Role.DESK))

    statuses = list_tab_statuses(client, reverse(name, args=[event.slug]))

    assert statuses == {base: 200, f"{base}conflicts/": 200, f"{base}sheets/": 200}


def test_tabs_lead_organizers_to_figures_and_certificates(organizer, event):
    statuses = list_tab_statuses(organizer, reverse("organize-attendance", args=[event.slug]))

    assert set(statuses.values()) == {200}
    assert len(statuses) == 5


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (EventRole.Role.DESK, "et 1 autre entreprise</p>"),
        (EventRole.Role.ORGANIZER, "et 1 autre entreprise : toutes sont dans les fichiers ci-dessus.</p>"),
    ],
)
def test_files_are_mentioned_only_where_they_are_offered(client, event, kind, text):
    people = [make_registration(event, company=f"Entreprise {number}") for number in range(13)]
    record_scan_items(device=make_device(event)[0], items=[make_item(make_badge_code(people[0]))])
    client.force_login(make_role(event, kind))

    page = client.get(reverse("organize-attendance", args=[event.slug])).text

    assert text in page.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("days", "number_label", "list_label"), [(1, "non arrivé", "Non arrivés"), (-1, "absent", "Absents")]
)
def test_attendees_who_did_not_come_are_absent_once_the_event_is_over(
    organizer, event, days, number_label, list_label
):
    make_registration(event)
    day = timezone.now() + datetime.timedelta(days=days)
    Event.objects.update(starts_at=day - datetime.timedelta(hours=8), ends_at=day)
    address = reverse("organize-attendance", args=[event.slug])

    numbers = organizer.get(address).text
    absent_list = organizer.get(f"{address}?state=absent").text

    assert f'<span class="stat-label">{number_label}</span>' in numbers
    assert re.search(rf"<h1>{list_label}\s*</h1>", absent_list)
    assert f' aria-current="page">{list_label}</a>' in absent_list


def test_pages_of_a_past_event_show_who_came_and_nothing_of_the_day(organizer, event):
    address = f"/organize/{event.slug}/attendance/"
    before = organizer.get(address).text
    Event.objects.update(
        starts_at=timezone.now() - datetime.timedelta(days=61),
        ends_at=timezone.now() - datetime.timedelta(days=60),
    )
    after = organizer.get(address).text

    for text in ("Liste d’évacuation", "sur place", "/devices/", "/ready/"):
        assert text in before, text
        assert text not in after, text
    assert "state=arrived" in after


def test_revoked_device_is_rejected_immediately(organizer, event):
    device, token = make_device(event)
    organizer.post(reverse("organize-device-revoke", args=[event.slug, device.pk]))

    assert organizer.get("/api/v1/scanner/snapshot/", headers=make_bearer_header(token)).status_code == 401
    assert AuditEntry.objects.get(verb="device.revoke").subject == f"attendance.device:{device.pk}"


def test_attendance_numbers_match_filtered_lists(organizer, event):
    people = [make_registration(event, last_name=name) for name in ("Ana", "Borisov", "Ćelik")]
    items = [
        make_item(make_badge_code(people[0])),
        make_item(make_badge_code(people[1]), at=format_time_ago(9)),
    ]
    device = make_device(event)[0]

    record_scan_items(
        device=device,
        items=[*items, make_item(make_badge_code(people[1]), direction="out", at=format_time_ago(2))],
    )

    address = reverse("organize-attendance", args=[event.slug])
    total = organizer.get(address).context["total"]
    assert total.inside_count == 1
    assert total.arrived_count == 2
    assert total.absent_count == 1

    for query, names in (
        ("?state=inside", {"Ana"}),
        ("?state=arrived", {"Ana", "Borisov"}),
        ("?state=absent", {"Ćelik"}),
        ("?state=arrived&company=Acme", {"Ana", "Borisov"}),
        ("?state=arrived&company=", set()),
        ("?q=BORIS", {"Borisov"}),
        ("?q=%00%27", set()),
    ):
        rows = organizer.get(address + query).context["rows"]
        assert {person.last_name for person, _presence in rows} == names


def test_unchanged_numbers_return_304(organizer, event):
    address = reverse("organize-attendance", args=[event.slug]) + "?part=numbers"

    etag = organizer.get(address).headers["etag"]
    assert organizer.get(address, headers={"if-none-match": etag}).status_code == 304

    record_scan_items(
        device=make_device(event)[0], items=[make_item(make_badge_code(make_registration(event)))]
    )

    assert organizer.get(address, headers={"if-none-match": etag}).status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_attendance_file_is_exported_and_audited(organizer, event, kind):
    make_registration(event)
    response = organizer.get(reverse("organize-attendance-file", args=[event.slug, kind]))

    assert response.headers["content-disposition"].endswith(f'-{event.slug}.{kind}"')
    assert len(response.content) > 100
    assert AuditEntry.objects.get().verb == "attendance.export"


@pytest.mark.parametrize(
    ("kind", "entries"), [("reentry", 2), ("duplicate", 1), ("wrong_badge", 1), ("misuse", 1)]
)
def test_conflict_is_resolved_once_with_its_kind(organizer, event, kind, entries):
    registration = let_in_twice(event)

    before = list(Scan.objects.values())
    found = organizer.get(reverse("organize-conflicts", args=[event.slug])).context["conflicts"]
    assert [device for _scan, device in found[0].scans_with_devices] == ["Porte 5"]

    door = event.checkpoints.get()
    address = reverse("organize-conflict-resolve", args=[event.slug, registration.reference, door.pk])
    organizer.post(address, {"kind": kind})

    organizer.post(address, {"kind": kind})

    presence = Presence.objects.get()
    assert not presence.has_conflict
    assert presence.entries == entries
    assert ConflictResolution.objects.get().kind == kind
    assert list(Scan.objects.values()) == before
    assert organizer.get(reverse("organize-conflicts", args=[event.slug])).context["conflicts"] == []


def test_an_unknown_resolution_changes_nothing(organizer, event):
    registration = let_in_twice(event)
    door = event.checkpoints.get()

    organizer.post(
        reverse("organize-conflict-resolve", args=[event.slug, registration.reference, door.pk]),
        {"kind": "x"},
    )

    assert Presence.objects.get().has_conflict
    assert ConflictResolution.objects.count() == 0


def test_attendee_is_checked_in_and_out_by_hand(client, event):
    registration = make_registration(event)
    person = make_role(event, EventRole.Role.DESK)
    client.force_login(person)
    address = reverse("organize-check-in", args=[event.slug, registration.reference])

    client.post(address, {"checkpoint": event.checkpoints.get().pk, "direction": "in"})

    assert Presence.objects.get().is_inside is True

    client.post(address, {"checkpoint": "x", "direction": "out"})

    assert Presence.objects.get().is_inside is False

    for no_number in ("9" * 5000, "9" * 18, "²", "0"):
        with transaction.atomic():
            assert client.post(address, {"checkpoint": no_number, "direction": "in"}).status_code == 302
            assert Presence.objects.get().is_inside is True
            transaction.set_rollback(True)

    assert list(Scan.objects.order_by("pk").values_list("operator", "direction", "verdict")) == [
        (str(person), "in", "admitted"), (str(person), "out", "admitted"),
    ]  # fmt: skip

    page = client.get(reverse("organize-attendance-person", args=[event.slug, registration.reference]))

    assert len(page.context["scans"]) == 2
    assert Device.objects.phones().count() == 0


def test_attendee_in_coach_is_not_shown_as_on_site(organizer, event):
    registration = make_registration(event)
    coach = Checkpoint.objects.create(event=event, name="Car 1", kind=Checkpoint.Kind.COACH)
    check_in_registration(registration=registration, checkpoint=coach, operator=None)
    address = reverse("organize-attendance-person", args=[event.slug, registration.reference])

    aboard = organizer.get(address).text
    coach.kind = Checkpoint.Kind.ENTRANCE
    coach.save(update_fields=["kind"])

    assert "sur place" not in aboard
    assert "sur place" in organizer.get(address).text


def test_checkpoint_is_created_validated_changed_and_removed(organizer, event):
    before = event.sequence
    fields = {"name": " Salle 1 ", "kind": "other", "capacity": "40", "opens_at": "2026-06-17T09:00"}
    organizer.post(reverse("organize-checkpoint-new", args=[event.slug]), fields)

    door = event.checkpoints.get(name="Salle 1")

    assert door.capacity == 40
    assert door.opens_at.isoformat() == "2026-06-17T07:00:00+00:00"
    event.refresh_from_db()
    assert event.sequence == before + 1
    address = reverse("organize-checkpoint", args=[event.slug, door.pk])
    for bad in (
        {"name": "Entrée"},
        {"closes_at": "2026-06-17T08:00"},
        {"capacity": "-1"},
        {"capacity": "0"},
        {"name": ""},
    ):
        assert organizer.post(address, fields | bad).status_code == 200
    door.refresh_from_db()
    assert door.name == "Salle 1"
    assert door.capacity == 40

    organizer.post(address, fields | {"name": "Salle 2", "capacity": ""})

    door.refresh_from_db()
    assert door.name == "Salle 2"
    assert door.capacity is None
    event.refresh_from_db()
    assert event.sequence == before + 2

    organizer.post(reverse("organize-checkpoint-remove", args=[event.slug, door.pk]))

    assert event.checkpoints.filter(pk=door.pk).exists() is False


def test_checkpoint_of_session_needs_session_without_checkpoint(organizer, event):
    now = timezone.now()
    first, second = [
        Session.objects.create(event=event, number=number, title=title, starts_at=now)
        for number, title in enumerate(["Ouverture", "Atelier"])
    ]
    Checkpoint.objects.create(event=event, name="Salle 1", kind="session", session=first)
    address = reverse("organize-checkpoint-new", args=[event.slug])
    fields = {"name": "Salle 2", "kind": "session"}

    for refused in ({}, {"session": first.pk}, {"session": "x"}):
        assert organizer.post(address, fields | refused).status_code == 200
    assert not event.checkpoints.filter(name="Salle 2").exists()

    organizer.post(address, fields | {"session": second.pk})
    door = event.checkpoints.get(name="Salle 2")
    assert door.session == second

    edit = reverse("organize-checkpoint", args=[event.slug, door.pk])
    organizer.post(edit, fields | {"session": second.pk, "capacity": "9"})
    door.refresh_from_db()
    assert door.session == second
    assert door.capacity == 9

    organizer.post(edit, fields | {"session": second.pk, "kind": "meal"})
    door.refresh_from_db()
    assert door.session is None


def test_checkpoints_are_created_for_bookable_sessions_alone(organizer, event):
    now = timezone.now()
    for number, title in enumerate(["Pause", "Atelier"]):
        Session.objects.create(
            event=event, number=number, title=title, starts_at=now, is_bookable=title == "Atelier", capacity=9
        )
    page = organizer.get(reverse("organize-checkpoints", args=[event.slug])).content.decode()

    organizer.post(reverse("organize-checkpoints-sessions", args=[event.slug]), {"sessions": "bookable"})

    assert "En créer un pour la session sur réservation" in page
    assert [door.name for door in event.checkpoints.filter(kind="session")] == ["Atelier"]


def test_checkpoint_with_device_cannot_be_removed(organizer, event):
    make_device(event)
    removal_path = reverse("organize-checkpoint-remove", args=[event.slug, event.checkpoints.get().pk])

    response = organizer.post(removal_path, follow=True)

    assert "ne peut pas être supprimé" in str(*response.context["messages"])
    assert removal_path not in response.text
    assert event.checkpoints.count() == 1


def test_presences_move_when_gate_counts_as_another_checkpoint(organizer, event):
    gate = Checkpoint.objects.create(event=event, name="Porte B", position=1)
    record_scan_items(
        device=make_device(event, checkpoint=gate)[0],
        items=[make_item(make_badge_code(make_registration(event)))],
    )
    entrance = event.checkpoints.get(name="Entrée")

    organizer.post(
        reverse("organize-checkpoint", args=[event.slug, gate.pk]),
        {"name": "Porte B", "kind": "entrance", "counts_as": entrance.pk},
    )

    assert Presence.objects.get().checkpoint == entrance


def test_one_checkpoint_is_created_for_each_scheduled_session(organizer, event):
    now = timezone.now()
    for number, title in enumerate(["Ouverture", "Ouverture", "Entrée", "x" * 400, "Sans heure"]):
        Session.objects.create(
            event=event, number=number, title=title, starts_at=None if title == "Sans heure" else now
        )
    address = reverse("organize-checkpoints-sessions", args=[event.slug])
    for _round in range(2):
        organizer.post(address)

    names = list(event.checkpoints.filter(kind="session").values_list("name", flat=True))

    assert sorted(names) == sorted(["Ouverture", "Ouverture (2)", "Entrée (2)", "x" * 200])


def test_query_counts_do_not_grow(organizer, event):
    counts = []
    names = ("organize-attendance", "organize-conflicts", "organize-devices", "organize-checkpoints")

    for size in (1, 6):
        for _number in range(size):
            let_in_twice(event)
        for name in names:
            with CaptureQueriesContext(connection) as captured:
                organizer.get(reverse(name, args=[event.slug]))
            counts.append(len(captured))

    assert counts[:4] == counts[4:]


def test_null_characters_in_filters_are_accepted(organizer, event):
    make_registration(event)
    address = reverse("organize-attendance", args=[event.slug])

    answer = organizer.get(address, {"state": "absent", "ticket": "a\0", "company": "\0", "q": "\0"})

    assert answer.status_code == 200
    assert list(answer.context["rows"]) == []


def test_scan_direction_is_shown_below_checkpoint(organizer, event):
    registration = make_registration(event)
    address = f"/organize/{event.slug}/attendance/people/{registration.reference}/"
    organizer.post(f"{address}check-in/", {"direction": "in"})

    page = " ".join(organizer.get(address).content.decode().replace("\u202f", " ").split())

    assert 'Entrée<br><span class="small muted">entrée</span>' in page


def test_checkpoint_list_counts_only_devices_that_can_scan(organizer, event):
    make_device(event)
    make_device(event, revoked_at=timezone.now())
    make_device(event, expires_at=timezone.now() - datetime.timedelta(minutes=1))
    make_device(event, is_desk=True)

    response = organizer.get(reverse("organize-checkpoints", args=[event.slug]))

    assert [checkpoint.phones for checkpoint in response.context["checkpoints"]] == [1]
