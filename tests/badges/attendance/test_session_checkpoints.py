"""Test that a session's checkpoint admits every badge until the session takes bookings, then booked ones."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from badges.attendance.devices.checkpoints import create_session_checkpoints
from badges.attendance.models import Checkpoint, Scan
from badges.attendance.reports.readiness import load_readiness
from badges.attendance.scanning.record_encryption import decrypt_record, make_registration_key
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.snapshot import CheckpointState, make_etag
from badges.attendance.seed import seed_attendance
from convention.seeding import DemoWorld
from convention.web.edit_conflicts import compute_fingerprints
from registrations.sessions.booking import book_session, leave_session
from schedule.editing.sessions import edit_session, get_session_values
from schedule.models import Session
from tests.badges.attendance.factories import (
    build_snapshot,
    make_badge_code,
    make_badge_token,
    make_device,
    make_event,
    make_item,
    make_registration,
    record_by_fast_path,
)
from tests.factories import make_room, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    event = make_event()
    later = timezone.now() + timedelta(hours=1)
    return make_session(event, "Atelier", starts_at=later, capacity=20)


@pytest.fixture
def session_checkpoint(session):
    kind = Checkpoint.Kind.SESSION
    return Checkpoint.objects.create(event=session.event, session=session, name="Atelier", kind=kind)


def make_bookable(session: Session) -> None:
    seen = compute_fingerprints(get_session_values(session))
    edit_session(session=session, seen_fingerprints=seen, values={"is_bookable": True})
    session.refresh_from_db()


def scan_badge(device, registration) -> tuple[str, str]:
    [result] = record_scan_items(device=device, items=[make_item(make_badge_code(registration))])
    return result.verdict, result.reason


def test_any_badge_is_admitted_until_session_takes_bookings(session, session_checkpoint):
    device = make_device(session.event, checkpoint=session_checkpoint)[0]
    before, booked, stranger = (make_registration(session.event) for _each in range(3))

    assert scan_badge(device, before) == ("admitted", "")

    make_bookable(session)
    book_session(registration=booked, session=session)

    assert scan_badge(device, booked) == ("admitted", "")
    assert scan_badge(device, stranger) == ("refused", "not_booked")

    item = make_item(make_badge_code(stranger), override_reason="Invité par l’orateur")
    [result] = record_scan_items(device=device, items=[item])

    assert result.verdict == "admitted"
    assert result.reason == "not_booked"


def test_released_booking_is_refused_at_session_and_admitted_at_entrance(session, session_checkpoint):
    make_bookable(session)
    person = make_registration(session.event)
    book_session(registration=person, session=session)

    leave_session(registration=person, session=session)

    assert scan_badge(make_device(session.event, checkpoint=session_checkpoint)[0], person) == (
        "refused",
        "not_booked",
    )

    entrance = session.event.checkpoints.get(name="Entrée")

    assert scan_badge(make_device(session.event, checkpoint=entrance)[0], person) == ("admitted", "")


@pytest.mark.django_db(transaction=True)
def test_fast_path_leaves_sessions_with_bookings_to_full_path(session, session_checkpoint):
    device, _token = make_device(session.event, checkpoint=session_checkpoint)
    before, booked, stranger = (make_registration(session.event) for _each in range(3))

    admitted = record_by_fast_path(device, make_item(make_badge_code(before)))
    make_bookable(session)
    book_session(registration=booked, session=session)
    left = [record_by_fast_path(device, make_item(make_badge_code(person))) for person in (booked, stranger)]

    assert admitted.verdict == "admitted"
    assert left == [None, None]
    assert [scan_badge(device, person) for person in (booked, stranger)] == [
        ("admitted", ""),
        ("refused", "not_booked"),
    ]


def test_snapshot_reports_bookings_and_session_made_bookable(session, session_checkpoint):
    device = make_device(session.event, checkpoint=session_checkpoint)[0]
    person, other = make_registration(session.event), make_registration(session.event)

    def read_changes():
        """Return the changes since the last call and whether the ETag changed."""
        nonlocal since, tag
        device.event.refresh_from_db()
        answer, new = (
            build_snapshot(device, since=since),
            make_etag(CheckpointState(device, [], []), since, None),
        )
        since, changed, tag = answer["sequence"], new != tag, new
        return answer, changed

    since, tag = (
        device.event.sequence,
        make_etag(CheckpointState(device, [], []), device.event.sequence, None),
    )
    make_bookable(session)
    answer, changed = read_changes()
    assert changed
    assert [c["session"] for c in answer["checkpoints"]] == [None, session.pk]
    book_session(registration=person, session=session)
    answer, changed = read_changes()
    assert changed is True
    [row] = [row for row in answer["registrations"] if row["key"] == make_registration_key(person.reference)]
    assert decrypt_record(make_badge_token(person), row["sealed"])["sessions"] == [session.pk]
    assert make_registration_key(other.reference) not in [row["key"] for row in answer["registrations"]]
    leave_session(registration=person, session=session)
    [row] = read_changes()[0]["registrations"]
    assert "sessions" not in decrypt_record(make_badge_token(person), row["sealed"])


def test_checkpoint_of_a_session_has_the_capacity_of_its_room(session):
    room = make_room(session.event, "Salle 1", capacity=40)
    in_room = make_session(session.event, "Sauvegardes", room=room)

    unknown = make_room(session.event, "Salle 2", capacity=0)
    in_unknown_room = make_session(session.event, "Réseaux", room=unknown)

    create_session_checkpoints(event=session.event, sessions=[session, in_room, in_unknown_room])

    capacities = dict(session.event.checkpoints.values_list("session", "capacity"))
    assert capacities[in_room.pk] == 40
    assert capacities[session.pk] is None
    assert capacities[in_unknown_room.pk] is None


@pytest.mark.parametrize(("capacity", "is_named"), [(None, True), (50, True), (40, False), (30, False)])
def test_readiness_names_checkpoints_that_admit_more_than_their_room(
    session, session_checkpoint, capacity, is_named
):
    session.room = make_room(session.event, "Salle 1", capacity=40)
    session.save()
    session_checkpoint.capacity = capacity
    session_checkpoint.save()

    with translation.override("en"):
        sentences = [gap.sentence for gap in load_readiness(session.event).gaps]

    sentence = "1 checkpoint admits more people than its room holds: “Atelier”."
    assert (sentence in sentences) is is_named


def test_readiness_advises_on_session_checkpoints_without_phone(session, session_checkpoint):
    with translation.override("en"):
        readiness = load_readiness(session.event)

    assert [each.sentence for each in readiness.advice] == ["1 session checkpoint has no phone of its own."]
    assert not any("phone" in gap.sentence and "Atelier" in gap.sentence for gap in readiness.gaps)


@pytest.mark.parametrize(
    "changes",
    [{"cancelled_at": timezone.now()}, {"ends_at": timezone.now() - timedelta(hours=1), "starts_at": None}],
)
def test_readiness_says_nothing_about_phones_of_cancelled_and_past_sessions(
    session, session_checkpoint, changes
):
    Session.objects.filter(pk=session.pk).update(**changes)

    assert load_readiness(session.event).advice == []


def test_readiness_says_nothing_about_session_checkpoints_with_phones(session, session_checkpoint):
    make_device(session.event, checkpoint=session_checkpoint)

    assert load_readiness(session.event).advice == []


def test_readiness_asks_no_limit_of_a_further_gate(session, session_checkpoint):
    session.room = make_room(session.event, "Salle 1", capacity=40)
    session.save()
    counted_at = Checkpoint.objects.create(event=session.event, name="Parterre", position=9, capacity=40)
    Checkpoint.objects.filter(pk=session_checkpoint.pk).update(counts_as=counted_at)

    with translation.override("en"):
        sentences = [gap.sentence for gap in load_readiness(session.event).gaps]

    assert not any("than its room holds" in sentence for sentence in sentences)


def test_demo_has_checkpoints_at_talks_only(session):
    for title, role in (("Ouverture", "plenary"), ("Pause", "break"), ("Montage", "blocker")):
        make_session(session.event, title, role=role)
    # The demo draws at random, seeded by the event's address, who comes: of a single one perhaps nobody.
    for _number in range(20):
        make_registration(session.event)

    seed_attendance(DemoWorld("small", 1), session.event)

    checkpoints = Checkpoint.objects.filter(event=session.event, session__isnull=False)
    assert [checkpoint.session for checkpoint in checkpoints] == [session]
    assert Scan.objects.filter(event=session.event).exists()
