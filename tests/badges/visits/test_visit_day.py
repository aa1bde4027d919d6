"""Test the day of a visit: whereabouts of visitors, checkpoints, pages and printed lists."""

import csv
import datetime
import io

import pytest
from django.utils import timezone, translation

from badges.attendance.attendance_hooks import find_stays
from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_scans import record_scan_items
from badges.certificates.draw import describe_stay
from badges.certificates.models import CertifiedStay
from badges.visits.checkpoints import (
    count_missing_checkpoints,
    create_visit_checkpoints,
    name_coach_checkpoint,
)
from badges.visits.day_lists import make_manifest_list
from badges.visits.roster import build_manifest, load_roster
from badges.visits.whereabouts import VisitorFacts, Whereabouts, locate_visitor
from convention.audit.models import AuditEntry
from convention.events.models import Event
from registrations.changes.cancel import cancel_registration
from registrations.visits.models import Ride, RideSeat
from registrations.visits.rides.edit_rides import save_ride, shift_rides
from registrations.visits.rides.seating import choose_rides
from tests.badges.attendance.factories import build_snapshot, make_badge_code, make_device, make_item
from tests.factories import make_member, make_person, make_registration, make_secretary, make_staff
from tests.pdf_readers import pdf_sizes, pdf_text
from tests.registrations.visits.visit_day import (
    HOUR,
    end_visit,
    make_ride,
    make_visit,
    make_visitor,
    scan_by_hand,
)
from tests.site_objects import make_client

START = datetime.datetime(2027, 3, 1, 9, tzinfo=datetime.UTC)


def make_time(number):
    return START + datetime.timedelta(minutes=number)


@pytest.mark.parametrize(
    ("at", "seen", "where"),
    [
        (-60, {}, "expected"),
        (10, {}, "expected"),
        (11, {}, "late"),
        (359, {}, "late"),
        (360, {}, "no_show"),
        (-30, {"boarded_at": -50}, "aboard"),
        (30, {"boarded_at": -50}, "aboard"),
        (400, {"boarded_at": -50}, "no_show"),
        (30, {"boarded_at": -50, "arrived_at": 5}, "inside"),
        (479, {"arrived_at": 5}, "inside"),
        (480, {"arrived_at": 5}, "not_out"),
        (200, {"arrived_at": 5, "left_at": 100}, "left"),
        (600, {"arrived_at": 5, "left_at": 350}, "left"),
    ],
)
def test_visitor_is_located_by_scans_and_time(at, seen, where):
    moments = {name: make_time(number) for name, number in seen.items()}
    facts = VisitorFacts(at=make_time(at), starts_at=START, ends_at=make_time(360), **moments)

    assert locate_visitor(facts) == where


pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def visit():
    return make_visit()


def load_whereabouts(visit, **given):
    return {one.last_name: one.whereabouts.value for one in load_roster(visit, **given)}


def get_checkpoint(visit, kind, **fields):
    return Checkpoint.objects.get(event=visit.event, kind=kind, **fields)


def test_missing_checkpoints_are_created_once(visit):
    out, back = make_ride(visit), make_ride(visit, "back", meeting_point="Parking P2")

    assert count_missing_checkpoints(visit) == 4
    assert create_visit_checkpoints(visit=visit) == 4
    assert create_visit_checkpoints(visit=visit) == 0
    assert AuditEntry.objects.filter(verb="checkpoint.create", event=visit.event.slug).count() == 1
    kinds = Checkpoint.objects.filter(event=visit.event).values_list("kind", "ride", "counts_as__kind")
    assert set(kinds) == {
        ("coach", out.pk, None), ("coach", back.pk, None), ("entrance", None, None),
        ("exit", None, "entrance"),
    }  # fmt: skip

    make_ride(visit, meeting_point="Gare de l’Est")

    assert create_visit_checkpoints(visit=visit) == 1

    Ride.objects.get(pk=out.pk).delete()

    assert Checkpoint.objects.filter(event=visit.event).count() == 5


def test_checkpoint_of_other_kind_named_entrance_is_not_entrance(visit):
    Checkpoint.objects.create(event=visit.event, name="Entrée", kind=Checkpoint.Kind.OTHER)

    create_visit_checkpoints(visit=visit)

    assert count_missing_checkpoints(visit) == 0
    assert get_checkpoint(visit, "entrance").name == "Entrée (2)"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_checkpoint_of_a_coach_has_the_new_time_after_a_change(language):
    visit = make_visit(starts=20.0)
    ride = make_ride(visit)
    with translation.override(language):
        create_visit_checkpoints(visit=visit)
    former_name = get_checkpoint(visit, "coach").name

    ride.leaves_at += 2 * HOUR
    save_ride(ride=ride, changed=["leaves_at"])

    with translation.override(language):
        expected = name_coach_checkpoint(ride, visit.event)
    assert get_checkpoint(visit, "coach").name == expected
    assert former_name != expected


def test_checkpoint_of_a_coach_has_the_new_time_after_the_visit_has_moved():
    visit = make_visit(starts=20.0)
    ride = make_ride(visit)
    create_visit_checkpoints(visit=visit)

    shift_rides(visit=visit, start_shift=2 * HOUR, end_shift=2 * HOUR)

    ride.refresh_from_db()
    assert get_checkpoint(visit, "coach").name == name_coach_checkpoint(ride, visit.event)


def test_name_that_an_organizer_gave_to_the_checkpoint_of_a_coach_stays():
    visit = make_visit(starts=20.0)
    ride = make_ride(visit)
    create_visit_checkpoints(visit=visit)
    Checkpoint.objects.filter(ride=ride).update(name="Coach of Ana")

    ride.leaves_at += 2 * HOUR
    save_ride(ride=ride, changed=["leaves_at"])

    assert get_checkpoint(visit, "coach").name == "Coach of Ana"


def test_whereabouts_follow_scans_at_coach_entrance_and_way_out(visit):
    ride = make_ride(visit)
    early, late, missing, gone = (
        make_visitor(visit, last_name=name) for name in ("Aube", "Brun", "Clair", "Dupré")
    )
    for one in (early, late):
        Ride.objects.filter(pk=ride.pk).update(leaves_at=timezone.now() + HOUR)
        choose_rides(application=one, ride_ids=[ride.pk])
    create_visit_checkpoints(visit=visit)

    coach, way_out = get_checkpoint(visit, "coach"), get_checkpoint(visit, "exit")

    for one in (early, gone):
        assert scan_by_hand(one, coach).verdict == "admitted"
    assert load_whereabouts(visit) == {"Aube": "aboard", "Brun": "late", "Clair": "late", "Dupré": "aboard"}

    scan_by_hand(early)
    scan_by_hand(gone)

    assert scan_by_hand(gone, way_out, "out").verdict == "admitted"
    assert load_whereabouts(visit) == {"Aube": "inside", "Brun": "late", "Clair": "late", "Dupré": "left"}

    manifest = build_manifest(ride, load_roster(visit))
    names = [
        [one.last_name for one in part] for part in (manifest.aboard, manifest.missing, manifest.without_seat)
    ]

    assert names == [["Aube"], ["Brun"], ["Dupré"]]
    assert load_whereabouts(visit, at=visit.event.ends_at) == {
        "Aube": "inside", "Brun": "no_show", "Clair": "no_show", "Dupré": "left",
    }  # fmt: skip
    assert missing.registration_id not in find_stays([visit.event])[visit.event.pk]


def test_list_of_visits_tells_visitors_whether_they_attended(visit):
    came, absent = make_visitor(visit), make_visitor(visit)
    create_visit_checkpoints(visit=visit)
    scan_by_hand(came)
    scan_by_hand(came, get_checkpoint(visit, "exit"), "out")
    end_visit(visit)

    pages = [make_client(application.person).get("/en/visits/").text for application in (came, absent)]

    assert [">attended</span>" in page for page in pages] == [True, False]
    assert [">did not attend</span>" in page for page in pages] == [False, True]


def test_visitor_who_reenters_is_inside_again(visit):
    one = make_visitor(visit)
    create_visit_checkpoints(visit=visit)
    scan_by_hand(one)
    scan_by_hand(one, get_checkpoint(visit, "exit"), "out")

    ((_came, left),) = find_stays([visit.event])[visit.event.pk].values()

    assert left is not None

    scan_by_hand(one)

    assert [left for _came, left in find_stays([visit.event])[visit.event.pk].values()] == [None]
    assert [where.whereabouts for where in load_roster(visit)] == [Whereabouts.INSIDE]


def test_coach_scan_alone_is_no_arrival(visit):
    one = make_visitor(visit)
    make_ride(visit)
    create_visit_checkpoints(visit=visit)

    scan_by_hand(one, get_checkpoint(visit, "coach"))

    assert find_stays([visit.event])[visit.event.pk] == {}


def test_late_coach_scan_leaves_visitor_who_left_as_left(visit):
    """Apply a scan that a device stored for an hour at its own time, although later scans arrived first."""
    one = make_visitor(visit, last_name="Aube")
    make_ride(visit)
    create_visit_checkpoints(visit=visit)
    coach, way_out = get_checkpoint(visit, "coach"), get_checkpoint(visit, "exit")
    phone, _token = make_device(visit.event, checkpoint=coach)
    snapshot = build_snapshot(phone)
    kinds = {row["id"]: (row["kind"], row["door"]) for row in snapshot["checkpoints"]}

    gate = get_checkpoint(visit, "entrance")

    assert kinds[coach.pk] == ("coach", coach.pk)
    assert kinds[way_out.pk] == ("exit", gate.pk)

    now = timezone.now()
    code = make_badge_code(one.registration)
    out = make_item(code, direction="out", at=(now - HOUR / 6).isoformat())
    record_scan_items(device=make_device(visit.event, checkpoint=way_out)[0], items=[out])
    record_scan_items(
        device=make_device(visit.event, checkpoint=gate)[0],
        items=[make_item(code, at=(now - HOUR / 2).isoformat())],
    )

    (result,) = record_scan_items(device=phone, items=[make_item(code, at=(now - HOUR).isoformat())])

    assert result.verdict == "admitted"

    (seen,) = load_roster(visit)

    assert seen.whereabouts == Whereabouts.LEFT

    before = sorted(Presence.objects.values_list("checkpoint", "first_entered_at", "last_left_at"))
    rebuild_presence(event=visit.event)

    assert sorted(Presence.objects.values_list("checkpoint", "first_entered_at", "last_left_at")) == before
    assert Scan.objects.count() == 3


def test_visitor_expected_at_two_visits_on_one_day_is_marked(visit):
    person = make_member(last_name="Aube")
    other, another_day = make_visit(), make_visit(starts=72)
    for one in (visit, other, another_day):
        make_visitor(one, person)
    make_visitor(visit, last_name="Brun")
    Event.objects.filter(pk=other.event_id).update(name="Visite secrète", name_en="")
    at, readers = f"/organize/{visit.event.slug}/visit", (make_staff(visit.event), make_secretary())

    for reader, said in zip(readers, ("une autre visite", "Visite secrète"), strict=True):
        page = make_client(reader).get(f"{at}/day/").content.decode()
        assert "Attendus à deux visites ce jour" in page
        assert f"aussi à : {said}" in page
        assert said in make_client(reader).get(f"{at}/day/visit-roster.csv").content.decode()

    assert [one.other_visits for one in load_roster(visit)] == [("une autre visite",), ()]
    assert [one.other_visits for one in load_roster(another_day)] == [()]


def test_visit_over_midnight_counts_on_both_days():
    night, next_noon = make_visit(), make_visit()
    evening = datetime.datetime(2027, 3, 1, 21, tzinfo=datetime.UTC)
    for one, starts in ((night, evening), (next_noon, evening + 14 * HOUR)):
        Event.objects.filter(pk=one.event_id).update(starts_at=starts, ends_at=starts + 5 * HOUR)
        one.event.refresh_from_db()
    person = make_member()
    make_visitor(night, person)

    make_visitor(next_noon, person)

    assert [one.other_visits for one in load_roster(night)] == [("une autre visite",)]


def test_visitor_inside_with_cancelled_place_stays_on_roster(visit):
    one = make_visitor(visit, last_name="Aube")
    scan_by_hand(one)
    cancel_registration(registration=one.registration)
    make_registration(visit.event.tickets.get(), last_name="Brun", cancelled_at=timezone.now())

    (seen,) = load_roster(visit)

    assert seen.last_name == "Aube"
    assert not seen.is_expected
    assert seen.whereabouts == Whereabouts.INSIDE


def test_day_pages_by_role(visit):
    ride = make_ride(visit)
    one, two = make_visitor(visit, last_name="Aube"), make_visitor(visit, last_name="Brun")

    desk, organizer = make_client(make_staff(visit.event, "desk")), make_client(make_staff(visit.event))

    page = f"/organize/{visit.event.slug}/visit/day/"
    assert desk.post(f"{page}doors/").status_code == 403
    assert "Créer 3 points de contrôle" in organizer.get(page).content.decode()
    assert "Créer 3" not in desk.get(page).content.decode()

    organizer.post(f"{page}doors/")

    assert count_missing_checkpoints(visit) == 0

    scan_by_hand(one)
    late = organizer.get(f"{page}?state=late").content.decode()

    assert "Brun" in late
    assert "Aube" not in late

    part = desk.get(f"{page}?part=rows")

    assert desk.get(f"{page}?part=rows", headers={"if-none-match": part["ETag"]}).status_code == 304

    other = make_client(make_secretary())  # in the same browser, another reader has another ETag

    assert other.get(f"{page}?part=rows", headers={"if-none-match": part["ETag"]}).status_code == 200

    evacuation = desk.get(f"{page}evacuation/")

    assert "<strong>1</strong> personne sur le site" in evacuation.content.decode()

    desk.head(f"{page}evacuation/")

    assert AuditEntry.objects.filter(verb="visit_evacuation.open").count() == 1
    assert int(evacuation["X-Keep-Until"]) == int((visit.event.ends_at + 6 * HOUR).timestamp() * 1000)
    assert "Personne n’a encore choisi ce trajet." in desk.get(f"{page}coaches/{ride.pk}/").content.decode()
    assert desk.get(f"{page}coaches/{make_ride(make_visit()).pk}/").status_code == 404
    assert make_client(two.person).get(page).status_code == 403


def test_manifest_is_sorted_by_name_ignoring_accents(visit):
    ride = make_ride(visit)
    for name in ("Legrand", "Évrard", "Léger"):
        RideSeat.objects.create(ride=ride, application=make_visitor(visit, last_name=name, first_name="A"))

    roll = make_manifest_list(visit.event, build_manifest(ride, load_roster(visit)))

    assert [row[0] for row in roll.rows] == ["Évrard A", "Léger A", "Legrand A"]


def test_pdf_lists_and_csv_show_visitors_and_whereabouts(visit):
    ride = make_ride(visit, leaves_at=timezone.now() + HOUR)
    one = make_visitor(visit, last_name="Aube", company="Éditions du Lac")
    two = make_visitor(visit, last_name="Брун Ω", company="B" * 90)
    choose_rides(application=one, ride_ids=[ride.pk])
    create_visit_checkpoints(visit=visit)
    scan_by_hand(two, get_checkpoint(visit, "coach"))
    scan_by_hand(one)
    organizer = make_client(make_staff(visit.event))
    page = f"/organize/{visit.event.slug}/visit/day/"

    texts = {
        name: pdf_text(organizer.get(f"{page}{name}.pdf").content)
        for name in ("roster", "evacuation", f"coaches/{ride.pk}")
    }

    assert "Ana Aube" not in texts["evacuation"]
    assert "Aube Ana" in texts["evacuation"]
    assert "1 personne sur le site" in texts["evacuation"]
    assert "Брун" not in texts["evacuation"]
    for words in ("Aube Ana", "Брун Ω Ana", "sur le site", "dans le car", "Éditions du Lac"):
        assert words in texts["roster"], words
    for words in ("Aube Ana", "Брун Ω Ana", "sans place", "0 à bord sur 1", "Gare de Lyon, sortie 3"):
        assert words in texts[f"coaches/{ride.pk}"], words

    english = pdf_text(organizer.get(f"/en{page}evacuation.pdf").content)

    assert "1 person on site" in english

    file = organizer.get(f"{page}visit-roster.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))

    assert [row["Nom"] for row in rows] == ["Aube", "Брун Ω"]
    assert make_client(make_staff(visit.event, "desk")).get(f"{page}visit-roster.csv").status_code == 403


def test_every_page_of_evacuation_list_has_heading(visit):
    for number in range(60):
        scan_by_hand(make_visitor(visit, last_name=f"Nom {number:03} " + "long " * (number % 7)))
    content = (
        make_client(make_staff(visit.event))
        .get(f"/organize/{visit.event.slug}/visit/day/evacuation.pdf")
        .content
    )

    pages = pdf_text(content).split("\f")

    assert len(pages) == len(pdf_sizes(content)) > 2
    assert all("Liste d’évacuation" in text for text in pages)
    assert sum(text.count("Nom 0") for text in pages) == 60


def test_certificate_is_issued_only_to_visitor_who_arrived_and_left(visit):
    left, stayed = make_visitor(visit, last_name="Aube", company="Éditions du Lac"), make_visitor(visit)
    organizer = make_client(make_staff(visit.event))

    page, own = (
        f"/organize/{visit.event.slug}/visit/day/certificates",
        f"/visits/{visit.event.slug}/certificate.pdf",
    )

    assert organizer.get(f"{page}.pdf").status_code == 409

    for one in (left, stayed):
        scan_by_hand(one)
    scan_by_hand(left, direction="out")

    end_visit(visit)

    whole = organizer.get(f"{page}.pdf").content
    assert len(pdf_sizes(whole)) == 1
    for words in (
        "Attestation de présence",
        "Ana Aube",
        "Éditions du Lac",
        "Visite chez Nordlys",
        "Palaiseau",
    ):
        assert words in pdf_text(whole), words
    assert "ne vaut pas attestation de formation" in pdf_text(whole)
    assert make_client(left.person).get(own).status_code == 200
    assert make_client(stayed.person).get(own).status_code == 409
    assert make_client(make_person()).get(own).status_code == 404
    assert organizer.get(f"{page}/{left.registration.reference}.pdf").status_code == 200
    assert organizer.get(f"{page}/{stayed.registration.reference}.pdf").status_code == 409

    english = pdf_text(make_client(left.person).get(f"/en{own}").content)

    assert "We certify that" in english
    assert "Visit to Nordlys" in english


@pytest.mark.parametrize(
    ("language", "stay"),
    [
        ("en", "from 22:00 on Monday 1 March 2027 to 3:00 on Tuesday 2 March 2027"),
        ("fr", "du lundi 1er mars 2027 à 22 h au mardi 2 mars 2027 à 3 h"),
    ],
)
def test_certificate_states_both_days_of_stay_over_midnight(visit, language, stay):
    certified = CertifiedStay(
        datetime.datetime(2027, 3, 1, 21, tzinfo=datetime.UTC),
        datetime.datetime(2027, 3, 2, 2, tzinfo=datetime.UTC),
    )

    with translation.override(language):
        phrase = describe_stay(visit.event, certified)

    assert phrase.replace("\u00a0", " ") == stay
