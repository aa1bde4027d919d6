"""Test the organizers' start page and the overview of one event."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from badges.attendance.devices.pairing import pair_device, revoke_device
from badges.attendance.models import Checkpoint, Presence
from badges.reports.charts import accumulate_by_day, label_points
from badges.reports.event_facts import load_event_facts
from registrations.models import Order, OrderAlarm, Registration
from tests.factories import (
    make_administrator,
    make_event,
    make_order,
    make_person,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def make_filled_event(slug: str, *, registrations: int, inside: int = 0, **fields):
    event = make_event(slug=slug, **fields)
    ticket = make_ticket(event, capacity=100)
    door = Checkpoint.objects.create(event=event, name="Entrée")
    for number in range(registrations):
        one = make_registration(ticket, company=f"Société {number % 30}")
        if number < inside:
            Presence.objects.create(
                event=event,
                checkpoint=door,
                registration=one,
                is_inside=True,
                entries=1,
                first_entered_at=timezone.now(),
                last_entered_at=timezone.now(),
            )
    make_session(event)
    return event


def make_current_times() -> dict:
    now = timezone.now()
    return {
        "starts_at": now - datetime.timedelta(hours=1),
        "ends_at": now + datetime.timedelta(hours=9),
    }


def test_revoked_device_and_missing_device_have_different_warnings(client):
    event = make_filled_event("x", registrations=1, **make_current_times())
    client.force_login(make_staff(event))

    assert "Aucun téléphone n’est jumelé" in client.get("/organize/").content.decode()
    gone = pair_device(checkpoint=event.checkpoints.get()).device
    assert "personne ne peut scanner" not in client.get("/organize/").content.decode()

    revoke_device(device=gone)
    for page in ("/organize/", "/organize/x/"):
        said = client.get(page).content.decode()
        assert "Le téléphone jumelé est révoqué" in said
        assert "Aucun téléphone" not in said


def test_pages_require_sign_in_and_role(client):
    make_event(slug="x", name="Secrète")

    assert client.get("/organize/")["Location"] == "/accounts/login/?next=/organize/"
    assert client.get("/organize/x/")["Location"] == "/accounts/login/?next=/organize/x/"

    client.force_login(make_person())
    for address in ("/organize/", "/organize/x/"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "Secrète" not in answer.content.decode()


def test_organizer_sees_only_own_events(client):
    mine, _other = make_event(slug="mine", name="La mienne"), make_event(slug="other", name="Une autre")
    client.force_login(make_staff(mine))

    page = client.get("/organize/").content.decode()

    assert "La mienne" in page
    assert "Une autre" not in page
    assert client.get("/organize/other/").status_code == 403

    client.force_login(make_administrator())
    page = client.get("/organize/").content.decode()

    assert "La mienne" in page
    assert "Une autre" in page


def test_start_page_without_events_links_to_event_creation(client):
    client.force_login(make_administrator())
    page = client.get("/organize/").content.decode()

    assert "Aucun événement à venir." in page
    assert 'href="/organize/new/"' in page


def test_start_page_shows_counts_of_running_event(client):
    event = make_filled_event("x", registrations=5, inside=3, **make_current_times())
    client.force_login(make_staff(event))

    (facts,) = client.get("/organize/").context["running"]
    assert facts.inside_count == 3
    assert facts.arrived_count == 3
    assert facts.confirmed_count == 5
    assert facts.capacity == 100


def test_attendee_at_two_checkpoints_counts_once(client):
    event = make_filled_event("x", registrations=1, inside=1, **make_current_times())
    back = Checkpoint.objects.create(event=event, name="Arrière")
    Presence.objects.create(
        event=event,
        checkpoint=back,
        registration=event.registrations.get(),
        is_inside=True,
        entries=1,
        first_entered_at=timezone.now(),
        last_entered_at=timezone.now(),
    )

    client.force_login(make_staff(event))

    facts = client.get("/organize/x/").context["facts"]
    assert facts.inside_count == 1
    assert facts.arrived_count == 1


def count_queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_queries_do_not_grow(client):
    client.force_login(make_administrator())
    make_filled_event("a", registrations=1, inside=1)
    few = count_queries(client, "/organize/"), count_queries(client, "/organize/a/")

    for number in range(6):
        make_filled_event(f"b{number}", registrations=12, inside=6)

    assert (count_queries(client, "/organize/"), count_queries(client, "/organize/b1/")) == few


def test_cancelled_and_expired_registrations_are_not_counted(client):
    event = make_filled_event("x", registrations=2)
    ticket = event.tickets.get()
    make_registration(ticket, cancelled_at=timezone.now())
    soon = timezone.now() + datetime.timedelta(minutes=5)
    make_registration(ticket, confirmed_at=None, hold_expires_at=soon)
    make_registration(
        ticket, confirmed_at=None, hold_expires_at=timezone.now() - datetime.timedelta(minutes=5)
    )

    client.force_login(make_staff(event))

    facts = client.get("/organize/x/").context["facts"]
    assert facts.confirmed_count == 2
    assert facts.pending_count == 1


def test_empty_event_shows_next_steps(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    page = client.get("/organize/x/").content.decode()

    assert "Aucune inscription pour le moment." in page
    assert "Pas encore de billet" in page


def test_unprintable_names_are_listed(client):
    event = make_filled_event("x", registrations=1)
    make_registration(event.tickets.get(), first_name="Zoé", last_name="🦄")

    client.force_login(make_staff(event))

    assert client.get("/organize/x/").context["facts"].unprintable_names == ["Zoé 🦄"]


def test_cumulative_sum_includes_days_without_values():
    first = datetime.date(2027, 1, 1)
    points = accumulate_by_day(
        {first: 2, first + datetime.timedelta(days=2): 3}, until=datetime.date(2027, 1, 4)
    )

    assert [value for _day, value in points] == [0, 2, 2, 5, 5]
    assert accumulate_by_day({}, until=first) == []


def test_arrival_labels_include_date_only_for_several_days():
    first = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)

    zone = make_event().zone
    assert [label for _at, label, _n in label_points([(first, 1)], zone)] == ["9\u00a0h"]

    labels = [
        label for _at, label, _n in label_points([(first, 1), (first + datetime.timedelta(days=1), 2)], zone)
    ]

    assert labels[1] == "17\u00a0juin\u00a02027 à\u00a09\u00a0h"


def test_counts_match_attendance_lists(client):
    event = make_filled_event("x", registrations=6, inside=4, **make_current_times())
    gone, *_others = Presence.objects.filter(event=event)
    Presence.objects.filter(pk=gone.pk).update(is_inside=False)
    Registration.objects.filter(pk=gone.registration_id).update(cancelled_at=timezone.now())
    client.force_login(make_staff(event))
    facts = client.get("/organize/x/").context["facts"]

    counts = {
        state: client.get("/organize/x/attendance/", {"state": state}).context["page_obj"].paginator.count
        for state in ("inside", "arrived", "absent")
    }

    assert counts == {
        "inside": facts.inside_count,
        "arrived": facts.arrived_count,
        "absent": facts.absent_count,
    }
    assert counts == {"inside": 3, "arrived": 4, "absent": 2}


def test_earlier_alarm_is_shown_while_its_places_are_on_hold():
    event = make_event()
    ordered_at = timezone.now() - datetime.timedelta(days=2)
    order = make_order(event, payment="invoice", needs_verification=True)
    Order.objects.filter(pk=order.pk).update(created_at=ordered_at)
    make_registration(
        make_ticket(event),
        order=order,
        confirmed_at=None,
        is_reserved=True,
        hold_expires_at=timezone.now() + datetime.timedelta(days=1),
    )
    for raised_at in (ordered_at, timezone.now()):
        since = raised_at - datetime.timedelta(hours=1)
        OrderAlarm.objects.create(event=event, ordered_since=since, raised_at=raised_at, place_count=1)

    [facts] = load_event_facts([event], at=timezone.now())

    assert facts.alarm_places == 1
    assert facts.alarm.raised_at == ordered_at


def test_the_number_of_queries_does_not_depend_on_alarms():
    event = make_event()
    load_event_facts([event], at=timezone.now())  # fills the cache of names
    counts = []

    for alarms in (1, 3):
        for _alarm in range(alarms):
            now = timezone.now()
            OrderAlarm.objects.create(event=event, ordered_since=now, raised_at=now, place_count=1)
        with CaptureQueriesContext(connection) as captured:
            load_event_facts([event], at=timezone.now())
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_bars_of_sessions_link_to_sessions(client):
    event = make_event(slug="x")
    session = make_session(event, "Atelier", capacity=20, reserved=12)
    client.force_login(make_staff(event))

    page = client.get("/organize/x/").content.decode()

    assert f'<a href="/organize/x/schedule/{session.number}/">Atelier</a>' in page
