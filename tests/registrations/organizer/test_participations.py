"""The visits and registrations on a person's page in the directory."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence
from convention.club.views.people import MAX_PARTICIPATIONS_SHOWN
from convention.events.models import EventRole
from registrations.visits.applications.withdraw import withdraw_application
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_event,
    make_person,
    make_registration,
    make_secretary,
    make_ticket,
)
from tests.registrations.visits.factories import make_application, make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return make_client(make_administrator())


def list_history(client, person, query=""):
    """Return title, state and path of each row."""
    page = client.get(f"/en/organize/club/people/{person.pk}/{query}")
    return [(row.event.title, row.state, row.path) for row in page.context["participations"]]


def test_administrator_reads_registrations_and_applications_newest_first(administrator):
    application = make_application(make_visit(slug="visit"))
    person, now = application.person, timezone.now()
    past = make_event(slug="past", starts_at=now - datetime.timedelta(days=400), name="Past")
    make_registration(make_ticket(past), person=person, reference="PAST", cancelled_at=now)

    rows = list_history(administrator, person)

    assert [title for title, _state, _path in rows] == ["Visit", "Past"]
    assert rows[0][1:] == ("place confirmed", f"/en/organize/visit/visit/applicants/{application.pk}/")
    assert rows[1][1:] == ("cancelled", "/en/organize/past/registrations/PAST/")
    assert all(administrator.get(path).status_code == 200 for _title, _state, path in rows)


def test_withdrawn_application_is_listed(administrator):
    application = make_application(make_visit())

    withdraw_application(application=application)

    assert [state for _title, state, _path in list_history(administrator, application.person)] == [
        "withdrawn"
    ]


def test_attendee_who_arrived_counts_as_attended(administrator):
    registration = make_registration(person=make_person())
    entrance = Checkpoint.objects.create(event=registration.event, name="Entrée")
    Presence.objects.create(
        event=registration.event,
        checkpoint=entrance,
        registration=registration,
        entries=1,
        first_entered_at=timezone.now(),
    )

    assert [state for _title, state, _path in list_history(administrator, registration.person)] == [
        "attended"
    ]


def test_registration_with_the_address_of_the_person_is_listed(administrator):
    person = make_person(email="ana@firm.example")
    make_registration(email="Ana@firm.example")

    assert len(list_history(administrator, person)) == 1


def test_secretary_reads_visits_and_only_the_registrations_of_events_they_organize():
    secretary = make_secretary()
    application = make_application(make_visit())
    person = application.person
    organized = make_event(slug="own", name="Own")
    EventRole.objects.create(event=organized, person=secretary, role="organizer", starts_on=START_OF_2020)
    make_registration(make_ticket(organized), person=person)
    make_registration(make_ticket(make_event(slug="other", name="Other")), person=person)

    rows = list_history(make_client(secretary), person)

    assert {title for title, _state, _path in rows} == {"Visit", "Own"}


def test_long_history_is_shortened_with_a_link_to_all(administrator):
    person = make_person()
    for number in range(MAX_PARTICIPATIONS_SHOWN + 1):
        make_registration(make_ticket(make_event(slug=f"event-{number}")), person=person)

    page = administrator.get(f"/en/organize/club/people/{person.pk}/").content.decode()

    assert len(list_history(administrator, person)) == MAX_PARTICIPATIONS_SHOWN
    assert "Show all (11)" in page
    assert len(list_history(administrator, person, "?history=all")) == MAX_PARTICIPATIONS_SHOWN + 1


def test_person_without_history_has_an_empty_section(administrator):
    page = administrator.get(f"/en/organize/club/people/{make_person().pk}/").content.decode()

    assert "No visits or registrations that you can open." in page
