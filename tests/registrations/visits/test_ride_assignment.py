"""The organizer assigns several visitors to one ride at once, with or without a reason."""

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import NotOpenNow
from registrations.models import Registration
from registrations.visits.models import Application, Ride
from registrations.visits.rides.seating import choose_rides, seat_visitor, seat_visitors
from tests.factories import make_staff
from tests.registrations.visits.visit_day import make_ride, make_visit, make_visitor
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit():
    return make_visit(starts=48)


def list_reserved(*rides):
    return [Ride.objects.get(pk=ride.pk).reserved for ride in rides]


def test_rides_are_changed_without_a_reason(visit, run_tasks, mailoutbox):
    one, ride = make_visitor(visit), make_ride(visit)
    Registration.objects.filter(pk=one.registration_id).update(language="en")

    seat_visitor(application=one, ride_ids=[ride.pk])
    run_tasks()

    assert list_reserved(ride) == [1]
    assert AuditEntry.objects.get(verb="ride.seat").reason == ""
    assert "The organizer has changed your rides." in mailoutbox[0].body
    assert "Reason" not in mailoutbox[0].body


def assign(visit, ride, visitors, **fields):
    organizer = make_client(make_staff(visit.event))
    data = {"ride": ride.pk, "visitors": [visitor.pk for visitor in visitors], **fields}
    return organizer.post(f"/en/organize/{visit.event.slug}/visit/rides/", data, follow=True)


def test_organizer_assigns_several_visitors_to_one_ride(visit, run_tasks, mailoutbox):
    ride, former, back = make_ride(visit), make_ride(visit), make_ride(visit, "back")
    visitors = [make_visitor(visit) for _number in range(3)]
    choose_rides(application=visitors[0], ride_ids=[former.pk, back.pk])
    choose_rides(application=visitors[1], ride_ids=[ride.pk])

    page = assign(visit, ride, visitors, reason="Un seul car").content.decode()
    run_tasks()

    assert "2 people have been assigned to the ride from “Gare de Lyon, sortie 3”" in page
    assert "1 person was already on this ride." in page
    assert list_reserved(ride, former, back) == [3, 0, 1]
    assert {entry.reason for entry in AuditEntry.objects.filter(verb="ride.seat")} == {"Un seul car"}
    assert {mail.to[0] for mail in mailoutbox} == {visitors[0].person.email, visitors[2].person.email}


def test_too_many_visitors_for_a_ride_change_nothing(visit, run_tasks, mailoutbox):
    ride, former = make_ride(visit, capacity=1), make_ride(visit)
    visitors = [make_visitor(visit) for _number in range(2)]
    choose_rides(application=visitors[0], ride_ids=[former.pk])

    answer = assign(visit, ride, visitors)
    run_tasks()

    assert "There are not enough seats left" in answer.context["form"].non_field_errors()[0]
    assert answer.content.decode().count(" checked") == 2
    assert list_reserved(ride, former) == [0, 1]
    assert mailoutbox == []


def test_visitors_who_cannot_be_assigned_are_named(visit):
    left = make_ride(visit)
    ride = make_ride(visit)
    aboard, gone, free = (make_visitor(visit, last_name=name) for name in ("Aube", "Brun", "Clair"))
    choose_rides(application=aboard, ride_ids=[left.pk])
    Ride.objects.filter(pk=left.pk).update(leaves_at=timezone.now() - timezone.timedelta(hours=1))
    Application.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())

    page = assign(visit, ride, [aboard, gone, free]).content.decode()

    assert "1 person has been assigned" in page
    assert f"{aboard.registration.name} (their coach has already left)" in page
    assert f"{gone.person} (no longer has a place)" in page
    assert list_reserved(left, ride) == [1, 1]


def test_assignment_without_people_or_to_a_ride_of_another_visit_is_refused(visit):
    ride, other = make_ride(visit), make_ride(make_visit(starts=48))
    visitor, stranger = make_visitor(visit), make_visitor(other.visit)

    nobody = assign(visit, ride, [])
    elsewhere = assign(visit, other, [visitor])
    of_other_visit = assign(visit, ride, [stranger])

    assert list(nobody.context["form"].errors) == ["visitors"]
    assert list(elsewhere.context["form"].errors) == ["ride"]
    assert list(of_other_visit.context["form"].errors) == ["visitors"]
    assert list_reserved(ride, other) == [0, 0]


def test_number_too_large_for_the_database_is_no_visitor(visit):
    organizer = make_client(make_staff(visit.event))
    data = {"ride": make_ride(visit).pk, "visitors": ["9" * 20]}

    answer = organizer.post(f"/en/organize/{visit.event.slug}/visit/rides/", data)

    assert list(answer.context["form"].errors) == ["visitors"]


def test_ride_that_was_removed_meanwhile_is_named_as_gone(visit):
    ride, visitor = make_ride(visit), make_visitor(visit)
    stale = Ride.objects.get(pk=ride.pk)
    Ride.objects.filter(pk=ride.pk).delete()

    with pytest.raises(NotOpenNow, match="no longer available"):
        seat_visitors(ride=stale, application_ids=[visitor.pk])


@pytest.mark.parametrize(
    ("choice", "names"),
    [("page", ["Aboard", "Free"]), ("out", ["Free"]), ("back", ["Aboard", "Free"]), ("x", [])],
)
def test_links_select_everyone_or_those_without_a_ride(visit, choice, names):
    aboard = make_visitor(visit, first_name="", last_name="Aboard")
    make_visitor(visit, first_name="", last_name="Free")
    seat_visitor(application=aboard, ride_ids={make_ride(visit).pk})

    page = html.fromstring(
        make_client(make_staff(visit.event))
        .get(f"/en/organize/{visit.event.slug}/visit/rides/", {"select": choice})
        .content
    )

    ticked = page.xpath("//tbody//tr[.//input[@checked]]//a/text()")
    assert ticked == names
