"""The page of a version says before it is sent who will be e-mailed, and until when the link works."""

import pytest
from django.utils import translation

from convention.text.dates import format_datetime
from registrations.visits.hosts.contacts import add_host_contact, end_host_contact
from registrations.visits.identity.purge import compute_purge_time
from registrations.visits.visitor_list.create import create_list
from registrations.visits.visitor_list.send import send_list
from tests.factories import make_secretary
from tests.registrations.visits.hosts import make_hosted, make_identified
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

OTHER_CONTACTS = "The host’s other contacts are e-mailed too"


@pytest.fixture
def visitor_list():
    """Return a version that has not been sent."""
    visit = make_hosted()
    make_identified(visit, 1)
    return create_list(visit=visit)


def open_page(visitor_list):
    path = f"/en/organize/{visitor_list.visit.event.slug}/visit/lists/{visitor_list.number}/"
    return make_client(make_secretary()).get(path).text


def test_last_possible_day_is_named_with_its_hour(visitor_list):
    visit = visitor_list.visit

    page = open_page(visitor_list)

    with translation.override("en"):
        assert f"at most until {format_datetime(compute_purge_time(visit), visit.event.zone)}:" in page


def test_other_contacts_are_named_before_sending(visitor_list):
    add_host_contact(visit=visitor_list.visit, name="Sophie Lune", email="sophie@hote.example")

    page = open_page(visitor_list)

    assert OTHER_CONTACTS in page
    assert "Sophie Lune (sophie@hote.example)" in page


def test_recipient_of_the_link_is_no_other_contact(visitor_list):
    visit = visitor_list.visit
    add_host_contact(visit=visit, name=visit.security_name, email=visit.security_email)

    assert OTHER_CONTACTS not in open_page(visitor_list)


def test_contact_without_access_is_not_named(visitor_list):
    contact = add_host_contact(visit=visitor_list.visit, name="Sophie", email="sophie@hote.example")
    end_host_contact(contact=contact)

    assert OTHER_CONTACTS not in open_page(visitor_list)


def test_other_contacts_are_not_named_for_a_new_link(visitor_list, run_tasks):
    add_host_contact(visit=visitor_list.visit, name="Sophie", email="sophie@hote.example")
    send_list(visitor_list=visitor_list)
    run_tasks()

    page = open_page(visitor_list)

    assert "Send a new link" in page
    assert OTHER_CONTACTS not in page
