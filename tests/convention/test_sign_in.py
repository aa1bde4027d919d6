"""Signing in: limits go by e-mail, and there is one door."""

import re

import pytest
from django.core.cache import cache

from tests.factories import make_person

pytestmark = pytest.mark.django_db

LOGIN = "/en/accounts/login/"


@pytest.fixture(autouse=True)
def limits(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.SIGN_IN_LIMITS
    cache.clear()
    yield
    cache.clear()


def test_a_venue_that_shares_one_address_can_sign_in(client):
    answers = [
        client.post(LOGIN, {"login": f"p{number}@example.org", "password": "wrong"}) for number in range(35)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert "Too many" not in answers[-1].content.decode()


def test_guessing_one_password_ends_soon(client):
    make_person(email="ana@example.org", password="right and long")
    for _try in range(6):
        answer = client.post(LOGIN, {"login": "ana@example.org", "password": "wrong"})
    assert "Too many failed attempts. Please try again in five minutes." in answer.content.decode()


def test_what_is_too_often_is_said_in_a_page(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    answers = [client.post(LOGIN, {"login": "p@example.org", "password": "wrong"}) for _try in "12"]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "That was tried too often." in answers[1].content.decode()


def test_a_stranger_and_a_member_get_the_same_answer(client):
    make_person(email="ana@example.org", password="right and long")
    known, unknown = (said_to(client, address) for address in ("ana@example.org", "eva@example.org"))
    assert known == unknown


def said_to(client, address):
    answer = client.post(LOGIN, {"login": address, "password": "wrong"})
    return re.sub(r'value="[^"]*"', "", answer.content.decode())


def test_the_back_office_has_no_door_of_its_own(client):
    answer = client.get("/back-office/login/?next=/back-office/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")


def test_an_unknown_address_is_told_in_a_mail_that_no_account_is_needed(client, mailoutbox):
    answer = client.post("/en/accounts/login/code/", {"email": "eva@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, "/en/accounts/login/code/confirm/")
    [letter] = mailoutbox
    assert letter.subject == "No account has this address"
    assert "Registering for an event needs no account." in letter.body
    assert "signup" not in letter.body
