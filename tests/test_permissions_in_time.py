"""Access by date: seats, contracts, roles, employments and embargoes end on their day.

All addresses by role are in `test_permissions.py`. This module has rights that depend on dates, which the
database compares: valid, ending today and ended yesterday.
"""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from convention.club.models import ClubRole, CompanyRole, Employment, Membership
from convention.events.models import EventRole
from registrations.visits.hosts.contacts import add_host_contact, end_host_contact
from registrations.visits.hosts.permissions import sign_in_contact
from registrations.visits.models import Debrief, Visit
from tests.factories import START_OF_2020, make_company, make_contact, make_member, make_person
from tests.registrations.visits.visit_day import make_visit, make_visitor, scan_by_hand, sign_latest_text
from tests.site_objects import (
    is_allowed,
    list_url_patterns,
    make_client,
    make_delegated_role,
    make_delegation,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]
DAY = datetime.timedelta(days=1)

NOTHING: set[str] = set()
MEMBERS = {"season", "proposals", "visits-lessons"}
VISIT = {"visit"}
DEBRIEF = {"visit-debrief"}
OWN = {"visit-rides", "visit-identity"}
COMPANY = {"company-home"}
RUN = {"organize-people", "organize-visit-roster-csv"}
SECRETARY = {
    "organize-visit-roster-csv",
    "organize-visit-lists",
    "organize-visit-debrief",
    "privacy",
    "season",
    "club-people",
}
CLUB = {"club-roles"}
ADDRESSES = sorted(MEMBERS | VISIT | DEBRIEF | OWN | COMPANY | RUN | SECRETARY | CLUB)


def today():
    return timezone.localdate()


def set_end(rows, days):
    """Set the last day of these rows to `days` from today."""
    rows.update(ends_on=today() + days * DAY)


def member(_visit, *, until=None, since=0):
    person = make_member()
    if until is not None:
        set_end(person.seats.all(), until)
    if since:
        person.seats.update(starts_on=today() + since * DAY)
    return person


def make_former_employee(_visit):
    person = make_member()
    set_end(person.employments.all(), -1)
    return person


def make_member_of_resigned_company(_visit):
    person = make_member()
    Membership.objects.filter(given_seats__person=person).update(left_on=today(), left_as="resigned")
    return person


def visitor(visit, *, until=None):
    """Create a past visitor who agreed to confidentiality; the membership ends `until` days from today."""
    person = make_member()
    place = make_visitor(visit, person)
    sign_latest_text(place)
    scan_by_hand(place)
    if until is not None:
        set_end(person.seats.all(), until)
    return person


def build_employee_maker(role, *, until=None):
    """Return a function that creates a person, without a seat, in a company with this role."""

    def make(_visit):
        company, person = make_company(role=role), make_person()
        Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
        if until is not None:
            set_end(company.roles.all(), until)
        return person

    return make


def make_outside_organizer(visit, *, contract=0, firm=None, job=None):
    """Create a person of the firm that runs the event; each argument is the last day, from today."""
    person = make_person()
    under = make_delegation(visit.event, until=today() + contract * DAY)
    make_delegated_role(under, person)
    if firm is not None:
        set_end(CompanyRole.objects.filter(company=under.company), firm)
    if job is not None:
        set_end(person.employments.all(), job)
    return person


def staff(visit, *, until):
    person, last = make_person(), today() + until * DAY
    EventRole.objects.create(
        event=visit.event, person=person, role="organizer", starts_on=START_OF_2020, ends_on=last
    )
    return person


def build_official_maker(role, *, until):
    def make(_visit):
        person, last = make_person(), today() + until * DAY
        ClubRole.objects.create(person=person, role=role, starts_on=START_OF_2020, ends_on=last)
        return person

    return make


def contact(visit, *, until):
    """Create a contact of the visit's company without a seat, so that they are not a member."""
    person = make_contact(visit.company)
    person.seats.all().delete()
    set_end(person.company_contacts.all(), until)
    return person


PEOPLE = {
    "member": (member, MEMBERS | VISIT | DEBRIEF),
    "member until today": (lambda visit: member(visit, until=0), MEMBERS | VISIT | DEBRIEF),
    "member until yesterday": (lambda visit: member(visit, until=-1), NOTHING),
    "member from tomorrow": (lambda visit: member(visit, since=1), VISIT),  # on the visit's day
    "member who left the firm": (make_former_employee, NOTHING),
    "member of a firm that left": (make_member_of_resigned_company, NOTHING),
    "visitor": (visitor, MEMBERS | VISIT | DEBRIEF | OWN),
    "visitor, a member until yesterday": (lambda visit: visitor(visit, until=-1), VISIT | OWN),
    "analyst": (build_employee_maker("analyst"), NOTHING),
    "vendor": (build_employee_maker("vendor"), {"proposals"}),
    "vendor until today": (build_employee_maker("vendor", until=0), {"proposals"}),
    "vendor until yesterday": (build_employee_maker("vendor", until=-1), NOTHING),
    "outside organizer until today": (make_outside_organizer, RUN | VISIT),
    "outside organizer until yesterday": (lambda visit: make_outside_organizer(visit, contract=-1), NOTHING),
    "outside organizer, the firm until today": (
        lambda visit: make_outside_organizer(visit, firm=0),
        RUN | VISIT,
    ),
    "outside organizer, the firm until yesterday": (
        lambda visit: make_outside_organizer(visit, firm=-1),
        NOTHING,
    ),
    "outside organizer, there until yesterday": (
        lambda visit: make_outside_organizer(visit, job=-1),
        NOTHING,
    ),
    "organizer until today": (lambda visit: staff(visit, until=0), RUN | VISIT),
    "organizer until yesterday": (lambda visit: staff(visit, until=-1), NOTHING),
    "secretary until today": (build_official_maker("secretary", until=0), SECRETARY | VISIT),
    "secretary until yesterday": (build_official_maker("secretary", until=-1), NOTHING),
    "administrator until today": (
        build_official_maker("administrator", until=0),
        SECRETARY | VISIT | RUN | CLUB,
    ),
    "administrator until yesterday": (build_official_maker("administrator", until=-1), NOTHING),
    "contact until today": (lambda visit: contact(visit, until=0), COMPANY),
    "contact until yesterday": (lambda visit: contact(visit, until=-1), NOTHING),
}
EMBARGOED = {
    "member": NOTHING,
    "visitor": DEBRIEF,
    "visitor, a member until yesterday": NOTHING,
    "outside organizer until today": NOTHING,
    "secretary until today": NOTHING,
}


def make_published_visit(*, embargo):
    """Create a visit in two days, its published debrief with an embargo of this duration, and a company."""
    now = timezone.now()
    visit = make_visit(starts=48, embargo_until=now + embargo)
    Debrief.objects.create(
        visit=visit,
        text="Vu",
        lessons_learned="Su",
        audience="members",
        published_at=now,
        host_approved_at=now,
    )
    visit.company = make_company()
    return visit


def find_open_addresses(person, visit, addresses):
    """Return which of the addresses this person may open."""
    client, arguments = make_client(person), dict(list_url_patterns())
    given = {"event": visit.event.slug, "slug": visit.event.slug, "company": visit.company.slug}
    return {
        name
        for name in addresses
        if is_allowed(client.get(reverse(name, kwargs={key: given[key] for key in arguments[name]})))
    }


def test_access_lasts_until_the_end_of_the_last_day():
    visit = make_published_visit(embargo=-DAY)
    found = {
        name: find_open_addresses(make(visit), visit, ADDRESSES) for name, (make, _expected) in PEOPLE.items()
    }

    assert found == {name: expected for name, (_make, expected) in PEOPLE.items()}


def test_debrief_under_embargo_is_for_members_who_attended_only():
    visit = make_published_visit(embargo=DAY)
    people = {name: PEOPLE[name][0](visit) for name in EMBARGOED}

    assert {name: find_open_addresses(one, visit, DEBRIEF) for name, one in people.items()} == EMBARGOED

    Visit.objects.filter(pk=visit.pk).update(embargo_until=timezone.now())
    over = {name: PEOPLE[name][1] & DEBRIEF for name in EMBARGOED}

    assert {name: find_open_addresses(one, visit, DEBRIEF) for name, one in people.items()} == over


def test_host_contact_opens_own_visit_until_contact_or_visit_ends():
    visit, other, called_off = (make_visit(starts=48) for _each in range(3))
    Visit.objects.filter(pk=called_off.pk).update(cancelled_at=timezone.now())
    contacts = {
        name: add_host_contact(visit=one, name=name, email=f"{name}@hote.example")
        for name, one in {"here": visit, "ended": visit, "elsewhere": other, "off": called_off}.items()
    }
    end_host_contact(contact=contacts["ended"])
    found = {}
    for name, one in contacts.items():
        client = make_client(None)
        session = client.session
        sign_in_contact(session, one)
        session.save()
        client.cookies["sessionid"] = session.session_key
        pages = [f"/host/visits/{visit.event.slug}/", f"/host/visits/{visit.event.slug}/briefing/"]
        found[name] = [is_allowed(client.get(page)) for page in pages]

    nothing = [False, False]

    assert found == {"here": [True, True], "ended": nothing, "elsewhere": nothing, "off": nothing}
