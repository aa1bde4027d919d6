"""Nobody can lock another person out: attempts are counted by account and browser."""

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


def known():
    """Return a browser that signed in as Ana and out again."""
    client = Client()
    assert sign_in(client, RIGHT).status_code == 302
    client.post("/en/accounts/logout/")
    return client


def flood(times, addresses=("6.6.6.6",)):
    """Post this from new browsers again and again; return the last response."""
    for _each in range(times):
        for address in addresses:
            answer = sign_in(Client(), WRONG, address)
    return answer.content.decode()


def test_a_known_browser_gets_in_whatever_others_try(ana):
    browser = known()
    assert TOO_MANY in flood(6, addresses=("6.6.6.6", "10.0.0.1"))
    assert TOO_MANY in sign_in(Client(), RIGHT).content.decode()
    assert sign_in(browser, RIGHT).status_code == 302


def test_another_address_has_a_count_of_its_own(ana):
    assert TOO_MANY in flood(6)
    assert sign_in(Client(), RIGHT, "10.0.0.2").status_code == 302


def test_all_strange_browsers_together_have_a_ceiling(ana, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.SIGN_IN_LIMITS, "login_failed_of_account": "8/h/key"}
    browser = known()
    assert TOO_OFTEN in flood(3, addresses=("6.6.6.1", "6.6.6.2", "6.6.6.3"))
    assert TOO_OFTEN in sign_in(Client(), RIGHT, "10.0.0.2").content.decode()
    assert sign_in(browser, RIGHT).status_code == 302


def test_the_ceiling_is_beyond_one_address():
    """Five attempts in five minutes are sixty an hour; the limit of codes is ten an hour."""
    assert flood_of("login_failed") * 12 < flood_of("login_failed_of_account") == 100
    assert flood_of("login_code_of_browser") < flood_of("login_code_of_account") == 30


def flood_of(action):
    """Return the number of the last part of that limit."""
    return int(project_settings.SIGN_IN_LIMITS[action].split(",")[-1].partition("/")[0])


def test_a_known_browser_may_not_guess_either(ana):
    browser = known()
    for _each in range(6):
        answer = sign_in(browser, WRONG)
    assert TOO_MANY in answer.content.decode()


def test_a_browser_is_known_to_the_accounts_it_signed_in_to_alone(ana):
    make_account(email="eva@example.org", password=RIGHT)
    browser = Client()
    assert browser.post(LOGIN, {"login": "eva@example.org", "password": RIGHT}).status_code == 302
    browser.post("/en/accounts/logout/")
    flood(6, addresses=("10.0.0.1",))
    assert TOO_MANY in sign_in(browser, RIGHT).content.decode()


@pytest.mark.parametrize("forged", ["", "x", "x.y", "x.y:1:z", "\x00", "."])
def test_a_forged_cookie_is_a_strange_browser(ana, forged):
    flood(6)
    assert (
        TOO_MANY
        in sign_in(Client(headers={"cookie": f"browser={forged}"}), RIGHT, "6.6.6.6").content.decode()
    )


def test_the_cookie_is_closed_and_names_nobody(ana):
    browser = known()
    cookie = browser.cookies["browser"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "example" not in cookie.value
    first = cookie.value.partition(".")[0]
    assert sign_in(browser, RIGHT).status_code == 302
    assert browser.cookies["browser"].value.partition(".")[0] == first


def test_codes_asked_for_by_others_leave_ones_own(ana, mailoutbox):
    browser, form = known(), {"email": "ana@example.org"}
    for _each in range(4):
        refused = Client().post(CODE, form, REMOTE_ADDR="6.6.6.6")
    assert "Too many attempts" in refused.content.decode()
    assert len(mailoutbox) == 3
    for client, address in ((browser, "6.6.6.6"), (Client(), "10.0.0.2")):
        assert client.post(CODE, form, REMOTE_ADDR=address).status_code == 302
    assert len(mailoutbox) == 5


def test_codes_have_a_ceiling_too(ana, mailoutbox, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.SIGN_IN_LIMITS, "login_code_of_account": "4/h/key"}
    browser, form = known(), {"email": "ana@example.org"}
    for number in range(6):
        refused = Client().post(CODE, form, REMOTE_ADDR=f"6.6.6.{number}")
    assert TOO_OFTEN in refused.content.decode()
    assert browser.post(CODE, form).status_code == 302
    assert len(mailoutbox) == 5


def test_a_code_makes_a_browser_known(ana, mailoutbox):
    browser = Client()
    browser.post(CODE, {"email": "ana@example.org"})
    [code] = [line for line in mailoutbox[0].body.splitlines() if line.isupper() and len(line) < 12]
    browser.post("/en/accounts/login/code/confirm/", {"code": code})
    browser.post("/en/accounts/logout/")
    flood(6, addresses=("127.0.0.1",))
    assert sign_in(browser, RIGHT, "127.0.0.1").status_code == 302


def test_a_new_password_begins_to_count_anew(ana, mailoutbox, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.SIGN_IN_LIMITS, "login_failed_of_account": "5/h/key"}
    assert TOO_OFTEN in flood(3, addresses=("6.6.6.1", "6.6.6.2"))
    browser = Client()
    browser.post(RESET, {"email": "ana@example.org"})
    link = mailoutbox[0].body.partition(project_settings.SITE_URL)[2].split()[0]
    form = browser.get(link)["Location"]
    browser.post(form, {"password1": "quite another one", "password2": "quite another one"})
    assert sign_in(Client(), "quite another one").status_code == 302
