"""How full a visit is and how many wait for it, among what needs attention."""

import pytest
from django.utils import timezone
from lxml import html

from registrations.models import Ticket
from registrations.visits.visitor_list.lock import lock_list
from tests.factories import make_staff, make_ticket
from tests.registrations.visits.factories import make_application, make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def list_items(visit) -> dict[str, str]:
    """Return the address to which each sentence about the visit leads, on the organizer's home page."""
    organizer = make_staff(visit.event)
    page = html.fromstring(make_client(organizer).get("/en/organize/").content)
    items = page.xpath("//ul[@class='attention']/li")
    return {
        " ".join(item.xpath("string(./span)").split()): "".join(item.xpath(".//a/@href")) for item in items
    }


def find_item(visit, words: str) -> str:
    """Return the address of the one item with these words."""
    [path] = [path for sentence, path in list_items(visit).items() if words in sentence]
    return path


def test_full_visit_with_a_waiting_list_is_one_item_that_leads_to_those_who_wait():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)

    items = list_items(visit)

    path = f"/en/organize/{visit.event.slug}/visit/applicants/?state=waiting"
    assert find_item(visit, "The visit is full, with 1 person on the waiting list.") == path
    assert not any("sold out" in sentence or "waiting for a place" in sentence for sentence in items)


def test_full_visit_without_a_waiting_list_leads_to_its_applicants():
    visit = make_visit(places=1)
    make_application(visit)

    assert find_item(visit, "The visit is full.") == f"/en/organize/{visit.event.slug}/visit/applicants/"


def test_nearly_full_visit_names_the_places_left():
    visit = make_visit(places=10)
    Ticket.objects.filter(event=visit.event).update(reserved=9)

    assert find_item(visit, "The visit is nearly full: 1 place left out of 10.")


def test_applicants_who_wait_although_places_are_free_are_named():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)
    Ticket.objects.filter(event=visit.event).update(capacity=5)

    assert find_item(visit, "1 person is on the waiting list of the visit.")


def test_waiting_list_of_a_locked_visit_needs_no_attention():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)
    lock_list(visit=visit)

    assert not any("waiting list" in sentence or "full" in sentence for sentence in list_items(visit))


def test_other_ticket_of_a_visit_that_is_sold_out_is_named():
    visit = make_visit()
    make_ticket(visit.event, slug="guest", name="Invité", name_en="Guest", capacity=0)

    assert find_item(visit, "“Guest” is sold out.")


def read_waiting_page(visit) -> str:
    return make_client(make_staff(visit.event)).get(f"/en/organize/{visit.event.slug}/waiting/").text


def test_no_place_can_be_offered_by_hand_while_none_is_free():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)

    page = read_waiting_page(visit)

    assert "Offer a place now" not in page
    assert "No place is free at the moment." in page


def test_free_place_can_be_offered_by_hand():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)
    Ticket.objects.filter(event=visit.event).update(capacity=5)

    page = read_waiting_page(visit)

    assert "Offer a place now" in page
    assert "No place is free at the moment." not in page


def test_no_place_of_a_locked_visit_can_be_offered_by_hand():
    visit = make_visit(places=1)
    make_application(visit)
    make_application(visit)
    Ticket.objects.filter(event=visit.event).update(capacity=5)
    visit.locked_at = timezone.now()
    visit.save()

    assert "Offer a place now" not in read_waiting_page(visit)
