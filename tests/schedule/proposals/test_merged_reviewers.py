"""Reviews by two records of one person that are merged in the directory."""

import pytest
from django.utils import translation

from convention.club.merge_people.merge_people import PeopleMergeRefused, merge_people
from schedule.models import Review
from tests.factories import make_administrator, make_person
from tests.schedule.proposals.factories import make_call, make_proposal, make_review

pytestmark = pytest.mark.django_db


def merge(people):
    with translation.override("en"):
        return merge_people(survivor=people[0], duplicate=people[1], actor=make_administrator())


def test_two_reviews_of_one_proposal_are_not_merged():
    people, proposal = (make_person(), make_person()), make_proposal(make_call())
    for person in people:
        make_review(proposal, person)

    with pytest.raises(PeopleMergeRefused, match="each review counts"):
        merge(people)


def test_review_of_another_proposal_moves():
    people = make_person(), make_person()
    review = make_review(make_proposal(make_call()), people[1])

    survivor = merge(people)

    assert Review.objects.get(pk=review.pk).reviewer == survivor
