"""Passkeys that must not sign in: without user verification, or removed on the site."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, Route, expect

from tests.factories import make_account
from tests.journeys.test_sign_in import OPTIONS, PASSWORD, Passkeys, add_passkey, sign_in, sign_out

pytestmark = pytest.mark.once


def try_passkey(page: Page, passkeys: Passkeys, prefix: str) -> None:
    """Press the button of the sign-in page, and touch the passkey for the request that follows."""
    with page.expect_response(OPTIONS):
        page.goto(f"{prefix}/accounts/login/")

    def touch_once(route: Route) -> None:
        passkeys.touch(enabled=route.request.method == "GET")  # let go once it is posted: the page asks again
        route.continue_()

    page.route(OPTIONS, touch_once, times=2)
    page.locator("form[data-passkey] button.button").click()


@pytest.fixture
def signed_out(browser_page: Page, prefix: str) -> tuple[Page, Passkeys]:
    """Return a page and a passkey of Ana's, who is signed out."""
    make_account(email="ana@example.org", password=PASSWORD)
    sign_in(browser_page, prefix, "ana@example.org")
    passkeys = add_passkey(browser_page, prefix, "Clé")
    sign_out(browser_page, prefix)
    return browser_page, passkeys


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_passkey_without_user_verification_does_not_sign_in(signed_out, prefix):
    page, passkeys = signed_out
    passkeys.session.send("WebAuthn.setUserVerified", {**passkeys.which, "isUserVerified": False})
    try_passkey(page, passkeys, prefix)
    expect(page.locator("[data-passkey] [role=alert]:visible, [role=alert]:visible").first).to_be_visible()
    page.goto(f"{prefix}/me/security/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_removed_passkey_does_not_sign_in(signed_out, prefix):
    page, passkeys = signed_out
    Authenticator.objects.filter(type="webauthn").delete()
    try_passkey(page, passkeys, prefix)
    expect(page.get_by_text("n’a pas été acceptée")).to_be_visible()
    page.goto(f"{prefix}/me/security/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
