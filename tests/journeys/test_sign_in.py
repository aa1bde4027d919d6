"""Sign-in with a passkey, an authenticator app and recovery codes."""

import re

import pytest
from playwright.sync_api import Page, expect

from convention.events.models import EventRole
from tests.authenticator import app_code
from tests.factories import make_account, make_event
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll

pytestmark = pytest.mark.once

PASSWORD = "a long password"
# Requests before a passkey is used: when the page opens, and when the button is pressed.
OPTIONS = "**/accounts/2fa/passkeys/login/"


class Passkeys:
    """Virtual authenticator of a phone or laptop, which confirms requests only after `touch`.

    A request made before `touch` is never answered, even if `touch` follows.
    """

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": False,
        }
        answer = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.which = {"authenticatorId": answer["authenticatorId"]}

    def touch(self, enabled: bool = True) -> None:
        self.session.send("WebAuthn.setAutomaticPresenceSimulation", {**self.which, "enabled": enabled})

    def let_go(self) -> None:
        self.touch(enabled=False)


def sign_in(page: Page, prefix: str, email: str) -> None:
    page.goto(f"{prefix}/accounts/login/")
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("form:has(#id_login) button.button").click()
    page.wait_for_url(lambda address: "login" not in address)


def get_home_url(prefix: str) -> re.Pattern:
    return re.compile(rf"^http://[^/]+{prefix}/$")


def get_account_url(prefix: str) -> re.Pattern:
    """Return the address that a person without a role in an event is sent to after signing in."""
    return re.compile(rf"^http://[^/]+{prefix}/me/$")


def sign_out(page: Page, prefix: str) -> None:
    page.goto(f"{prefix}/accounts/logout/")
    page.locator("main form button.button").first.click()
    expect(page).to_have_url(get_home_url(prefix))


def look_at(page: Page) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def add_passkey(page: Page, prefix: str, name: str) -> Passkeys:
    passkeys = Passkeys(page)
    page.goto(f"{prefix}/accounts/2fa/passkeys/add/")
    look_at(page)
    page.locator("#id_name").fill(name)
    passkeys.touch()
    page.locator("form[data-passkey] button.button").click()
    expect(page).to_have_url(re.compile("/accounts/2fa/codes/$"))
    passkeys.let_go()
    return passkeys


def add_app(page: Page, prefix: str) -> tuple[str, list[str]]:
    """Set up the authenticator app, and return its secret and the recovery codes."""
    page.goto(f"{prefix}/accounts/2fa/app/add/")
    look_at(page)
    page.locator("details summary").click()
    secret = page.locator(".app-key").inner_text()
    page.locator("#id_code").fill(app_code(secret))
    page.locator("form:has(#id_code) button.button").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    look_at(page)
    return secret, page.locator(".recovery-codes li").all_inner_texts()


def show_code(page: Page, code: str) -> None:
    page.locator("#id_code").fill(code)
    page.locator("form:has(#id_code) button.button").first.click()


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_passkey_signs_in_without_password(browser_page, prefix):
    page = browser_page
    make_account(email="ana@example.org", password=PASSWORD)
    sign_in(page, prefix, "ana@example.org")
    page.goto(f"{prefix}/me/security/")
    look_at(page)
    passkeys = add_passkey(page, prefix, "Téléphone d’Ana")
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    sign_out(page, prefix)
    with page.expect_response(OPTIONS):
        page.goto(f"{prefix}/accounts/login/")
    look_at(page)
    page.route(OPTIONS, lambda route: (passkeys.touch(), route.continue_()))
    page.locator("form[data-passkey] button.button").click()
    expect(page).to_have_url(get_account_url(prefix))
    page.goto(f"{prefix}/me/security/")
    expect(page.get_by_text("Téléphone d’Ana").first).to_be_visible()
    look_at(page)


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_browser_offers_passkey_in_email_field(browser_page, prefix):
    page = browser_page
    make_account(email="ana@example.org", password=PASSWORD)
    sign_in(page, prefix, "ana@example.org")
    passkeys = add_passkey(page, prefix, "Clé")
    sign_out(page, prefix)
    passkeys.touch()
    page.goto("/accounts/login/?next=/me/security/")
    expect(page).to_have_url(re.compile("/me/security/$"))


@pytest.mark.long
@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_sign_in_requires_app_code_and_accepts_recovery_code_once(browser_page, prefix):
    page = browser_page
    make_account(email="ana@example.org", password=PASSWORD)
    sign_in(page, prefix, "ana@example.org")
    secret, codes = add_app(page, prefix)
    sign_out(page, prefix)
    sign_in(page, prefix, "ana@example.org")
    look_at(page)
    show_code(page, "000000")
    expect(page.locator(".errorlist")).to_be_visible()
    look_at(page)
    show_code(page, app_code(secret))
    expect(page).to_have_url(get_account_url(prefix))
    for accepted in (True, False):
        sign_out(page, prefix)
        sign_in(page, prefix, "ana@example.org")
        show_code(page, codes[3])
        if accepted:
            expect(page).to_have_url(get_account_url(prefix))
        else:
            expect(page.locator(".errorlist")).to_be_visible()


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
def test_staff_must_set_up_second_factor_before_staff_pages_open(browser_page, prefix, settings):
    settings.SECOND_FACTOR = "required"
    page = browser_page
    person = make_account(email="oscar@example.org", password=PASSWORD)
    EventRole.objects.create(event=make_event(slug="summit"), person=person, role="organizer")
    sign_in(page, prefix, "oscar@example.org")
    for address in ("organize/summit/", "back-office/", "desk/", "me/tokens/"):
        page.goto(f"{prefix}/{address}")
        expect(page).to_have_url(re.compile(rf"{prefix}/me/security/$"))
    page.goto(f"{prefix}/organize/summit/")
    look_at(page)
    add_app(page, prefix)
    page.locator("main .actions a.button.quiet").click()
    page.locator(".notice a.button").click()
    expect(page).to_have_url(re.compile(rf"{prefix}/organize/summit/$"))
