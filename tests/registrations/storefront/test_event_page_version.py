"""The version of an event page changes with the data shown on it, and with time."""

import datetime

import pytest
from django.utils import timezone

from convention.events.models import Event, Venue
from registrations.models import PriceStep, Quota, Registration
from registrations.storefront.event_views import compute_offer_version, load_registration_offer
from tests.factories import make_registration, make_session, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(event: Event):
    def compute() -> str:
        found = Event.objects.select_related("venue", "host").get(pk=event.pk)
        return compute_offer_version(load_registration_offer(found), at=timezone.now())

    return compute


CHANGES = {
    "its name": lambda event: Event.objects.update(name="Other"),
    "its place": lambda event: Event.objects.update(venue=Venue.objects.create(name="Hall")),
    "places taken": lambda event: event.tickets.update(reserved=3),
    "a price": lambda event: event.tickets.update(price=1),
    "a quota": lambda event: event.tickets.update(
        quota=Quota.objects.create(event=event, name="All", capacity=5)
    ),
    "another ticket": lambda event: make_ticket(event, slug="other"),
    "a step": lambda event: PriceStep.objects.create(
        ticket=event.tickets.get(), price=1, ends_at=timezone.now() + datetime.timedelta(days=1)
    ),
    "a programme": make_session,
}


@pytest.mark.parametrize("what", CHANGES)
def test_version_changes_with_shown_data(event: Event, version, what):
    before = version()
    assert version() == before

    CHANGES[what](event)

    assert version() != before


def test_version_changes_when_sale_opens_and_price_step_ends(event: Event, version, monkeypatch):
    opens = timezone.now() + datetime.timedelta(hours=1)
    event.tickets.update(opens_at=opens)
    PriceStep.objects.create(ticket=event.tickets.get(), price=1, ends_at=opens + datetime.timedelta(hours=1))
    now, seen = timezone.now(), {}

    for hours in (0, 0.5, 1.5, 2.5, 2.6):
        monkeypatch.setattr(timezone, "now", lambda at=now + datetime.timedelta(hours=hours): at)
        seen[hours] = version()

    assert seen[0.5] == seen[0]
    assert seen[1.5] != seen[0.5]
    assert seen[2.5] != seen[1.5]
    assert seen[2.6] == seen[2.5]


def test_an_expired_hold_is_released_before_the_page_is_shown(event: Event, version):
    registration = make_registration(event.tickets.get())
    event.tickets.update(capacity=1, reserved=1)
    before = version()
    late = timezone.now() - datetime.timedelta(minutes=1)
    Registration.objects.filter(pk=registration.pk).update(confirmed_at=None, hold_expires_at=late)

    after = version()

    assert after != before
    assert event.tickets.get().reserved == 0
