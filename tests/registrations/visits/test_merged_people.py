"""Applications and interests of two records of one person that are merged in the directory."""

import pytest
from django.utils import timezone, translation

from convention.club.merge_people.merge_people import PeopleMergeRefused, merge_people
from registrations.visits.models import Application, Interest, Proposal, Visit
from tests.factories import make_administrator, make_event, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return make_person(), make_person()


@pytest.fixture
def visit():
    return Visit.objects.create(event=make_event(kind="site_visit", name="Chez Hadron"))


def merge(people):
    with translation.override("en"):
        return merge_people(survivor=people[0], duplicate=people[1], actor=make_administrator())


def test_two_active_applications_for_one_visit_are_settled_first(people, visit):
    for person in people:
        Application.objects.create(visit=visit, person=person)

    with pytest.raises(PeopleMergeRefused, match="Chez Hadron"):
        merge(people)


def test_page_links_the_application_to_settle(people, visit, client):
    Application.objects.create(visit=visit, person=people[0])
    application = Application.objects.create(visit=visit, person=people[1])
    client.force_login(make_administrator())

    page = client.get(f"/en/organize/club/people/{people[0].pk}/merge/{people[1].pk}/").text

    assert f"/en/organize/{visit.event.slug}/visit/applicants/{application.pk}/" in page


def test_withdrawn_application_moves(people, visit):
    Application.objects.create(visit=visit, person=people[0])
    withdrawn = Application.objects.create(visit=visit, person=people[1], withdrawn_at=timezone.now())

    survivor = merge(people)

    withdrawn.refresh_from_db()
    assert withdrawn.person == survivor


def test_one_person_is_interested_once(people):
    proposal = Proposal.objects.create(title="Un centre")
    for person in people:
        Interest.objects.create(proposal=proposal, person=person)

    survivor = merge(people)

    assert Interest.objects.get().person == survivor
