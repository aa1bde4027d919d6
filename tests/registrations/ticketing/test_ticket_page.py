"""The organizers' page of a ticket offers to remove it, or says why not."""

import pytest
from django.test import Client

from convention.events.models import Event
from tests.factories import make_registration

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_page_of_ticket_in_use_says_why_it_cannot_be_removed(organizer: Client, event: Event):
    make_registration(event.tickets.get(slug="guest"))

    page = organizer.get("/en/organize/congress/tickets/guest/").text

    assert "This ticket cannot be removed while people have places with it." in page
    assert "/tickets/guest/remove/" not in page


def test_page_of_unused_ticket_offers_to_remove_it(organizer: Client, event: Event):
    page = organizer.get("/en/organize/congress/tickets/guest/").text

    assert "cannot be removed" not in page
    assert "/tickets/guest/remove/" in page
