"""Registrations that an organizer adds by hand."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.models import Event
from registrations.models import Order, Registration
from tests.factories import make_event, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    event = make_event()
    make_ticket(event, price=12_000)
    return event


def fill(organizer, event, **typed):
    """Post the page's form with these fields; return the answer."""
    address = reverse("organize-registration-new", args=[event.slug])
    [form] = html.fromstring(organizer.get(address).content).xpath(
        "//main//form[.//input[@name='guest-nonce']]"
    )
    fields = {"guest-first_name": "Zoé", "guest-last_name": "Müller", "guest-ticket": "guest", **typed}
    return organizer.post(address, {**dict(form.form_values()), **fields}, follow=True)


def test_a_free_place_is_given_with_a_reason(organizer, event, run_tasks, mailoutbox):
    answer = fill(
        organizer, event, **{"guest-email": "zoe@example.org", "guest-price": "0", "guest-reason": "presse"}
    )
    run_tasks()

    registration = Registration.objects.get()
    assert registration.price == 0
    assert registration.order.source == "organizer"
    assert registration.order.payment == Order.Payment.FREE
    assert registration.state == Registration.State.CONFIRMED
    assert AuditEntry.objects.get(verb="registration.add").reason == "presse"
    assert [mail.to for mail in mailoutbox] == [["zoe@example.org"]]
    assert "prix convenu avec l’organisateur" in answer.text


def test_without_another_price_the_ticket_costs_what_it_costs(organizer, event):
    fill(organizer, event)

    assert Registration.objects.get().price == 12_000
    assert Order.objects.get().total == 12_000


def test_a_lower_price_is_owed_and_a_wrong_one_is_a_sentence(organizer, event):
    no_reason = fill(organizer, event, **{"guest-price": "50"})
    too_much = fill(organizer, event, **{"guest-price": "500", "guest-reason": "x"})
    negative = fill(organizer, event, **{"guest-price": "-1", "guest-reason": "x"})
    assert Registration.objects.count() == 0

    fill(organizer, event, **{"guest-price": "50,50", "guest-reason": "partenaire"})

    Event.objects.update(
        starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1)
    )
    too_late = fill(organizer, event, **{"guest-first_name": "Anaïs"})

    # Nothing typed is lost.
    assert "les inscriptions ne sont plus possibles" in too_late.text
    assert "Anaïs" in too_late.text
    assert "Indiquez le motif" in no_reason.text
    assert "ne peut pas dépasser celui du billet" in too_much.text
    assert "error-summary" in negative.text
    assert Order.objects.get().total == 5_050
