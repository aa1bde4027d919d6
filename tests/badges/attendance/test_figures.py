"""Test figures by day and session, no-shows and arrivals against last year, on pages and in CSV."""

import csv
import datetime
import io
import zoneinfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.models import Checkpoint
from badges.attendance.reports.arrival_comparison import compare_arrivals
from badges.attendance.reports.day_figures import list_absentees, load_day_figures
from badges.attendance.reports.session_figures import list_no_shows, load_session_figures, summarize_rooms
from badges.attendance.scanning.record_scans import record_scan_items
from convention.api.tokens import create_token
from convention.events.models import EventRole, Room
from registrations.models import SessionBooking
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import START_OF_2020, make_session, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
FIRST_DAY = datetime.date(2026, 6, 16)


def make_local_time(day, hour, minute=0):
    """Return a time on the event's first (1) or second (2) day, in Paris."""
    return datetime.datetime(2026, 6, 15 + day, hour, minute, tzinfo=PARIS)


@pytest.fixture
def event():
    """A convention of two days that is over."""
    return make_event(starts_at=make_local_time(1, 8), ends_at=make_local_time(2, 18))


def scan(device, registration, at, direction="in"):
    item = make_item(
        make_badge_code(registration), at=at.isoformat(), direction=direction, local_verdict="admitted"
    )
    [result] = record_scan_items(device=device, items=[item])
    return result


def make_talk(event, title, **fields):
    """Create a session of the first morning, with a checkpoint and a device there."""
    values = {"starts_at": make_local_time(1, 10), "minutes": 60, **fields}
    session = make_session(event, title, **values)
    checkpoint = Checkpoint.objects.create(event=event, session=session, name=title, kind="session")
    return session, make_device(event, checkpoint=checkpoint)[0]


def get_page(client, name, *arguments, query=""):
    with translation.override("en"):
        return client.get(reverse(name, args=arguments) + query)


def read_csv(client, name, *arguments):
    text = get_page(client, name, *arguments).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def read_figures_api(person, event):
    _row, token = create_token(person_id=person.pk, name="x", scopes=["attendance:read"])
    address = f"/api/v1/events/{event.slug}/attendance/figures/"
    return Client().get(address, headers={"Authorization": f"Bearer {token}"}).json()


def test_day_figures_count_arrivals_absences_and_stays(event):
    early, late, absent = (make_registration(event, last_name=name) for name in ("Aube", "Brun", "Clair"))
    door = make_device(event)[0]
    scan(door, early, make_local_time(1, 8, 30))
    scan(door, early, make_local_time(1, 12), "out")
    scan(door, early, make_local_time(1, 14))
    scan(door, early, make_local_time(1, 17, 30), "out")
    scan(door, late, make_local_time(1, 9))
    scan(door, early, make_local_time(2, 9))
    scan(door, early, make_local_time(2, 10), "out")

    first, second = load_day_figures(event)

    assert first.day == FIRST_DAY
    assert first.expected_count == 3
    assert first.arrived_count == 2
    assert first.absent_count == 1
    assert first.new_count == 2
    assert second.new_count == 0
    assert first.stay_count == 1
    assert first.mean_minutes == 9 * 60
    assert second.arrived_count == 1
    assert second.mean_minutes == 60
    assert second.is_over is True
    assert list_absentees(event, [first.day, second.day]) == [
        (first.day, [absent]),
        (second.day, [late, absent]),
    ]


def test_session_figures_count_arrivals_bookings_no_shows_and_stays(event):
    room = Room.objects.create(event=event, name="Salle A", capacity=4)
    session, device = make_talk(event, "Sauvegardes", room=room, is_bookable=True)
    came, missed, unbooked = (make_registration(event, last_name=name) for name in ("Aube", "Brun", "Clair"))
    for registration in (came, missed):
        SessionBooking.objects.create(registration=registration, session=session)
    scan(device, came, make_local_time(1, 10))
    scan(device, came, make_local_time(1, 10, 45), "out")
    scan(device, unbooked, make_local_time(1, 10, 5))

    [figures] = load_session_figures(event)

    assert figures.arrived_count == 2
    assert figures.booked_count == 2
    assert figures.no_show_count == 1
    assert figures.stay_count == 1
    assert figures.mean_minutes == 45
    assert figures.places == 4
    assert figures.fill_percent == 50
    assert list(list_no_shows(session)) == [missed]
    [room_figures] = summarize_rooms([figures])
    assert room_figures.name == "Salle A"
    assert room_figures.mean_percent == 50
    [before] = load_session_figures(event, at=make_local_time(1, 9))
    assert before.no_show_count is None


def test_session_fills_the_seats_that_can_be_booked_in_a_larger_room(event):
    room = Room.objects.create(event=event, name="Salle A", capacity=40)
    make_talk(event, "Sauvegardes", room=room, capacity=20, is_bookable=True)
    event.checkpoints.filter(session__isnull=False).update(capacity=40)

    [figures] = load_session_figures(event)

    assert figures.places == 20


def test_arrivals_are_compared_by_time_of_day(event):
    last_year = make_event(
        starts_at=datetime.datetime(2025, 6, 10, 8, tzinfo=PARIS),
        ends_at=datetime.datetime(2025, 6, 11, 18, tzinfo=PARIS),
    )
    scan(make_device(event)[0], make_registration(event), make_local_time(1, 9, 5))
    scan(
        make_device(last_year)[0],
        make_registration(last_year),
        datetime.datetime(2025, 6, 10, 8, 50, tzinfo=PARIS),
    )

    comparison = compare_arrivals(event, last_year)

    assert comparison.points == [(datetime.datetime(2026, 6, 16, 9, 15), 1)]
    assert comparison.earlier_points == [(datetime.datetime(2026, 6, 16, 9, 0), 1)]
    drawing = comparison.make_chart().draw_curve(720)
    assert drawing.compared_line.startswith(f"M{drawing.left:.1f} ")
    assert comparison.make_chart().table_rows == [("9\u00a0h", None, 1), ("9\u00a0h\u00a015", 1, None)]


def test_page_compares_only_with_events_that_user_organizes(client, event):
    a_year = datetime.timedelta(days=365)
    earlier = make_event(starts_at=make_local_time(1, 8) - a_year, ends_at=make_local_time(2, 18) - a_year)
    scan(make_device(earlier)[0], make_registration(earlier), earlier.starts_at)
    organizer = make_staff(event)
    client.force_login(organizer)
    assert "No earlier event" in get_page(client, "organize-attendance-figures", event.slug).content.decode()

    EventRole.objects.create(event=earlier, person=organizer, role="organizer", starts_on=START_OF_2020)
    page = get_page(client, "organize-attendance-figures", event.slug)
    alone = get_page(client, "organize-attendance-figures", event.slug, query="?with=-")

    assert page.context["comparison"].earlier_event == earlier
    assert 'class="line compared"' in page.content.decode()
    assert alone.context["comparison"].earlier_event is None


def test_pages_csv_files_and_api_show_same_figures(client, event):
    session, device = make_talk(event, "Sauvegardes", is_bookable=True)
    missed = make_registration(event, last_name="Brun", email="brun@example.org")
    SessionBooking.objects.create(registration=missed, session=session)
    came, early = make_registration(event, last_name="Aube"), make_registration(event)
    scan(make_device(event)[0], early, make_local_time(1, 9))
    for registration in (early, came):
        scan(device, registration, make_local_time(1, 10))
    organizer = make_staff(event)
    client.force_login(organizer)

    page = get_page(client, "organize-attendance-figures", event.slug)
    no_shows = get_page(client, "organize-no-shows", event.slug, device.checkpoint_id).content.decode()
    files = {
        name: read_csv(client, f"organize-{name}-csv", event.slug)
        for name in ("attendance-days", "attendance-sessions", "no-shows")
    }
    api = read_figures_api(organizer, event)

    assert "Sauvegardes" in page.text
    days = [(row.day.isoformat(), row.expected_count, row.arrived_count) for row in page.context["days"]]
    assert days == [("2026-06-16", 3, 1), ("2026-06-17", 3, 0)]
    assert [(row["day"], row["expected"], row["arrived"]) for row in api["days"]] == days
    [row] = page.context["sessions"]
    assert row.booked_count == 1
    assert row.arrived_count == 2
    assert row.no_show_count == 1
    [row] = api["sessions"]
    assert row["title"] == "Sauvegardes"
    assert row["booked"] == 1
    assert row["arrived"] == 2
    assert row["no_shows"] == 1
    assert "Brun" in no_shows
    assert "Aube" not in no_shows
    assert [row[:3] for row in files["attendance-days"][1:]] == [
        ["2026-06-16", "3", "1"],
        ["2026-06-17", "3", "0"],
    ]
    [session_row] = files["attendance-sessions"][1:]
    assert session_row[5:8] == ["1", "2", "1"]
    assert ["Sauvegardes", "Brun"] in [row[:2] for row in files["no-shows"]]


def test_figures_are_empty_before_event(client):
    event = make_event(
        starts_at=timezone.now() + datetime.timedelta(days=9),
        ends_at=timezone.now() + datetime.timedelta(days=10),
    )
    client.force_login(make_staff(event))

    page = get_page(client, "organize-attendance-figures", event.slug).content.decode()

    assert "The event has not started." in page
    assert "No session has a checkpoint" in page
