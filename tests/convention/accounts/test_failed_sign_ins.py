"""Failed sign-ins are counted by account and browser, so that nobody can lock another person out."""

import pytest
from django.conf import settings as project_settings
from django.test import Client

from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LOGIN, CODE, RESET = (f"/en/accounts/{end}" for end in ("login/", "login/code/", "password/reset/"))
TOO_MANY = "Too many failed attempts."
TOO_OFTEN = "Too many failed attempts on this account."
RIGHT, WRONG = "right and long", "wrong"


@pytest.fixture(autouse=True)
def limits(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.SIGN_IN_LIMITS


@pytest.fixture
def ana(mailoutbox):
    return make_account(email="ana@example.org", password=RIGHT)


def sign_in(client, password, address="10.0.0.1"):
    return client.post(LOGIN, {"login": "Ana@example.org", "password": password}, REMOTE_ADDR=address)


def make_known_browser():
    """Return a browser that signed in as Ana and out again."""
    client = Client()
    assert sign_in(client, RIGHT).status_code == 302
    client.post("/en/accounts/logout/")
    return client


def fail_sign_ins(times, addresses=("6.6.6.6",)):
    """Post a wrong password from a new browser at each address, `times` times; return the last page."""
    for _each in range(times):
        for address in addresses:
            answer = sign_in(Client(), WRONG, address)
    return answer.content.decode()


def test_known_browser_signs_in_despite_failed_attempts_of_others(ana):
    browser = make_known_browser()

    assert TOO_MANY in fail_sign_ins(6, addresses=("6.6.6.6", "10.0.0.1"))
    assert TOO_MANY in sign_in(Client(), RIGHT).content.decode()
    assert sign_in(browser, RIGHT).status_code == 302


def test_failed_sign_ins_are_counted_by_ip_address(ana):
    assert TOO_MANY in fail_sign_ins(6)
    assert sign_in(Client(), RIGHT, "10.0.0.2").status_code == 302


def test_unknown_browsers_share_sign_in_limit_of_account(ana, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.SIGN_IN_LIMITS, "login_failed_of_account": "8/h/key"}
    browser = make_known_browser()

    assert TOO_OFTEN in fail_sign_ins(3, addresses=("6.6.6.1", "6.6.6.2", "6.6.6.3"))
    assert TOO_OFTEN in sign_in(Client(), RIGHT, "10.0.0.2").content.decode()
    assert sign_in(browser, RIGHT).status_code == 302


def test_account_limit_is_higher_than_limit_of_one_ip_address():
    """Five attempts in five minutes are sixty an hour; the limit of codes is ten an hour."""
    assert get_limit("login_failed") * 12 < get_limit("login_failed_of_account") == 100
    assert get_limit("login_code_of_browser") < get_limit("login_code_of_account") == 30


def get_limit(action):
    """Return the number of attempts in the last part of the limit for `action`."""
    return int(project_settings.SIGN_IN_LIMITS[action].split(",")[-1].partition("/")[0])


def test_known_browser_is_limited_too(ana):
    browser = make_known_browser()
    for _each in range(6):
        answer = sign_in(browser, WRONG)

    assert TOO_MANY in answer.content.decode()


def test_browser_is_known_only_for_accounts_it_signed_in_to(ana):
    make_account(email="eva@example.org", password=RIGHT)
    browser = Client()

    assert browser.post(LOGIN, {"login": "eva@example.org", "password": RIGHT}).status_code == 302

    browser.post("/en/accounts/logout/")
    fail_sign_ins(6, addresses=("10.0.0.1",))

    assert TOO_MANY in sign_in(browser, RIGHT).content.decode()


@pytest.mark.parametrize("forged", ["", "x", "x.y", "x.y:1:z", "\x00", "."])
def test_browser_with_forged_cookie_is_unknown(ana, forged):
    fail_sign_ins(6)
    assert (
        TOO_MANY
        in sign_in(Client(headers={"cookie": f"browser={forged}"}), RIGHT, "6.6.6.6").content.decode()
    )


def test_browser_cookie_is_httponly_and_contains_no_email_address(ana):
    browser = make_known_browser()

    cookie = browser.cookies["browser"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "example" not in cookie.value
    first = cookie.value.partition(".")[0]
    assert sign_in(browser, RIGHT).status_code == 302
    assert browser.cookies["browser"].value.partition(".")[0] == first


@pytest.mark.once
def test_wrong_code_of_a_mail_is_not_blamed_on_a_phone(ana, mailoutbox):
    browser = Client()
    browser.post(CODE, {"email": "ana@example.org"})

    refused = browser.post("/en/accounts/login/code/confirm/", {"code": "WRONG"})

    assert "Check the code in our e-mail" in refused.content.decode()


def test_login_codes_requested_by_others_do_not_block_owner(ana, mailoutbox):
    browser, form = make_known_browser(), {"email": "ana@example.org"}
    for _each in range(4):
        refused = Client().post(CODE, form, REMOTE_ADDR="6.6.6.6")

    assert "Too many attempts" in refused.content.decode()
    assert len(mailoutbox) == 3
    for client, address in ((browser, "6.6.6.6"), (Client(), "10.0.0.2")):
        assert client.post(CODE, form, REMOTE_ADDR=address).status_code == 302
    assert len(mailoutbox) == 5


def test_unknown_browsers_share_login_code_limit_of_account(ana, mailoutbox, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.SIGN_IN_LIMITS, "login_code_of_account": "4/h/key"}
    browser, form = make_known_browser(), {"email": "ana@example.org"}

    for number in range(6):
        refused = Client().post(CODE, form, REMOTE_ADDR=f"6.6.6.{number}")

    assert TOO_OFTEN in refused.content.decode()
    assert browser.post(CODE, form).status_code == 302
    assert len(mailoutbox) == 5


def test_sign_in_by_code_makes_browser_known(ana, mailoutbox):
    browser = Client()
    browser.post(CODE, {"email": "ana@example.org"})
    [code] = [line for line in mailoutbox[0].body.splitlines() if line.isupper() and len(line) < 12]
    browser.post("/en/accounts/login/code/confirm/", {"code": code})
    browser.post("/en/accounts/logout/")

    fail_sign_ins(6, addresses=("127.0.0.1",))

    assert sign_in(browser, RIGHT, "127.0.0.1").status_code == 302


def test_password_reset_resets_failure_count(ana, mailoutbox, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.SIGN_IN_LIMITS, "login_failed_of_account": "5/h/key"}

    assert TOO_OFTEN in fail_sign_ins(3, addresses=("6.6.6.1", "6.6.6.2"))

    browser = Client()
    browser.post(RESET, {"email": "ana@example.org"})
    link = mailoutbox[0].body.partition(project_settings.SITE_URL)[2].split()[0]
    form = browser.get(link)["Location"]

    browser.post(form, {"password1": "quite another one", "password2": "quite another one"})

    assert sign_in(Client(), "quite another one").status_code == 302
