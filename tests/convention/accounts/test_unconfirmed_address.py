"""A new address that somebody typed for their account is not theirs before its owner has said so."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from convention.club.models import Person
from convention.club.people import update_person
from tests.factories import make_account, make_administrator, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CODE_PAGE = "/en/accounts/login/code/"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()


@pytest.fixture
def typist():
    """Somebody who typed an address as the new one of their account."""
    return make_account(email="eve@example.org", first_name="Eve", password="long and right")


def typed(typist: Person, address: str) -> Client:
    browser = Client()
    browser.post("/en/accounts/login/", {"login": typist.email, "password": "long and right"})
    browser.post("/en/accounts/email/", {"email": address, "action_add": ""})
    assert EmailAddress.objects.filter(user=typist, email=address, verified=False).exists()
    return browser


def test_whom_the_club_does_not_know_gets_no_code_for_the_account_of_whoever_typed(
    client, typist, mailoutbox
):
    typed(typist, "victor@example.org")
    del mailoutbox[:]
    client.post(CODE_PAGE, {"email": "victor@example.org"})
    [mail] = mailoutbox
    assert "No account" in mail.subject
    assert not EmailAddress.objects.filter(email="victor@example.org", verified=True).exists()


@pytest.mark.parametrize("number", range(8))
def test_who_was_never_signed_in_signs_in_to_their_own_account(client, typist, mailoutbox, number):
    """Whatever the numbers of the two accounts: a set of both gives either first."""
    victor = [make_person(email=f"victor{n}@example.org") for n in range(8)][number]
    typed(typist, victor.email)
    del mailoutbox[:]
    client.post(CODE_PAGE, {"email": victor.email})
    [mail] = mailoutbox
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.body)[0]
    assert client.post(f"{CODE_PAGE}confirm/", {"code": code}).status_code == 302
    assert client.session["_auth_user_id"] == str(victor.pk)
    typist.refresh_from_db()
    assert typist.email == "eve@example.org"


def test_a_code_mailed_to_a_former_address_signs_nobody_in(client, typist, mailoutbox):
    client.post(CODE_PAGE, {"email": typist.email})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mailoutbox[-1].body)[0]
    typist.email = "eve@new.example"
    update_person(person=typist, actor=make_administrator(), changed_fields=["email"])

    answer = client.post(f"{CODE_PAGE}confirm/", {"code": code}, follow=True)

    assert answer.redirect_chain[-1][0] == "/en/accounts/login/"
    assert "This code was sent to an address that this account no longer has." in answer.text
    assert "_auth_user_id" not in client.session


def test_a_new_password_is_chosen_for_ones_own_account_alone(client, typist, mailoutbox):
    victor = make_person(email="victor@example.org")
    typed(typist, victor.email)
    del mailoutbox[:]
    client.post("/en/accounts/password/reset/", {"email": victor.email})
    assert len(mailoutbox) == 1


def link_in(mail) -> str:
    return re.search(r"(/en/accounts/confirm-email/\S+/)", mail.body)[1]


def test_whoever_gets_the_mail_does_not_give_their_address_to_the_account_of_a_stranger(
    client, typist, mailoutbox
):
    typed(typist, "victor@example.org")
    answer = client.post(link_in(mailoutbox[-1]))
    assert answer["Location"].startswith("/en/accounts/login/?next=/en/accounts/confirm-email/")
    typist.refresh_from_db()
    assert typist.email == "eve@example.org"
    assert not EmailAddress.objects.filter(email="victor@example.org", verified=True).exists()


def test_whoever_is_signed_in_to_the_account_gives_it_the_address(typist, mailoutbox):
    browser = typed(typist, "eve@new.example")
    browser.post(link_in(mailoutbox[-1]))
    typist.refresh_from_db()
    assert typist.email == "eve@new.example"


def test_an_address_of_somebody_else_of_the_club_is_given_to_nobody(typist, mailoutbox):
    browser = typed(typist, "victor@example.org")
    make_person(email="victor@example.org")
    assert browser.post(link_in(mailoutbox[-1])).status_code in {200, 302}
    typist.refresh_from_db()
    assert typist.email == "eve@example.org"


def test_the_first_address_of_an_account_is_confirmed_without_signing_in(client, mailoutbox):
    make_person(email="ana@example.org", password="long and right")
    client.post("/en/accounts/login/", {"login": "ana@example.org", "password": "long and right"})
    Client().post(link_in(mailoutbox[-1]))
    assert EmailAddress.objects.get(email="ana@example.org").verified
