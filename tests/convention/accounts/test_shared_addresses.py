"""An address that one person has as the main one, and that another account has verified, is the former’s."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache

from convention.accounts.merged_addresses import add_addresses
from convention.api.tokens import create_token
from convention.club.addresses.own_addresses import find_active_owner
from tests.convention.club.objects import sign_in_once
from tests.factories import make_account, make_administrator, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CODE_PAGE = "/en/accounts/login/code/"
SIGN_IN_PAGE = "/en/accounts/login/"
SHARED = "victor@example.org"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()


@pytest.fixture
def victor():
    return make_person(email=SHARED)


@pytest.fixture
def other_account():
    """Return an account that has verified Victor's address as its second one."""
    account = make_account(email="eve@example.org", language="en")
    EmailAddress.objects.create(user=account, email=SHARED, verified=True)
    return account


def sign_in_by_code(client, mailoutbox):
    client.post(CODE_PAGE, {"email": SHARED})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mailoutbox[-1].body)[0]
    return client.post(f"{CODE_PAGE}confirm/", {"code": code})


def set_password(person, password):
    person.set_password(password)
    person.save()


def confirm_address(client, mail):
    client.post(re.search(r"/en/accounts/confirm-email/\S+", mail.body)[0])


def test_main_address_decides_whose_it_is(victor, other_account):
    assert find_active_owner(SHARED) == victor


def test_closed_account_leaves_its_address_to_the_one_that_verified_it(victor, other_account):
    victor.is_active = False
    victor.save()

    assert find_active_owner(SHARED) == other_account


def test_code_signs_in_the_person_whose_main_address_it_is(client, victor, other_account, mailoutbox):
    answer = sign_in_by_code(client, mailoutbox)

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(victor.pk)


def test_password_reset_is_for_the_person_whose_main_address_it_is(client, victor, other_account, mailoutbox):
    client.post("/en/accounts/password/reset/", {"email": SHARED})
    link = re.search(r"(/en/accounts/password/reset/key/\S+)", mailoutbox[-1].body)[1]
    form = client.get(link, follow=True).redirect_chain[-1][0]

    client.post(form, {"password1": "an even longer one", "password2": "an even longer one"})

    victor.refresh_from_db()
    assert victor.check_password("an even longer one")


def test_password_signs_in_the_person_whose_main_address_it_is(client, victor, other_account, mailoutbox):
    set_password(victor, "victor’s own one")

    client.post(SIGN_IN_PAGE, {"login": SHARED, "password": "victor’s own one"})
    confirm_address(client, mailoutbox[-1])
    client.post(SIGN_IN_PAGE, {"login": SHARED, "password": "victor’s own one"})

    assert client.session["_auth_user_id"] == str(victor.pk)


def test_password_of_the_other_account_does_not_sign_in_with_the_address(client, victor, other_account):
    set_password(other_account, "eve’s long one")

    answer = client.post(SIGN_IN_PAGE, {"login": SHARED, "password": "eve’s long one"})

    assert "Wrong e-mail address or password." in answer.text
    assert "_auth_user_id" not in client.session


def test_password_of_a_closed_account_shows_that_it_is_closed(client, victor):
    set_password(victor, "victor’s own one")
    victor.is_active = False
    victor.save()

    answer = client.post(SIGN_IN_PAGE, {"login": SHARED, "password": "victor’s own one"})

    assert answer.headers["Location"] == "/en/accounts/inactive/"


def test_confirmed_main_address_is_removed_from_the_other_account(client, victor, other_account, mailoutbox):
    set_password(victor, "victor’s own one")
    client.post(SIGN_IN_PAGE, {"login": SHARED, "password": "victor’s own one"})

    confirm_address(client, mailoutbox[-1])

    assert EmailAddress.objects.get(email=SHARED, verified=True).user == victor


def test_entered_code_removes_the_address_from_the_other_account(client, victor, other_account, mailoutbox):
    token, _secret = create_token(person_id=other_account.pk, name="Script", scopes=["events:read"])

    sign_in_by_code(client, mailoutbox)

    token.refresh_from_db()
    assert EmailAddress.objects.get(email=SHARED).user == victor
    assert token.revoked_at is not None


def test_other_account_is_notified_at_its_main_address(
    client, victor, other_account, mailoutbox, django_capture_on_commit_callbacks
):
    sign_in_once(other_account)

    with django_capture_on_commit_callbacks(execute=True):
        sign_in_by_code(client, mailoutbox)

    [notice] = [mail for mail in mailoutbox if mail.to == [other_account.email]]
    assert notice.subject == "An e-mail address has been removed"


def test_administrator_adds_an_address_beside_a_main_one_that_another_account_verified(victor, other_account):
    add_addresses(person=victor, addresses=["v@example.org"], added_by=make_administrator())

    assert EmailAddress.objects.get(user=victor, email="v@example.org").verified
    assert not EmailAddress.objects.get(user=victor, email=SHARED).verified
