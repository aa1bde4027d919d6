"""The confirmation of selected registrations is sent again, after a preview."""

import json

import pytest
from django.urls import reverse
from django.utils import translation

from convention.audit.models import AuditEntry
from convention.jobs.models import Job
from registrations.changes import selections
from registrations.models import Registration
from tests.factories import make_order, make_registration
from tests.registrations.organizer.test_selection import confirm, make_people, post_selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(event):
    return event.tickets.get()


def test_preview_names_the_number_of_mails_and_who_gets_none(organizer, ticket, mailoutbox):
    order = make_order(ticket.event, email="buyer@example.org")
    together = [make_registration(ticket, order=order) for _number in range(2)]
    pending = make_registration(ticket, confirmed_at=None, last_name="Attente")
    nameless = make_registration(ticket, order=make_order(ticket.event, email=""), email="", last_name="Sans")

    with translation.override("en"):
        answer = post_selection(organizer, "resend", *together, pending, nameless)

    assert answer.context["preview"].mail_count == 1
    reasons = {row.name.split()[-1]: row.reason for row in answer.context["preview"].skipped.rows}
    assert reasons == {"Attente": "the registration is not confirmed", "Sans": "no e-mail address"}
    assert mailoutbox == []


def test_confirmed_selection_gets_its_badges_again(organizer, ticket, run_tasks, mailoutbox):
    people = make_people(ticket, 2)
    preview = post_selection(organizer, "resend", *people)

    confirm(organizer, preview)
    run_tasks()

    assert sorted(address for message in mailoutbox for address in message.to) == [
        "p0@example.org",
        "p1@example.org",
    ]
    assert AuditEntry.objects.filter(verb="registration.resend").count() == 2


def test_changed_selection_is_previewed_again(organizer, ticket):
    people = make_people(ticket, 2)
    preview = post_selection(organizer, "resend", *people)
    Registration.objects.filter(pk=people[0].pk).update(confirmed_at=None)

    answer = confirm(organizer, preview)

    assert answer.context["preview"].mail_count == 1
    assert not AuditEntry.objects.filter(verb="registration.resend").exists()


def test_long_selection_is_sent_by_a_job(organizer, ticket, monkeypatch):
    ticket.event.tickets.update(capacity=100)
    people = make_people(ticket, selections.MAX_IMMEDIATE_CHANGES + 1)
    preview = post_selection(organizer, "resend", *people)

    confirm(organizer, preview)

    job = Job.objects.get()
    assert job.kind == "resend-selection"
    assert sorted(json.loads(job.payload)) == sorted(person.pk for person in people)


def test_list_offers_the_action(organizer, ticket):
    make_registration(ticket)

    page = organizer.get(reverse("organize-registrations", args=[ticket.event.slug])).text

    assert reverse("organize-selection-resend", args=[ticket.event.slug]) in page
