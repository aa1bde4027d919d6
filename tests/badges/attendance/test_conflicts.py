"""Test that scan conflicts are counted, filtered, paged, resolved in bulk or on a device, and reopened."""

import datetime

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.conflicts_api import MAX_CONFLICTS_SENT
from badges.attendance.models import Checkpoint, ConflictResolution, Presence, Scan
from badges.attendance.reports.day_figures import load_attendee_days
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_encryption import make_registration_key
from badges.attendance.scanning.record_scans import record_scan_items
from convention.audit.models import AuditEntry
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_staff

pytestmark = pytest.mark.django_db
CONFLICTS_URL = "/api/v1/scanner/conflicts/"


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def organizer(client, event):
    client.force_login(make_staff(event))
    return client


@pytest.fixture
def devices(event):
    """Two phones at the entrance, with their tokens."""
    return make_device(event, name="Porte A"), make_device(event, name="Porte B")


def let_in_twice(devices, *registrations, minutes=(30, 5)):
    """Let both phones admit each badge."""
    for (device, _token), ago in zip(devices, minutes, strict=True):
        at = timezone.now() - datetime.timedelta(minutes=ago)
        items = [
            make_item(make_badge_code(registration), at=at.isoformat(), local_verdict="admitted")
            for registration in registrations
        ]
        for start in range(0, len(items), 200):
            record_scan_items(device=device, items=items[start : start + 200])


def make_path(name, event, *arguments, query=""):
    with translation.override("en"):
        return reverse(name, args=[event.slug, *arguments]) + query


def test_many_conflicts_are_counted_paged_and_resolved_in_bulk(organizer, event, devices):
    people = [make_registration(event, last_name=f"N{number:03}") for number in range(120)]
    let_in_twice(devices, *people)
    address = make_path("organize-conflicts", event)

    pages = [organizer.get(f"{address}?page={page}").context for page in (1, 2, 3)]

    assert pages[0]["open_count"] == 120
    assert [len(page["conflicts"]) for page in pages] == [50, 50, 20]
    preview = organizer.post(make_path("organize-conflicts-resolve", event), {"all": "on", "kind": "reentry"})
    assert preview.context["count"] == 120
    assert Presence.objects.filter(has_conflict=True).count() == 120
    confirmed = {"confirmed": "1", "kind": "reentry", "conflict": preview.context["chosen"]}
    for _click in range(2):
        organizer.post(make_path("organize-conflicts-resolve", event), confirmed)
    assert Presence.objects.filter(has_conflict=False, entries=2).count() == 120
    assert ConflictResolution.objects.count() == 120
    assert AuditEntry.objects.filter(verb="conflict.resolve").count() == 120
    resolved = organizer.get(f"{address}?state=resolved").context
    assert resolved["open_count"] == 0
    assert resolved["resolved_count"] == 120
    assert len(resolved["page_obj"]) == 50


@pytest.mark.once
def test_conflicts_are_filtered_by_name_checkpoint_time_and_kind(organizer, event, devices):
    ana, boris = (make_registration(event, last_name=name, company="Acme") for name in ("Ana", "Boris"))
    let_in_twice(devices, ana)
    hall = Checkpoint.objects.create(event=event, name="Salle")
    let_in_twice(
        [make_device(event, checkpoint=hall), make_device(event, checkpoint=hall)], boris, minutes=(99, 90)
    )
    address = make_path("organize-conflicts", event)

    def find(query):
        shown = organizer.get(f"{address}?{query}").context["conflicts"]
        return {conflict.presence.registration.last_name for conflict in shown}

    hour_ago = (timezone.now() - datetime.timedelta(hours=1)).astimezone(event.zone)
    assert find("q=bor") == {"Boris"}
    assert find("q=acme") == {"Ana", "Boris"}
    assert find(f"checkpoint={hall.pk}") == {"Boris"}
    assert find(f"begins_at={hour_ago:%Y-%m-%dT%H:%M}") == {"Ana"}
    assert find(f"ends_at={hour_ago:%Y-%m-%dT%H:%M}") == {"Boris"}
    # An invalid filter lists every conflict, but a bulk action on it selects none.
    assert find("begins_at=yesterday") == {"Ana", "Boris"}
    selection = {"all": "on", "kind": "misuse", "confirmed": "1", "filter": "begins_at=yesterday"}
    organizer.post(make_path("organize-conflicts-resolve", event), selection)
    assert not ConflictResolution.objects.exists()
    organizer.post(
        make_path("organize-conflict-resolve", event, boris.reference, hall.pk), {"kind": "misuse"}
    )
    kinds = [
        organizer.get(f"{address}?state=resolved&kind={kind}").context["page_obj"].paginator.count
        for kind in ("misuse", "reentry")
    ]
    assert kinds == [1, 0]


@pytest.mark.once
def test_selected_conflicts_are_resolved_and_one_is_reopened(organizer, event, devices):
    people = [make_registration(event, last_name=name) for name in ("Ana", "Boris", "Çelik")]
    let_in_twice(devices, *people)
    before = list(Scan.objects.order_by("pk").values())
    ticked = [str(row.pk) for row in Presence.objects.exclude(registration=people[2])]
    form = {"conflict": ticked, "kind": "wrong_badge", "confirmed": "1", "filter": "q=a"}

    response = organizer.post(make_path("organize-conflicts-resolve", event), form)
    resolution = ConflictResolution.objects.get(scan__registration=people[0])
    listed = organizer.get(make_path("organize-conflicts", event, query="?state=resolved")).content.decode()
    organizer.post(make_path("organize-conflict-reopen", event, resolution.pk))

    assert response["Location"].endswith("?q=a")
    assert str(resolution.resolved_by) in listed
    open_names = Presence.objects.filter(has_conflict=True).values_list("registration__last_name", flat=True)
    assert set(open_names) == {"Ana", "Çelik"}
    assert ConflictResolution.objects.get().scan.registration == people[1]
    assert AuditEntry.objects.filter(verb="conflict.reopen").count() == 1
    assert list(Scan.objects.order_by("pk").values()) == before
    states = list(Presence.objects.order_by("registration").values_list("has_conflict", "entries"))
    rebuild_presence(event=event)
    assert list(Presence.objects.order_by("registration").values_list("has_conflict", "entries")) == states


@pytest.mark.once
def test_messages_report_resolved_count_and_missing_explanation(organizer, event, devices):
    ana, boris = (make_registration(event, last_name=name) for name in ("Ana", "Boris"))
    let_in_twice(devices, ana)
    let_in_twice(devices[:1], boris, minutes=(20,))
    # Make the flag of Boris stale: he has no conflict to resolve.
    Presence.objects.update(has_conflict=True)
    form = {"all": "on", "kind": "misuse", "confirmed": "1"}
    entrance = event.checkpoints.get()

    confirmed = organizer.post(make_path("organize-conflicts-resolve", event), form)
    address = make_path("organize-conflict-resolve", event, ana.reference, entrance.pk)
    refused = organizer.post(address, {"kind": "pardon"})

    assert [str(message) for message in get_messages(confirmed.wsgi_request)] == ["1 conflict resolved."]
    assert str(list(get_messages(refused.wsgi_request))[-1]) == "Choose an explanation for the conflict."


@pytest.mark.once
def test_device_receives_its_own_conflict_behind_many_of_others(client, event, devices):
    own, *others = (make_registration(event, last_name=f"N{number:02}") for number in range(52))
    let_in_twice(devices, own, minutes=(90, 80))
    let_in_twice(devices, *others)
    third, token = make_device(event, name="Porte C")
    seen = make_item(make_badge_code(own), at=(timezone.now() - datetime.timedelta(minutes=70)).isoformat())
    record_scan_items(device=third, items=[seen | {"let_in": True}])
    stopped = [
        make_item(make_badge_code(person), local_verdict="already_in", let_in=False) for person in others
    ]
    record_scan_items(device=third, items=stopped)
    left = [make_item(make_badge_code(person), direction="out") for person in others]
    record_scan_items(device=third, items=left[:-1])

    sent = client.get(CONFLICTS_URL, headers=make_bearer_header(token)).json()["conflicts"]
    sent_to_first = client.get(CONFLICTS_URL, headers=make_bearer_header(devices[0][1])).json()["conflicts"]
    conflict_id = f"{event.checkpoints.get().pk}-{others[-1].reference}"
    body = {"id": conflict_id, "kind": "misuse"}
    answer = client.post(
        CONFLICTS_URL, body, content_type="application/json", headers=make_bearer_header(token)
    )

    assert [conflict["name"] for conflict in sent] == ["Zoé N00"]
    assert len(sent_to_first) == MAX_CONFLICTS_SENT
    # The device stopped this badge, so the conflict is not one of its own.
    assert answer.status_code == 404


def test_page_names_both_devices_of_a_conflict(organizer, event, devices):
    let_in_twice(devices, make_registration(event))

    page = organizer.get(make_path("organize-conflicts", event)).content.decode()

    assert "(phone “Porte A”)." in page
    assert "(phone “Porte B”)." in page


def check_in_at_desk_and_late_by_phone(event, device, registration, operator):
    """Check in at the desk, then receive the earlier scan of a phone that was offline; return its result."""
    check_in_registration(registration=registration, checkpoint=event.checkpoints.get(), operator=operator)
    at = timezone.now() - datetime.timedelta(minutes=5)
    item = make_item(make_badge_code(registration), at=at.isoformat(), local_verdict="admitted")
    [result] = record_scan_items(device=device, items=[item | {"let_in": True, "operator": "Lise"}])
    return result


def test_page_names_desk_phone_and_their_operators(organizer, event, devices):
    device, _token = devices[0]
    operator = make_staff(event, email="paul@desk.example")
    check_in_at_desk_and_late_by_phone(event, device, make_registration(event), operator)

    page = organizer.get(make_path("organize-conflicts", event)).content.decode()

    assert "(phone “Porte A”, Lise)." in page
    assert f"(desk, {operator})." in page


def test_late_scan_learns_that_the_desk_recorded_the_arrival(event, devices):
    device, _token = devices[0]

    result = check_in_at_desk_and_late_by_phone(event, device, make_registration(event), None)

    assert result.reason == "conflict"
    assert result.is_desk_entry is True


def test_late_scan_of_a_badge_that_another_phone_let_in_names_no_desk(event, devices):
    registration = make_registration(event)
    let_in_twice(devices[:1], registration, minutes=(5,))
    item = make_item(make_badge_code(registration), local_verdict="admitted")

    [result] = record_scan_items(device=devices[1][0], items=[item])

    assert result.reason == "conflict"
    assert result.is_desk_entry is False


def test_device_receives_which_entry_the_desk_recorded(client, event, devices):
    device, token = devices[0]
    check_in_at_desk_and_late_by_phone(event, device, make_registration(event), None)

    [conflict] = client.get(CONFLICTS_URL, headers=make_bearer_header(token)).json()["conflicts"]

    assert conflict["is_desk"] is False
    assert [scan["is_desk"] for scan in conflict["scans"]] == [True]


def test_arrival_recorded_twice_stays_one_stay_in_the_day_figures(organizer, event, devices):
    registration = make_registration(event)
    let_in_twice(devices, registration)
    entrance = event.checkpoints.get()
    entered_at = Presence.objects.get().last_entered_at

    organizer.post(
        make_path("organize-conflict-resolve", event, registration.reference, entrance.pk),
        {"kind": "duplicate"},
    )

    presence = Presence.objects.get()
    assert presence.is_inside
    assert not presence.has_conflict
    assert presence.last_entered_at == entered_at
    assert [day.first_entered_at for day in load_attendee_days(event)] == [entered_at]


def test_preview_explains_that_a_duplicate_does_not_count(organizer, event, devices):
    let_in_twice(devices, *(make_registration(event, last_name=name) for name in ("Ana", "Boris")))

    page = organizer.post(
        make_path("organize-conflicts-resolve", event), {"all": "on", "kind": "duplicate"}
    ).content.decode()

    assert "the same arrival recorded again" in page


def test_bulk_resolution_is_offered_only_for_several_conflicts(organizer, event, devices):
    let_in_twice(devices, make_registration(event, last_name="Ana"))
    page_of_one = organizer.get(make_path("organize-conflicts", event)).content.decode()
    let_in_twice(devices, make_registration(event, last_name="Boris"))

    page_of_two = organizer.get(make_path("organize-conflicts", event)).content.decode()

    assert "Resolve several at once" not in page_of_one
    assert "Resolve several at once" in page_of_two


def test_device_lists_and_resolves_conflicts_of_its_own_scans(client, event, devices):
    ana = make_registration(event, last_name="Ana")
    let_in_twice(devices, ana)
    (first, first_token), (second, second_token) = devices
    stranger = make_device(event, name="Porte C")[1]

    [seen_by_first] = client.get(CONFLICTS_URL, headers=make_bearer_header(first_token)).json()["conflicts"]
    [seen_by_second] = client.get(CONFLICTS_URL, headers=make_bearer_header(second_token)).json()["conflicts"]

    assert seen_by_first["name"] == "Zoé Ana"
    assert seen_by_first["is_mine"] is True
    assert seen_by_second["device"] == "Porte A"
    assert [scan["device"] for scan in seen_by_second["scans"]] == ["Porte B"]
    assert seen_by_first["key"] == make_registration_key(ana.reference)
    assert [scan["is_mine"] for scan in seen_by_second["scans"]] == [True]
    assert client.get(CONFLICTS_URL, headers=make_bearer_header(stranger)).json() == {"conflicts": []}
    body = {"id": seen_by_second["id"], "kind": "reentry", "operator": "Lise"}

    def resolve(token, **changes):
        headers = make_bearer_header(token)
        return client.post(CONFLICTS_URL, body | changes, content_type="application/json", headers=headers)

    assert resolve(stranger).status_code == 404
    assert resolve(second_token, id="nonsense").status_code == 404
    assert resolve(second_token, kind="pardon").status_code == 422
    assert resolve(second_token).json() == {"resolved": 1}
    assert resolve(first_token).json() == {"resolved": 0}
    resolution = ConflictResolution.objects.get()
    assert resolution.device == second
    assert resolution.operator == "Lise"
    assert resolution.resolver == "Porte B, Lise"
    assert not Presence.objects.get().has_conflict
    assert client.get(CONFLICTS_URL, headers=make_bearer_header(first_token)).json() == {"conflicts": []}
    assert first.pk != second.pk
