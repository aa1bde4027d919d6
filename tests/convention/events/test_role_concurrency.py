"""Event roles that are given and ended concurrently or repeatedly."""

import datetime

import pytest
from django.utils import timezone

from convention.club.models import Person
from convention.events.models import Event, EventRole
from convention.events.permissions import can_organize
from convention.events.roles import appoint_person, end_event_role
from tests.factories import make_administrator, make_event, make_person
from tests.threads import run_in_threads


def give_role(event, email="ana@example.org", role="organizer", **fields):
    values = {"starts_on": timezone.localdate(), **fields}
    return appoint_person(event=Event.objects.get(pk=event.pk), email=email, role=role, **values)


@pytest.mark.django_db(transaction=True)
def test_role_given_concurrently_is_created_once():
    event, person = make_event(), make_person(email="ana@example.org")
    given = run_in_threads([lambda: give_role(event)] * 6, threads=6)

    assert {type(one) for one in given} == {EventRole}

    end_event_role(role=EventRole.objects.get(), actor=make_administrator())

    assert not can_organize(person, event)


@pytest.mark.django_db(transaction=True)
def test_concurrent_roles_create_new_person_once():
    events = [make_event(), make_event()]
    given = run_in_threads(
        [lambda event=event: give_role(event, "new@example.org") for event in events * 3], threads=6
    )

    assert {type(one) for one in given} == {EventRole}
    assert Person.objects.count() == 1
    assert sorted(EventRole.objects.values_list("event", flat=True)) == [event.pk for event in events]


@pytest.mark.django_db
def test_ending_role_ends_every_current_row_of_that_role():
    event, person = make_event(), make_person()
    days = [timezone.localdate() + datetime.timedelta(days=days) for days in (-3, 0, -9, 5)]
    rows = [
        EventRole.objects.create(event=event, person=person, role="organizer", starts_on=day) for day in days
    ]
    before = EventRole.objects.create(
        event=event, person=person, role="organizer", starts_on=days[2], ends_on=days[2]
    )

    end_event_role(role=rows[1], actor=make_administrator())

    assert not can_organize(person, event)

    yesterday = timezone.localdate() - datetime.timedelta(days=1)

    left = EventRole.objects.order_by("pk").values_list("pk", "ends_on")
    assert list(left) == [
        (rows[0].pk, yesterday), (rows[2].pk, yesterday), (rows[3].pk, None), (before.pk, days[2]),
    ]  # fmt: skip


@pytest.mark.django_db
def test_ending_role_leaves_other_role_of_same_person():
    event = make_event()
    desk, _organizer = give_role(event, role="desk"), give_role(event)

    end_event_role(role=desk, actor=make_administrator())

    assert list(EventRole.objects.values_list("role", flat=True)) == ["organizer"]


@pytest.mark.django_db
def test_giving_role_again_extends_it_and_ending_past_role_changes_nothing():
    event, today, day = make_event(), timezone.localdate(), datetime.timedelta(days=1)
    first = give_role(event, starts_on=today - 30 * day)
    past = give_role(event, starts_on=today - 90 * day, ends_on=today - 60 * day)
    give_role(event, starts_on=today + 40 * day)
    give_role(event, starts_on=today - 50 * day, ends_on=today - 31 * day)
    end_event_role(role=past, actor=make_administrator())
    future = give_role(event, role="desk", starts_on=today + 9 * day, ends_on=today + 10 * day)
    give_role(event, role="desk", ends_on=today + 2 * day)
    end_event_role(role=future, actor=make_administrator())

    rows = EventRole.objects.order_by("pk").values_list("role", "starts_on", "ends_on")
    assert list(rows) == [
        ("organizer", today - 50 * day, None),
        ("organizer", today - 90 * day, today - 60 * day),
        ("desk", today, today + 2 * day),
    ]
    assert can_organize(first.person, event)
