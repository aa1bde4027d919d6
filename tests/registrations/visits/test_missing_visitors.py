"""The secretary's page of visitor lists leads from those who are not ready to their applications."""

import pytest
from django.utils import timezone
from lxml import html

from convention.club.change_employer import change_employer
from tests.factories import make_company
from tests.registrations.visits.hosts import make_hosted, make_secretary, make_visitor
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
