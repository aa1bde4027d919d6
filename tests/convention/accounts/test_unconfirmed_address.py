"""A new address of an account has no effect before its owner confirms it."""

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
    """Return the account that adds an address which is not its own."""
    return make_account(email="eve@example.org", first_name="Eve", password="long and right")


def add_unconfirmed_address(typist: Person, address: str) -> Client:
    browser = Client()
    browser.post("/en/accounts/login/", {"login": typist.email, "password": "long and right"})
    browser.post("/en/accounts/email/", {"email": address, "action_add": ""})
    assert EmailAddress.objects.filter(user=typist, email=address, verified=False).exists()
    return browser


def test_unverified_address_without_account_gets_no_login_code(client, typist, mailoutbox):
    add_unconfirmed_address(typist, "victor@example.org")
    del mailoutbox[:]
    client.post(CODE_PAGE, {"email": "victor@example.org"})

    [mail] = mailoutbox

    assert "No account" in mail.subject
    assert not EmailAddress.objects.filter(email="victor@example.org", verified=True).exists()


@pytest.mark.parametrize("number", range(8))
def test_login_code_opens_account_of_address_owner(client, typist, mailoutbox, number):
    """Try several ids: a set of the two accounts may yield either first."""
    victor = [make_person(email=f"victor{n}@example.org") for n in range(8)][number]
    add_unconfirmed_address(typist, victor.email)
    del mailoutbox[:]
    client.post(CODE_PAGE, {"email": victor.email})

    [mail] = mailoutbox

    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.body)[0]
    assert client.post(f"{CODE_PAGE}confirm/", {"code": code}).status_code == 302
    assert client.session["_auth_user_id"] == str(victor.pk)
    typist.refresh_from_db()
    assert typist.email == "eve@example.org"


def test_login_code_sent_to_former_address_is_refused(client, typist, mailoutbox):
    client.post(CODE_PAGE, {"email": typist.email})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mailoutbox[-1].body)[0]
    typist.email = "eve@new.example"
    update_person(person=typist, actor=make_administrator(), changed_fields=["email"])

    answer = client.post(f"{CODE_PAGE}confirm/", {"code": code}, follow=True)

    assert answer.redirect_chain[-1][0] == "/en/accounts/login/"
    assert "This code was sent to an address that this account no longer has." in answer.text
    assert "_auth_user_id" not in client.session


def test_password_reset_changes_password_of_address_owner_only(client, typist, mailoutbox):
    victor = make_person(email="victor@example.org")
    add_unconfirmed_address(typist, victor.email)
    del mailoutbox[:]

    client.post("/en/accounts/password/reset/", {"email": victor.email})
    [mail] = mailoutbox
    link = re.search(r"(/en/accounts/password/reset/key/\S+)", mail.body)[1]
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "an even longer one", "password2": "an even longer one"})

    victor.refresh_from_db()
    typist.refresh_from_db()
    assert victor.check_password("an even longer one")
    assert typist.check_password("long and right")


def find_confirmation_path(mail) -> str:
    return re.search(r"(/en/accounts/confirm-email/\S+/)", mail.body)[1]


def test_confirmation_link_does_nothing_without_signing_in(client, typist, mailoutbox):
    add_unconfirmed_address(typist, "victor@example.org")
    answer = client.post(find_confirmation_path(mailoutbox[-1]))

    assert answer["Location"].startswith("/en/accounts/login/?next=/en/accounts/confirm-email/")
    typist.refresh_from_db()
    assert typist.email == "eve@example.org"
    assert not EmailAddress.objects.filter(email="victor@example.org", verified=True).exists()


def test_signed_in_person_confirms_new_address(typist, mailoutbox):
    browser = add_unconfirmed_address(typist, "eve@new.example")
    browser.post(find_confirmation_path(mailoutbox[-1]))

    typist.refresh_from_db()
    assert typist.email == "eve@new.example"


def test_address_of_another_person_cannot_be_confirmed(typist, mailoutbox):
    browser = add_unconfirmed_address(typist, "victor@example.org")
    make_person(email="victor@example.org")

    assert browser.post(find_confirmation_path(mailoutbox[-1])).status_code in {200, 302}
    typist.refresh_from_db()
    assert typist.email == "eve@example.org"


def test_first_address_is_confirmed_without_signing_in(client, mailoutbox):
    make_person(email="ana@example.org", password="long and right")
    client.post("/en/accounts/login/", {"login": "ana@example.org", "password": "long and right"})

    Client().post(find_confirmation_path(mailoutbox[-1]))

    assert EmailAddress.objects.get(email="ana@example.org").verified
