"""Event settings, merges, rides and earlier registrations must not break a visit."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.merge import merge_registrations_and_scans
from convention.club.change_employer import change_employer
from convention.club.seats import give_seat
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.changes.cancel import cancel_registration
from registrations.changes.change_order import change_order
from registrations.changes.merge import MergeRefused
from registrations.visits.applications.applicants import find_current_objections
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.identity.purge import purge_due_data
from registrations.visits.lifecycle.change import change_visit
from registrations.visits.lifecycle.create import create_visit as begin
from registrations.visits.lifecycle.steps import list_missing_steps, record_agreement
from registrations.visits.models import Application, Identity, Ride
from registrations.visits.preconditions import VisitNotReady
from registrations.visits.rides.edit_rides import save_ride
from registrations.visits.rides.seating import choose_rides
from registrations.visits.visitor_list.lock import lock_due_lists, lock_list
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_registration,
    make_secretary,
    make_staff,
    make_ticket,
)
from tests.registrations.visits import visit_day
from tests.registrations.visits.factories import make_application, make_visit
from tests.registrations.visits.hosts import make_hosted, make_identified
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def submit_settings(event: Event, person, **changes: str):
    """Submit the settings page with `changes`; return the fields with errors, or an empty list if saved."""
    ends = event.ends_at.astimezone(event.zone)
    values = {
        "name": event.name,
        "kind": event.kind,
        "visibility": event.visibility,
        "starts_at": f"{event.starts_at.astimezone(event.zone):%Y-%m-%dT%H:%M}",
        "ends_at": f"{ends:%Y-%m-%dT%H:%M}",
        "timezone": event.timezone,
        "accent": event.accent,
        "host": event.host_id or "",
    }
    page = make_client(person).post(f"/organize/{event.slug}/settings/", {**values, **changes})
    return sorted(page.context["form"].errors) if page.status_code == 200 else []


def format_local_time(event: Event, moment: datetime.datetime) -> str:
    """Format `moment` as the date fields of the page do."""
    return f"{moment.astimezone(event.zone):%Y-%m-%dT%H:%M}"


def format_later_end(event: Event) -> str:
    """Return the end of the event plus three days, as the page formats it."""
    return format_local_time(event, event.ends_at + 3 * DAY)


def test_kind_of_event_with_visit_cannot_change():
    visit, plain = make_visit(), make_event(kind="site_visit")
    for event, expected in ((visit.event, ["kind"]), (plain, [])):
        assert submit_settings(event, make_staff(event), kind="convention") == expected
        event.refresh_from_db()
        assert (event.kind == "site_visit") == bool(expected)


def test_only_secretary_postpones_end_after_lock_or_first_identity():
    visit = make_visit()
    event = visit.event

    organizer = make_staff(event)

    assert submit_settings(event, organizer, ends_at=format_later_end(event)) == []

    locked = make_hosted().event
    known = make_hosted(locked_at=None)
    make_identified(known, 1)
    for event in (locked, known.event):
        organizer = make_staff(event)
        assert submit_settings(event, organizer, ends_at=format_later_end(event)) == ["ends_at"]
        assert submit_settings(event, organizer, name="Autre") == []
        reader = make_secretary()
        event.roles.create(person=reader, role="organizer")
        assert submit_settings(event, reader, ends_at=format_later_end(event)) == []


@pytest.mark.parametrize(
    ("starts", "ends", "fields"),
    [
        (40, 45, []),
        (40, 46, ["ends_at"]),  # six days
        (40, 400, ["ends_at"]),  # another year
        (-2, 1, ["starts_at"]),  # begun already
        (-400, 40, ["ends_at", "starts_at"]),
        (1, 1.5, ["starts_at"]),  # the list would be locked at once
    ],
)
def test_published_visit_can_be_moved_within_limits(starts, ends, fields):
    visit, now = make_visit(), timezone.now()
    event, organizer = visit.event, make_staff(visit.event)

    dates = {
        name: format_local_time(event, now + days * DAY)
        for name, days in (("starts_at", starts), ("ends_at", ends))
    }

    assert submit_settings(event, organizer, **dates) == fields

    lock_due_lists()

    visit.refresh_from_db()
    assert visit.locked_at is None

    # Dates that are out of range already do not prevent other changes.
    Event.objects.filter(pk=event.pk).update(starts_at=now + DAY * 40, ends_at=now + DAY * 60)

    event.refresh_from_db()
    assert submit_settings(event, organizer, name="Autre") == []


def test_started_visit_may_end_earlier_but_not_before_lock():
    visit = make_hosted(days=-1, locked_at=timezone.now() - DAY / 2)
    event = visit.event
    event.ends_at = timezone.now() + DAY
    event.save()

    organizer = make_staff(event)

    assert submit_settings(
        event, organizer, ends_at=format_local_time(event, timezone.now() - DAY * 0.6)
    ) == ["ends_at"]
    assert submit_settings(event, organizer, ends_at=format_local_time(event, timezone.now() - DAY / 4)) == []


def test_event_longer_than_five_days_cannot_be_a_visit_or_be_locked():
    starts = timezone.now() + 40 * DAY
    event = make_event(kind="site_visit", visibility="members", starts_at=starts, ends_at=starts + 20 * DAY)

    with pytest.raises(VisitNotReady, match="at most 5 days"):
        begin(event=event)

    visit = make_visit(starts_at=starts, ends_at=starts + 20 * DAY)  # by the back office
    make_application(visit)

    with pytest.raises(NotOpenNow, match="at most 5 days"):
        lock_list(visit=visit)

    draft = make_visit(starts_at=starts, ends_at=starts + 20 * DAY, visibility="draft", agreed_at=None)

    with pytest.raises(VisitNotReady, match="at most 5 days"):
        record_agreement(visit=draft)
    assert any("at most 5 days" in item.sentence for item in list_missing_steps(draft))


def test_lock_days_that_would_lock_at_once_are_refused():
    visit = make_visit(starts_at=timezone.now() + 20 * DAY)

    visit.lock_working_days = 40
    with pytest.raises(InvalidFields) as refused:
        change_visit(visit=visit, ticket=visit.event.tickets.get(), changed=["lock_working_days"])
    assert list(refused.value.field_errors) == ["lock_working_days"]

    visit.lock_working_days = 2
    change_visit(visit=visit, ticket=visit.event.tickets.get(), changed=["lock_working_days"])

    visit.refresh_from_db()
    assert visit.lock_working_days == 2


def test_merge_refuses_to_drop_registration_of_application():
    visit = make_visit()
    theirs = make_application(visit)

    assert theirs.registration is not None

    double = make_registration(theirs.registration.ticket, email=theirs.registration.email)

    with pytest.raises(MergeRefused, match="from the application"):
        merge_registrations_and_scans(survivor=double, other=theirs.registration)

    merge_registrations_and_scans(survivor=theirs.registration, other=double)

    assert Application.objects.confirmed().get() == theirs


def test_ticket_change_does_not_bypass_the_application_for_a_visit():
    visit = make_visit()
    guest = make_registration(make_ticket(visit.event, slug="guest"))
    member_ticket = visit.event.tickets.get(slug="member")

    with pytest.raises(NotOpenNow, match="on application"):
        change_order(
            registration=guest,
            ticket=member_ticket,
            addons=(),
            expected_cents=0,
            membership_exception="Speaker",
        )

    guest.refresh_from_db()
    assert guest.ticket != member_ticket


def test_new_visit_matches_registration_without_person_by_address():
    starts = timezone.now() + 40 * DAY
    event = make_event(kind="site_visit", visibility="draft", starts_at=starts, ends_at=starts + DAY / 4)
    ticket = make_ticket(event, slug="member", audience="member", is_default=True, capacity=9)
    company = make_company()
    member, known = make_member(company), make_member(company)
    place = make_registration(ticket, email=member.email.upper(), member_of=company)
    make_registration(ticket, email=known.email, person=known, member_of=company)
    make_registration(ticket, email=known.email, member_of=company)
    stranger = make_registration(ticket, email="nobody@example.org", last_name="Inconnue")

    visit = begin(event=event)

    place.refresh_from_db()
    assert place.person == member
    assert {application.person for application in visit.applications.all()} == {member, known}

    page = make_client(make_staff(event)).get(f"/organize/{event.slug}/visit/applicants/").content.decode()

    assert stranger.reference in page
    assert place.reference not in page


def test_ride_capacity_can_be_reduced_below_seats_of_cancelled_visitors():
    visit = visit_day.make_visit(starts=48)
    gone, ride = visit_day.make_visitor(visit), visit_day.make_ride(visit, capacity=2)
    choose_rides(application=gone, ride_ids=[ride.pk])
    cancel_registration(registration=gone.registration)
    ride.refresh_from_db()
    ride.capacity = 0

    save_ride(ride=ride, changed=["capacity"])

    ride = Ride.objects.get()
    assert ride.capacity == 0
    assert ride.reserved == 0


def test_end_in_the_past_is_refused_and_identities_remain():
    visit = make_hosted()
    make_identified(visit, 1)
    reader = make_secretary()
    visit.event.roles.create(person=reader, role="organizer")

    wrong = {"starts_at": "2025-01-10T09:00", "ends_at": "2025-01-10T15:00"}

    assert submit_settings(visit.event, reader, **wrong) == ["ends_at", "starts_at"]

    purge_due_data()

    assert Identity.objects.count() == 1

    plain = make_visit()

    assert submit_settings(plain.event, make_staff(plain.event), **wrong) == ["starts_at"]


def test_offer_accepted_after_change_of_employer_counts_for_new_employer():
    visit = make_visit(places=1)
    first, waits = make_application(visit), make_application(visit)
    membership = make_member().seats.get().membership
    change_employer(person=waits.person, to=membership.company, on=timezone.localdate())
    give_seat(membership=membership, person=waits.person)
    withdraw_application(application=first)

    accept_ticket_offer(entry=waits.waiting_entry)

    waits.refresh_from_db()
    assert waits.registration.member_of == membership.company
    assert waits.company == membership.company
    assert find_current_objections(visit, [waits]) == {}
