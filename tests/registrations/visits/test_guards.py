"""What stands around a visit and must not undo it: settings of its event, merged places, imported ones."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.merge import merge
from convention.club.change_employer import change_employer
from convention.club.seats import give_seat
from convention.events.models import Event
from registrations.absorb import CannotMerge
from registrations.accept_offer import accept_ticket
from registrations.cancel import cancel
from registrations.visits.choose_rides import choose_rides
from registrations.visits.lost_seats import lost_seats
from registrations.visits.make_visit import make_visit as begin
from registrations.visits.models import Application, Identity, Leg
from registrations.visits.purge import purge_due
from registrations.visits.rides import save_ride
from registrations.visits.withdraw import withdraw
from tests.doors import client_of
from tests.factories import make_company, make_event, make_member, make_registration, make_staff, make_ticket

from . import days
from .hosted import make_hosted, make_identified, make_secretary
from .makers import applied, make_visit

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def answer(event: Event, person, **changes: str):
    """What the settings' page says to these changes, by field; nothing where they are kept."""
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
    page = client_of(person).post(f"/organize/{event.slug}/settings/", {**values, **changes})
    return sorted(page.context["form"].errors) if page.status_code == 200 else []


def later(event: Event) -> str:
    """A week after its end, as the page writes it."""
    return f"{event.ends_at.astimezone(event.zone) + 7 * DAY:%Y-%m-%dT%H:%M}"


def test_a_visit_stays_one_and_other_events_change_their_kind():
    visit, plain = make_visit(), make_event(kind="site_visit")
    for event, expected in ((visit.event, ["kind"]), (plain, [])):
        assert answer(event, make_staff(event), kind="convention") == expected
        event.refresh_from_db()
        assert (event.kind == "site_visit") == bool(expected)


def test_the_end_is_put_off_by_the_secretary_alone_once_visitors_are_known():
    visit = make_visit()
    event = visit.event
    organizer = make_staff(event)
    assert answer(event, organizer, ends_at=later(event)) == []
    locked = make_hosted().event
    known = make_hosted(locked_at=None)
    make_identified(known, 1)
    for event in (locked, known.event):
        organizer = make_staff(event)
        assert answer(event, organizer, ends_at=later(event)) == ["ends_at"]
        assert answer(event, organizer, name="Autre") == []
        reader = make_secretary()
        event.roles.create(person=reader, role="organizer")
        assert answer(event, reader, ends_at=later(event)) == []


def test_of_two_places_the_one_that_was_applied_for_is_kept():
    visit = make_visit()
    theirs = applied(visit)
    assert theirs.registration is not None
    double = make_registration(theirs.registration.ticket, email=theirs.registration.email)
    with pytest.raises(CannotMerge, match="applied for"):
        merge(kept=double, other=theirs.registration)
    merge(kept=theirs.registration, other=double)
    assert Application.objects.confirmed().get() == theirs


def test_a_member_s_place_without_a_person_is_found_by_address_when_a_visit_begins():
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
    assert {one.person for one in visit.applications.all()} == {member, known}
    page = client_of(make_staff(event)).get(f"/organize/{event.slug}/visit/applicants/").content.decode()
    assert stranger.reference in page
    assert place.reference not in page


def test_seats_of_those_who_lost_their_place_do_not_keep_a_coach_large():
    visit = days.make_visit(starts=48)
    gone, leg = days.make_visitor(visit), days.make_leg(visit, capacity=2)
    choose_rides(application=gone, rides=[leg.pk])
    cancel(registration=gone.registration)
    leg.refresh_from_db()
    leg.capacity = 0
    save_ride(leg=leg, changed=["capacity"])
    leg = Leg.objects.get()
    assert (leg.capacity, leg.taken) == (0, 0)


def test_an_end_in_the_past_does_not_remove_what_visitors_told():
    visit = make_hosted()
    make_identified(visit, 1)
    reader = make_secretary()
    visit.event.roles.create(person=reader, role="organizer")
    wrong = {"starts_at": "2025-01-10T09:00", "ends_at": "2025-01-10T15:00"}
    assert answer(visit.event, reader, **wrong) == ["ends_at"]
    purge_due()
    assert Identity.objects.count() == 1
    plain = make_visit()
    assert answer(plain.event, make_staff(plain.event), **wrong) == []


def test_whoever_changes_employer_while_waiting_comes_for_the_new_one():
    visit = make_visit(places=1)
    first, waits = applied(visit), applied(visit)
    membership = make_member().seats.get().membership
    change_employer(person=waits.person, to=membership.company, on=timezone.localdate())
    give_seat(membership=membership, person=waits.person)
    withdraw(application=first)
    accept_ticket(entry=waits.waiting)
    waits.refresh_from_db()
    assert (waits.registration.member_of, waits.company) == (membership.company, membership.company)
    assert lost_seats(visit, [waits]) == {}
