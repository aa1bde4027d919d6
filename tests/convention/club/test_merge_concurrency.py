"""Merges of two people at the same moment as another merge, a seat, a registration or a sign-in."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory

from convention.club.merge_people.merge_people import merge_people
from convention.club.models import Employment, Person, Seat
from convention.club.seats import give_seat, move_seat
from convention.errors import ConventionError, NotFound
from registrations.models import Registration
from tests.factories import (
    START_OF_2020,
    make_account,
    make_administrator,
    make_company,
    make_member,
    make_person,
    make_registration,
    make_ticket,
)
from tests.threads import run_in_threads

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ATTEMPTS = pytest.mark.parametrize("attempt", range(5))


def make_records() -> tuple[Person, Person]:
    return make_person(email="ana@firm.example"), make_person(email="ana@new.example")


def merge(survivor: Person, duplicate: Person, actor: Person) -> Person:
    return merge_people(survivor=survivor, duplicate=duplicate, actor=actor)


def list_unexpected(outcomes) -> list[Exception]:
    """Return the errors for which the user would get no sentence."""
    return [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, ConventionError)]


@ATTEMPTS
def test_two_merges_in_both_directions_leave_one_record(attempt):
    one, other = make_records()
    actor = make_administrator()

    outcomes = run_in_threads([partial(merge, one, other, actor), partial(merge, other, one, actor)])

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [NotFound]
    assert Person.objects.filter(pk__in=(one.pk, other.pk)).count() == 1


@ATTEMPTS
def test_chain_of_merges_loses_no_row(attempt):
    first, second = make_records()
    third = make_person(email="ana@home.example")
    registration = make_registration(person=third)
    actor = make_administrator()

    outcomes = run_in_threads([partial(merge, first, second, actor), partial(merge, second, third, actor)])

    registration.refresh_from_db()
    assert list_unexpected(outcomes) == []
    assert registration.person in Person.objects.filter(pk__in=(first.pk, third.pk))


@ATTEMPTS
@pytest.mark.parametrize("is_moved", [True, False])
def test_seat_given_meanwhile_is_the_survivors_only_one_or_refused(attempt, is_moved):
    company = make_company()
    survivor, duplicate = make_member(company), make_member(company)
    # An earlier seat: because of it the merge locks the membership too.
    Seat.objects.filter(person=duplicate).update(ends_on=START_OF_2020)
    membership = company.memberships.get()
    actor, other_seat = make_administrator(), make_member(company).seats.get()
    give = (
        partial(move_seat, seat=other_seat, person=duplicate)
        if is_moved
        else partial(give_seat, membership=membership, person=duplicate)
    )

    outcomes = run_in_threads([partial(merge, survivor, duplicate, actor), give])

    assert list_unexpected(outcomes) == []
    assert membership.given_seats.filter(person=survivor).count() == 1
    assert Employment.objects.filter(person=survivor, company=company).count() == 1


@ATTEMPTS
def test_registration_placed_meanwhile_is_the_survivors_or_does_not_exist(attempt):
    survivor, duplicate = make_records()
    ticket, actor = make_ticket(), make_administrator()

    outcomes = run_in_threads(
        [partial(merge, survivor, duplicate, actor), partial(make_registration, ticket, person=duplicate)]
    )

    assert isinstance(outcomes[0], Person)
    assert set(Registration.objects.values_list("person", flat=True)) <= {survivor.pk}


@ATTEMPTS
def test_sign_in_meanwhile_opens_no_session_of_the_duplicate(attempt):
    survivor, duplicate = make_records()
    actor = make_administrator()

    def sign_in() -> None:
        request = RequestFactory().get("/")
        request.session = SessionStore()
        login(request, duplicate, backend="django.contrib.auth.backends.ModelBackend")
        request.session.save()

    outcomes = run_in_threads([partial(merge, survivor, duplicate, actor), sign_in])

    assert isinstance(outcomes[0], Person)
    assert not Person.objects.filter(pk=duplicate.pk).exists()
    assert not UserSession.objects.exists()


def sign_in_during_merge(survivor: Person, duplicate: Person) -> HttpResponse:
    """Return the response to a password sign-in that reads the duplicate just before the merge commits."""
    actor, credentials = make_administrator(), {"login": duplicate.email, "password": "a very long one"}
    browser = Client(raise_request_exception=False)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            merge(survivor, duplicate, actor)
            answer = pool.submit(run_in_threads, [partial(browser.post, "/en/accounts/login/", credentials)])
            wait_for_lock()
        return answer.result()[0]


def wait_for_lock() -> None:
    """Wait until another connection waits for a lock of this one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("No connection waits for a lock.")


def test_sign_in_overtaken_by_a_merge_is_asked_to_try_again():
    survivor = make_account(email="ana@firm.example")
    duplicate = make_account(email="ana@new.example", password="a very long one")

    answer = sign_in_during_merge(survivor, duplicate)

    assert answer.status_code == 409
    assert "Something has changed in the meantime. Please try again." in answer.text


def test_seat_of_a_record_merged_before_is_refused_with_a_sentence():
    company = make_company()
    survivor, duplicate = make_member(company), make_member(company)
    merge(survivor, duplicate, make_administrator())

    with pytest.raises(NotFound):
        give_seat(membership=company.memberships.get(), person=duplicate)
