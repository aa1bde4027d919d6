"""Responses where the record of a person is merged while a request uses it."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.utils import translation

from convention.api.problems import handle_api_exception
from convention.club.models import Person
from convention.middleware import ErrorPageMiddleware
from registrations.models import Registration
from tests.factories import make_person, make_registration

# Databases check foreign keys at the end of a transaction.
pytestmark = pytest.mark.django_db(transaction=True)
SENTENCE = "Something has changed in the meantime. Please try again."


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def store_row_of_missing_person():
    registration = make_registration()
    with transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(person=2**31)


def find_error(expected, action):
    with pytest.raises(expected) as caught:
        action()
    return caught.value


@pytest.fixture
def missing_key_error():
    return find_error(IntegrityError, store_row_of_missing_person)


@pytest.fixture
def missing_row_error():
    person = make_person()
    Person.objects.filter(pk=person.pk).delete()
    return find_error(Person.NotUpdated, lambda: person.save(update_fields=["last_login"]))


@pytest.mark.parametrize("fixture", ["missing_key_error", "missing_row_error"])
def test_page_asks_to_try_again(fixture, request):
    error = request.getfixturevalue(fixture)
    page_request = RequestFactory().get("/en/")

    answer = ErrorPageMiddleware(lambda _request: None).process_exception(page_request, error)

    assert answer.status_code == 409
    assert SENTENCE in answer.text


@pytest.mark.parametrize("fixture", ["missing_key_error", "missing_row_error"])
def test_api_answers_a_problem(fixture, request):
    error = request.getfixturevalue(fixture)

    answer = handle_api_exception(error, {})

    problem = json.loads(answer.content)
    assert answer.status_code == 409
    assert problem["type"] == "/api/v1/problems/changed-meanwhile"
    assert problem["detail"] == SENTENCE


def test_other_violation_of_a_constraint_stays_an_error():
    make_person(email="ana@firm.example")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        make_person(email="ana@firm.example")

    answer = ErrorPageMiddleware(lambda _request: None).process_exception(
        RequestFactory().get("/en/"), caught.value
    )

    assert answer is None
