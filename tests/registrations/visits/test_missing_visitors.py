"""The secretary’s pages of visitor lists: who is not ready, and whose place needs a decision."""

import pytest
from django.utils import timezone
from lxml import html

from convention.club.change_employer import change_employer
from registrations.visits.models import Identity
from registrations.visits.visitor_list.create import create_list
from tests.factories import make_company, make_secretary
from tests.registrations.visits.hosts import make_hosted, make_identified, make_visitor
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def read_missing_visitors(visit):
    """Return the cells with the names of those who are not ready."""
    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/")
    return html.fromstring(page.content).xpath("//table//tbody//th")


def test_name_of_a_visitor_leads_to_the_application():
    visit = make_hosted()
    application = make_visitor(visit)

    (cell,) = read_missing_visitors(visit)

    (link,) = cell.xpath("a")
    assert link.text == application.registration.name
    assert link.get("href") == f"/en/organize/{visit.event.slug}/visit/applicants/{application.pk}/"


def test_visitor_whose_place_needs_a_decision_is_tagged():
    visit = make_hosted()
    application = make_visitor(visit)
    change_employer(person=application.person, to=make_company(), on=timezone.localdate())

    (cell,) = read_missing_visitors(visit)

    assert "needs a decision" in cell.text_content()


def test_visitor_without_objections_is_not_tagged():
    visit = make_hosted()
    make_visitor(visit)

    (cell,) = read_missing_visitors(visit)

    assert "needs a decision" not in cell.text_content()


def read_visitors(visit):
    """Return the text of each visitor in the list below, after the versions."""
    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/")
    document = html.fromstring(page.content)
    return [row.text_content() for row in document.xpath("//section[h2='Visitors']//li")]


def test_ready_visitor_whose_place_needs_a_decision_is_tagged(visit):
    application = visit.applications.get()
    change_employer(person=application.person, to=make_company(), on=timezone.localdate())

    (row,) = read_visitors(visit)

    assert "needs a decision" in row


def test_ready_visitor_without_objections_is_not_tagged(visit):
    (row,) = read_visitors(visit)

    assert "needs a decision" not in row


def test_lists_page_asks_to_decide_about_ready_visitors_before_the_next_version(visit):
    application = visit.applications.get()
    change_employer(person=application.person, to=make_company(), on=timezone.localdate())

    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/").text

    assert "1 person who is ready for the list has lost their seat or now works for a competitor." in page


def test_visitor_who_is_on_no_sent_list_is_tagged(visit):
    make_identified(visit, 2, last_name="Later")

    rows = read_visitors(visit)

    assert ["not on the host’s list yet" in row for row in rows if "Later" in row] == [True]


def test_visitor_on_the_list_that_was_sent_is_not_tagged(visit):
    (row,) = read_visitors(visit)

    assert "not on the host’s list yet" not in row


def test_question_before_the_lock_speaks_of_an_only_visitor_without_counting():
    visit = make_hosted(days=18, locked_at=None)
    make_visitor(visit)

    page = make_client(make_secretary()).post(
        f"/en/organize/{visit.event.slug}/visit/step/", {"step": "lock"}
    )

    assert "The only person with a place is not ready for the host’s list" in page.text


def test_version_without_the_only_visitor_says_so_without_counting():
    visit = make_hosted()
    make_identified(visit, 1)
    create_list(visit=visit)
    Identity.objects.all().delete()

    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/1/")

    assert "The only person with a place is not ready and therefore not on the list." in page.text
