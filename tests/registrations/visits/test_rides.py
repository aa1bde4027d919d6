"""Rides: planned by the organizer, chosen by visitors, never overbooked; passengers hear of changes."""

import datetime
from decimal import Decimal

import icalendar
import pytest
from django.db import transaction
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow, SoldOut
from convention.text.dates import format_datetime
from registrations.changes.cancel import cancel_registration
from registrations.visits.models import Ride, RideSeat
from registrations.visits.rides.calendar import build_ride_calendar
from registrations.visits.rides.edit_rides import RideInUse, remove_ride, save_ride
from registrations.visits.rides.seating import choose_rides, seat_visitor
from tests.factories import make_staff
from tests.registrations.visits.visit_day import make_ride, make_visit, make_visitor
from tests.site_objects import make_client
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit():
    return make_visit(starts=48)


def list_reserved(*rides):
    return [Ride.objects.get(pk=ride.pk).reserved for ride in rides]


def test_one_ride_per_direction_and_change_is_all_or_nothing(visit):
    one = make_visitor(visit)
    early, late = make_ride(visit), make_ride(visit, capacity=1, meeting_point="Gare de l’Est")
    back = make_ride(visit, "back")
    choose_rides(application=one, ride_ids=[early.pk, back.pk])

    choose_rides(application=one, ride_ids=[late.pk, back.pk])

    assert list_reserved(early, late, back) == [0, 1, 1]

    other = make_visitor(visit)
    choose_rides(application=other, ride_ids=[early.pk])

    with pytest.raises(SoldOut, match="Gare de l’Est"):
        choose_rides(application=other, ride_ids=[late.pk])
    assert list_reserved(early, late, back) == [1, 1, 1]
    assert [seat.ride for seat in other.ride_seats.all()] == [early]
    with pytest.raises(InvalidFields) as refused:
        choose_rides(application=other, ride_ids=[early.pk, late.pk])
    assert list(refused.value.field_errors) == ["out"]
    assert AuditEntry.objects.filter(verb="ride.choose").count() == 3


def test_ride_seat_of_cancelled_visitor_is_free_for_another(visit):
    gone, comes = make_visitor(visit), make_visitor(visit)
    ride = make_ride(visit, capacity=1)
    choose_rides(application=gone, ride_ids=[ride.pk])

    cancel_registration(registration=gone.registration)

    assert Ride.objects.with_passenger_count().get().passenger_count == 0

    choose_rides(application=comes, ride_ids=[ride.pk])

    assert list_reserved(ride) == [1]
    assert RideSeat.objects.get().application == comes
    with pytest.raises(NotOpenNow):
        choose_rides(application=gone, ride_ids=[])

    choose_rides(application=comes, ride_ids=[])

    assert list_reserved(ride) == [0]


def test_departed_ride_can_be_neither_chosen_nor_released():
    visit = make_visit(starts=0.5)
    one = make_visitor(visit)

    left = make_ride(visit)

    with pytest.raises(NotOpenNow, match="already left"):
        choose_rides(application=one, ride_ids=[left.pk])

    RideSeat.objects.create(ride=left, application=one)
    Ride.objects.update(reserved=1)

    choose_rides(application=one, ride_ids=[])

    assert list_reserved(left) == [1]

    elsewhere = make_ride(make_visit(starts=48))

    with pytest.raises(InvalidFields):
        choose_rides(application=one, ride_ids=[elsewhere.pk])


def test_passengers_are_notified_of_changed_meeting_point_and_departure_only(visit, run_tasks, mailoutbox):
    one = make_visitor(visit)
    ride, back = make_ride(visit), make_ride(visit, "back")
    choose_rides(application=one, ride_ids=[ride.pk])
    ride.capacity = 60
    save_ride(ride=ride, changed=["capacity"])
    back.meeting_point = "Porte B"
    save_ride(ride=back, changed=["meeting_point"])

    run_tasks()

    assert mailoutbox == []

    ride.meeting_point = "Gare d’Austerlitz"
    save_ride(ride=ride, changed=["meeting_point"])
    run_tasks()

    (mail,) = mailoutbox

    assert mail.to == [one.registration.email]
    assert mail.subject.startswith("Votre trajet a changé")
    assert "Gare d’Austerlitz" in mail.body

    ride.leaves_at -= datetime.timedelta(minutes=10)
    save_ride(ride=ride, changed=["leaves_at"])

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[one.registration.email]] * 2

    with translation.override("fr"):
        departure = format_datetime(ride.leaves_at, visit.event.zone)

    assert departure in mailoutbox[1].body
    ride.capacity = 0
    with pytest.raises(InvalidFields):
        save_ride(ride=ride, changed=["capacity"])
    with pytest.raises(RideInUse):
        remove_ride(ride=ride)

    choose_rides(application=one, ride_ids=[])
    remove_ride(ride=ride)

    assert list(visit.rides.all()) == [back]


def test_ride_calendar_contains_meeting_point_and_times(visit):
    one = make_visitor(visit)
    ride = make_ride(
        visit, latitude=Decimal("48.844304"), longitude=Decimal("2.373377"), arrives_at=visit.event.starts_at
    )

    (alone,) = icalendar.Calendar.from_ical(build_ride_calendar(one)).walk("VEVENT")

    assert alone["summary"] == visit.event.title
    assert alone["location"] == "Site Nordlys, 1 allée des Serveurs, Palaiseau"

    choose_rides(application=one, ride_ids=[ride.pk])
    (entry,) = icalendar.Calendar.from_ical(build_ride_calendar(one)).walk("VEVENT")

    assert entry["summary"] == "Coach to Visit to Nordlys"
    assert entry["location"] == ride.meeting_point
    assert entry["geo"].latitude == 48.844304
    assert entry["geo"].longitude == 2.373377
    assert entry["dtstart"].dt == ride.leaves_at.replace(microsecond=0)
    assert entry["dtend"].dt == ride.arrives_at.replace(microsecond=0)
    assert entry["description"] == ride.map_url
    assert ride.map_url == (
        "https://www.openstreetmap.org/?mlat=48.844304&mlon=2.373377#map=17/48.844304/2.373377"
    )


def test_map_url_without_coordinates_searches_for_meeting_point(visit):
    ride = make_ride(visit)
    assert ride.map_url == "https://www.openstreetmap.org/search?query=Gare+de+Lyon%2C+sortie+3"


def format_local_time(visit, hours):
    moment = visit.event.starts_at.astimezone(visit.event.zone) + datetime.timedelta(hours=hours)
    return f"{moment:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"direction": "out", "leaves_at": 1, "arrives_at": 2}, "leaves_at"),
        ({"direction": "back", "leaves_at": -1, "arrives_at": 0}, "leaves_at"),
        ({"arrives_at": -3}, "arrives_at"),
        ({"latitude": "48.8"}, "longitude"),
        ({"latitude": "148.8", "longitude": "2"}, "latitude"),
        ({"meeting_point": ""}, "meeting_point"),
        ({"capacity": "-1"}, "capacity"),
        ({"direction": "up"}, "direction"),
    ],
)
def test_invalid_ride_form_shows_error_at_field(visit, changes, field):
    client = make_client(make_staff(visit.event))
    hours = {"leaves_at": -2, "arrives_at": -1}
    values = {"direction": "out", "meeting_point": "Gare", "latitude": "", "longitude": "", "capacity": ""}
    values |= {name: format_local_time(visit, hour) for name, hour in hours.items()}
    values |= {
        name: format_local_time(visit, value) if isinstance(value, int) else value
        for name, value in changes.items()
    }

    answer = client.post(f"/organize/{visit.event.slug}/visit/rides/new/", values)

    assert list(answer.context["form"].errors) == [field]
    assert not visit.rides.exists()


def test_new_ride_begins_an_hour_before_the_visit(visit):
    client = make_client(make_staff(visit.event))

    page = client.get(f"/organize/{visit.event.slug}/visit/rides/new/").text

    [value] = html.fromstring(page).xpath("//input[@name='leaves_at']/@value")
    assert value == format_local_time(visit, -1)


def test_organizer_creates_ride_and_visitor_chooses_it(visit):
    one = make_visitor(visit)
    organizer, visitor = make_client(make_staff(visit.event)), make_client(one.person)

    page = f"/visits/{visit.event.slug}/rides/"
    assert "venez sur le site par vos propres moyens" in visitor.get(page).content.decode()

    values = {
        "direction": "out",
        "meeting_point": "Gare de Lyon",
        "leaves_at": format_local_time(visit, -2),
        "capacity": "1",
    }

    assert organizer.post(f"/organize/{visit.event.slug}/visit/rides/new/", values).status_code == 302

    ride = visit.rides.get()

    assert ride.meeting_point == "Gare de Lyon"
    assert ride.capacity == 1
    assert ride.arrives_at is None

    shown = visitor.get(page).content.decode()

    assert "1 place libre" in shown

    visitor.post(page, {"out": ride.pk})

    assert list_reserved(ride) == [1]

    answer = make_client(make_visitor(visit).person).post(page, {"out": ride.pk})

    assert "Il ne reste aucune place" in answer.content.decode()

    calendar = visitor.get(f"/visits/{visit.event.slug}/rides.ics")

    assert b"Gare de Lyon" in calendar.content
    assert AuditEntry.objects.filter(verb="ride.create", event=visit.event.slug).count() == 1
    assert "1 / 1" in organizer.get(f"/organize/{visit.event.slug}/visit/rides/").content.decode()


def test_rides_page_shows_directions_in_language_of_reader(visit):
    venue = visit.event.venue
    venue.directions, venue.directions_en = "Gare à 8 minutes.", "The station is 8 minutes away."
    venue.save()

    visitor, page = make_client(make_visitor(visit).person), f"/visits/{visit.event.slug}/rides/"

    assert "Gare à 8 minutes." in visitor.get(page).text
    english = visitor.get(f"/en{page}").text
    assert "The station is 8 minutes away." in english
    assert "Gare" not in english


def test_rides_page_needs_a_place_on_the_visit(visit, client):
    page = f"/visits/{visit.event.slug}/rides/"

    assert client.get(page).status_code == 302

    one = make_visitor(visit)
    other = make_client(make_visitor(make_visit(starts=72)).person)

    assert other.get(page).status_code == 404

    one.withdrawn_at = timezone.now()
    one.save()

    assert make_client(one.person).get(page).status_code == 404


# --- seats given by the organizer -------------------------------------------------------------------------


def test_organizer_changes_seats_and_visitor_is_notified_with_reason(visit, run_tasks, mailoutbox):
    one, ride, back = make_visitor(visit, last_name="Aube"), make_ride(visit), make_ride(visit, "back")
    other = make_ride(visit, capacity=1, meeting_point="Voiture de Zoé")

    organizer = make_client(make_staff(visit.event))

    rides = f"/organize/{visit.event.slug}/visit/rides/"
    address = f"{rides}people/{one.pk}/"
    assert f'href="{address}"' in organizer.get(rides).content.decode()

    organizer.post(address, {"out": ride.pk, "back": back.pk, "reason": "Par téléphone"})

    assert list_reserved(ride, other, back) == [1, 0, 1]

    organizer.post(address, {"out": other.pk, "back": back.pk, "reason": "Car plein"})

    assert list_reserved(ride, other, back) == [0, 1, 1]
    assert "Voiture de Zoé" in organizer.get(rides).content.decode()

    organizer.post(address, {"out": "", "back": "", "reason": "Vient en train"})
    organizer.post(address, {"out": "", "back": "", "reason": "Encore"})  # nothing to change, nothing to tell

    assert list_reserved(ride, other, back) == [0, 0, 0]
    entries = AuditEntry.objects.filter(verb="ride.seat").order_by("pk")
    assert [(entry.reason, entry.subject, entry.event) for entry in entries] == [
        (reason, f"visits.application:{one.pk}", visit.event.slug)
        for reason in ("Par téléphone", "Car plein", "Vient en train")
    ]

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[one.registration.email]] * 3
    assert mailoutbox[0].subject == "Vos trajets\u202f: Visite chez Nordlys"
    assert "Car plein" in mailoutbox[1].body
    assert "merci de venir sur place par vos propres moyens" in mailoutbox[2].body


def test_organizer_cannot_overbook_ride_or_seat_withdrawn_visitor(visit):
    one, gone, ride = make_visitor(visit), make_visitor(visit), make_ride(visit, capacity=1)
    choose_rides(application=make_visitor(visit), ride_ids=[ride.pk])
    organizer = make_client(make_staff(visit.event))

    answer = organizer.post(
        f"/organize/{visit.event.slug}/visit/rides/people/{one.pk}/", {"out": ride.pk, "reason": "Vite"}
    )

    assert "Il ne reste aucune place" in answer.context["form"].non_field_errors()[0]
    assert list_reserved(ride) == [1]
    assert one.ride_seats.count() == 0

    gone.withdrawn_at = timezone.now()
    gone.save()

    with pytest.raises(NotOpenNow):
        seat_visitor(application=gone, ride_ids=[], reason="Vite")
    address = f"/organize/{visit.event.slug}/visit/rides/people/{gone.pk}/"
    assert organizer.get(address).status_code == 404
    assert not AuditEntry.objects.filter(verb="ride.seat").exists()


# --- concurrency ------------------------------------------------------------------------------------------


def choose_ride_concurrently(ride, visit):
    """Let sixteen visitors choose the ride at once; return the number of seats taken."""
    people = [make_visitor(visit) for _number in range(16)]
    work = [lambda person=person: choose_rides(application=person, ride_ids=[ride.pk]) for person in people]
    results = run_in_threads(work, threads=16)
    assert {type(result) for result in results} <= {SoldOut, type(None)}
    return RideSeat.objects.filter(ride=ride).count()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_last_ride_seat_goes_to_one_visitor():
    visit = make_visit(starts=48)
    ride = make_ride(visit, capacity=1)

    assert choose_ride_concurrently(ride, visit) == 1
    assert list_reserved(ride) == [1]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_harness_detects_overbooked_ride(monkeypatch):
    """Negative control: an unlocked check-then-write must overbook the ride in the same harness."""

    def unlocked(application):
        return {ride.pk: ride for ride in Ride.objects.filter(visit=application.visit_id)}

    def only_looked_at(wanted):
        full = (ride for ride in wanted if RideSeat.objects.filter(ride=ride).count() >= ride.capacity)
        return next(full, None)

    monkeypatch.setattr("registrations.visits.rides.seating._lock_rides", unlocked)
    monkeypatch.setattr("registrations.visits.rides.seating.reserve_stock", only_looked_at)
    visit = make_visit(starts=48)
    for _attempt in range(5):
        if choose_ride_concurrently(make_ride(visit, capacity=1), visit) > 1:
            return
    pytest.fail("no excess in 5 rushes: the harness would not notice one")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_ride_swaps_leave_counters_consistent():
    visit = make_visit(starts=48)
    first, second = make_ride(visit, capacity=3), make_ride(visit, capacity=20)
    people = [make_visitor(visit) for _number in range(20)]
    for number, one in enumerate(people):
        choose_rides(application=one, ride_ids=[(first if number < 3 else second).pk])

    def swap(number):
        wanted = second if number < 3 else first
        try:
            with transaction.atomic():
                choose_rides(application=people[number], ride_ids=[wanted.pk])
        except SoldOut:
            return "full"
        return "taken"

    found = run_in_threads([lambda number=number: swap(number) for number in range(20)])
    assert set(found) <= {"full", "taken"}
    assert sum(list_reserved(first, second)) == 20
    assert list_reserved(first, second) == [
        RideSeat.objects.filter(ride=ride).count() for ride in (first, second)
    ]


def test_chosen_ride_is_shown_and_cannot_be_changed_after_departure(visit, client):
    visitor = make_visitor(visit)
    chosen, later = make_ride(visit, meeting_point="Gare de l’Est"), make_ride(visit)
    choose_rides(application=visitor, ride_ids=[chosen.pk])
    Ride.objects.filter(pk=chosen.pk).update(leaves_at=timezone.now() - datetime.timedelta(hours=1))
    client.force_login(visitor.person)

    page = client.get(f"/en/visits/{visit.event.slug}/rides/").text

    assert "Gare de l’Est" in page
    assert f'value="{later.pk}"' not in page
    assert "Save my rides" not in page


@pytest.mark.parametrize(("starts", "is_offered"), [(48, True), (-48, False)])
def test_calendar_is_offered_only_until_the_visit_is_over(client, starts, is_offered):
    visit = make_visit(starts=starts)
    client.force_login(make_visitor(visit).person)

    page = client.get(f"/visits/{visit.event.slug}/rides/").text

    assert (f"/visits/{visit.event.slug}/rides.ics" in page or "calendar" in page) is is_offered


def test_removed_ride_is_refused_with_message(visit, client):
    visitor, ride = make_visitor(visit), make_ride(visit)
    client.force_login(visitor.person)

    page = client.post(f"/en/visits/{visit.event.slug}/rides/", {"out": ride.pk + 1}).text

    assert "This ride is no longer available. Please choose another one." in page
