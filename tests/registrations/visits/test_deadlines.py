"""Until when members can apply for a visit, after its dates, terms and steps have changed."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.events.models import Event
from registrations.models import Ticket
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.lifecycle.change import change_visit
from registrations.visits.lifecycle.steps import close_applications, publish_visit, reopen_applications
from registrations.visits.models import Visit
from registrations.visits.preconditions import VisitNotReady
from registrations.visits.visitor_list.lock import lock_list, unlock_list
from tests.factories import make_administrator
from tests.registrations.visits.factories import make_visit, reload_visit

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def save_settings(client, visit: Visit, **changes: str) -> None:
    """Submit the form of the event's settings, with these changes."""
    address = f"/organize/{visit.event.slug}/settings/"
    client.force_login(make_administrator())
    [form] = html.fromstring(client.get(address).content).xpath("//form[.//input[@name='seen']]")
    response = client.post(address, {**dict(form.form_values()), **changes})
    assert response.status_code == 302


def get_deadline(visit: Visit) -> datetime.datetime:
    return Event.objects.get(pk=visit.event_id).registration_deadline


def test_applications_reopen_with_a_list_whose_event_was_saved_while_it_was_locked(client):
    visit = make_visit()
    lock_list(visit=visit)
    save_settings(client, visit, description="New")

    unlock_list(visit=reload_visit(visit))

    assert reload_visit(visit).state == Visit.State.PUBLISHED
    assert get_deadline(visit) == reload_visit(visit).locks_at


def test_organizers_own_deadline_outlasts_locking_and_unlocking():
    own_deadline = timezone.now() + 10 * DAY
    visit = make_visit(registration_closes_at=own_deadline)

    lock_list(visit=visit)
    unlock_list(visit=reload_visit(visit))

    assert get_deadline(visit) == own_deadline


def test_organizers_own_deadline_outlasts_closing_and_reopening():
    own_deadline = timezone.now() + 10 * DAY
    visit = make_visit(registration_closes_at=own_deadline)

    close_applications(visit=visit)
    reopen_applications(visit=reload_visit(visit))

    assert get_deadline(visit) == own_deadline


def test_reopened_applications_are_not_closed_by_an_own_deadline_that_has_passed():
    visit = make_visit(registration_closes_at=timezone.now() - DAY)
    assert reload_visit(visit).state == Visit.State.CLOSED

    reopen_applications(visit=reload_visit(visit))

    assert reload_visit(visit).state == Visit.State.PUBLISHED
    assert get_deadline(visit) == reload_visit(visit).locks_at


def test_deadline_moves_with_a_postponed_visit(client):
    visit = make_visit(visibility="draft")
    publish_visit(visit=visit)
    day = f"{visit.event.starts_at + 60 * DAY:%Y-%m-%d}"

    save_settings(client, visit, starts_at=f"{day}T10:00", ends_at=f"{day}T16:00")

    assert get_deadline(visit) == reload_visit(visit).locks_at > visit.event.starts_at


def test_deadline_moves_with_the_working_days_before_the_lock():
    visit = make_visit(visibility="draft")
    publish_visit(visit=visit)
    deadline = get_deadline(visit)

    visit.lock_working_days = 2
    change_visit(visit=visit, ticket=Ticket.objects.get(event=visit.event), changed=["lock_working_days"])

    assert get_deadline(visit) == reload_visit(visit).locks_at > deadline


def test_registration_is_closed_once_a_visit_is_called_off():
    visit = make_visit()

    cancel_visit(visit=visit, reason="Closed plant")

    assert not Event.objects.get(pk=visit.event_id).is_registration_open()


def test_visit_cannot_be_published_after_its_own_deadline():
    visit = make_visit(visibility="draft", registration_closes_at=timezone.now() - DAY)

    with pytest.raises(VisitNotReady, match="registration deadline has passed"):
        publish_visit(visit=visit)
