"""Rows for tests of the day of a visit: a visit of today, people with a place, rides, scans at its doors."""

import datetime
import itertools

from django.utils import timezone

from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.scanning.manual_scan import check_in_registration
from convention.events.models import Event, Venue
from registrations.visits.models import (
    Application,
    Debrief,
    FeedbackQuestion,
    NdaAcceptance,
    NdaText,
    Ride,
    RideSeat,
    Visit,
)
from tests.factories import make_company, make_event, make_member, make_registration, make_ticket

numbers = itertools.count(1)
HOUR = datetime.timedelta(hours=1)


def make_visit(*, starts=-1.0, hours=6.0, **fields):
    """A visit that members see; it began an hour ago unless told otherwise."""
    begins = timezone.now() + starts * HOUR
    venue = Venue.objects.create(name="Site Nordlys", street="1 allée des Serveurs", city="Palaiseau")
    event = make_event(
        slug=fields.pop("slug", f"visit-{next(numbers)}"), kind=Event.Kind.SITE_VISIT,
        name="Visite chez Nordlys",
        name_en="Visit to Nordlys", visibility=Event.Visibility.MEMBERS,
        starts_at=begins, ends_at=begins + hours * HOUR,
        venue=venue, host=make_company(role="vendor"),
    )  # fmt: skip
    make_ticket(event, slug="member", name="Adhérent", is_default=True)
    return Visit.objects.create(event=event, **{"agreed_at": timezone.now(), **fields})


def make_visitor(visit, person=None, **fields):
    """A member with a place at the visit."""
    person = person or make_member(last_name=fields.get("last_name", f"Silva {next(numbers)}"))
    registration = make_registration(
        visit.event.tickets.get(), person=person, email=person.email,
        **{"first_name": person.first_name, "last_name": person.last_name, **fields},
    )  # fmt: skip
    company = person.employments.get().company
    return Application.objects.create(visit=visit, person=person, company=company, registration=registration)


def make_ride(visit, direction="out", **fields):
    """A ride: an hour before the visit, or at its end."""
    event = visit.event
    leaves = event.starts_at - HOUR if direction == "out" else event.ends_at
    return Ride.objects.create(
        visit=visit, direction=direction,
        **{"meeting_point": "Gare de Lyon, sortie 3", "leaves_at": leaves, "capacity": 50, **fields},
    )  # fmt: skip


def scan_by_hand(application, door=None, direction="in"):
    """Scan the badge by hand, at the gate unless another door is given."""
    return check_in_registration(
        registration=application.registration,
        checkpoint=door or get_or_create_entrance(application.visit.event),
        operator=None,
        direction=direction,
    )


def sign_latest_text(application):
    """Accept the latest text of the visit, which is created if there is none."""
    text, _made = NdaText.objects.get_or_create(
        visit=application.visit, number=1, defaults={"text": "Rien ne sort."}
    )
    latest = application.visit.nda_texts.first() or text
    return NdaAcceptance.objects.create(application=application, nda=latest, hash=latest.hash, name="x")


def end_visit(visit):
    """Move the end of the visit to an hour ago."""
    event = visit.event
    event.starts_at, event.ends_at = timezone.now() - 7 * HOUR, timezone.now() - HOUR
    event.save()


RIDE_PAGE_NAMES = ["ride", "ride-remove", "manifest", "manifest-pdf"]
"""Pages that name a ride."""


def make_ride_objects(event, registration):
    """Create a ride with a seat, a debrief and a question of the event's visit; return the ride."""
    visit = Visit.objects.get(event=event)
    ride = Ride.objects.create(visit=visit, direction="out", meeting_point="Gare", leaves_at=event.starts_at)
    one, _made = Application.objects.get_or_create(
        visit=visit, registration=registration, defaults={"person": make_member()}
    )
    RideSeat.objects.create(ride=ride, application=one)
    Debrief.objects.create(visit=visit, text="Vu")
    FeedbackQuestion.objects.create(visit=visit, text="Utile ?")
    return ride
