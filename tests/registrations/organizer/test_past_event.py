"""A registration's page after the event: names and companies are corrected, everything else is closed."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from convention.events.models import Event
from registrations.models import Registration
from tests.factories import make_event, make_question, make_registration, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def past_registration(event: Event) -> Registration:
    make_question(event, "diet")
    registration = make_registration(
        event.tickets.get(), first_name="Zoé", last_name="Mulller", email="z@example.org", company="Acme"
    )
    now = timezone.now()
    starts_at, ends_at = now - datetime.timedelta(days=40), now - datetime.timedelta(days=39)
    Event.objects.filter(pk=event.pk).update(starts_at=starts_at, ends_at=ends_at)
    registration.event.refresh_from_db()
    return registration


def get_path(registration: Registration, name: str = "organize-registration") -> str:
    return f"/en{reverse(name, args=[registration.event.slug, registration.reference]).removeprefix('/en')}"


def post_names(organizer: Client, registration: Registration, **fields: str):
    names = {"first_name": "Zoé", "last_name": "Müller", "company": "Acme SA"} | fields
    return organizer.post(get_path(registration), names)


def test_page_offers_no_closed_action_after_the_event(organizer: Client, past_registration):
    page = organizer.get(get_path(past_registration)).text

    assert "Change ticket or add-ons" not in page
    assert "Change the answers" not in page
    assert "Cancel the registration" not in page
    assert "waiting list" not in page
    assert 'name="email"' not in page
    assert "only the spelling of the name and the company can still be corrected" in page


def test_name_and_company_are_corrected_after_the_event_without_an_email(
    organizer: Client, past_registration, run_tasks, mailoutbox
):
    answer = post_names(organizer, past_registration)
    run_tasks()

    past_registration.refresh_from_db()
    assert answer.status_code == 302
    assert past_registration.name == "Zoé Müller"
    assert past_registration.company == "Acme SA"
    assert past_registration.email == "z@example.org"
    assert mailoutbox == []


def test_place_goes_to_nobody_else_after_the_event(organizer: Client, past_registration):
    answer = post_names(organizer, past_registration, first_name="Ana", last_name="Blanc")

    past_registration.refresh_from_db()
    assert "the place can no longer go to another person" in answer.text
    assert 'value="Blanc"' in answer.text
    assert past_registration.last_name == "Mulller"
    assert past_registration.badge_version == 1


def test_cancelling_after_the_event_leads_back_to_the_registration(organizer: Client, past_registration):
    answer = organizer.post(get_path(past_registration, "organize-registration-cancel"), follow=True)

    assert answer.redirect_chain[-1][0] == get_path(past_registration)
    assert "The event is over, so the registration can no longer be cancelled." in answer.text


def test_preview_of_a_move_is_refused_after_the_event(organizer: Client, past_registration):
    ticket = make_ticket(make_event(visibility=Event.Visibility.PUBLIC))
    path = get_path(past_registration, "organize-registration-move")

    page = organizer.get(path, {"ticket": ticket.pk}).text

    assert "The event is over, so the registration can no longer be cancelled." in page
    assert "Before you confirm" not in page


def test_check_in_after_the_event_is_confirmed_first(organizer: Client, past_registration):
    path = f"/en/desk/{past_registration.event.slug}/guests/{past_registration.reference}/check-in/"
    fields = {"page": "registration", "direction": "in"}

    page = organizer.post(path, fields, follow=True)
    scans_before = Scan.objects.count()
    organizer.post(path, {**fields, "confirmed": "yes"})

    assert "The event ended on" in page.text
    assert scans_before == 0
    assert Presence.objects.get().is_inside
