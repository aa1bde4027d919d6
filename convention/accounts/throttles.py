"""Rate limits of sign-in by account and browser, so that nobody can lock another person out.

A browser that signed in to the account before has a cookie that shows it, and a count of its own. All others
are counted by account and network address, and together by account, with a much higher limit.
"""

import secrets
from typing import TYPE_CHECKING, Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LOGIN_FAILURES_ACTION, ACCOUNT_CODES_ACTION, BROWSER_CODES_ACTION = (
    "login_failed_of_account",
    "login_code_of_account",
    "login_code_of_browser",
)
TRIED_ELSEWHERE_CODE = "tried_elsewhere"
BROWSER_COOKIE = "browser"
COOKIE_MAX_AGE_SECONDS = 365 * 24 * 3600
# A cookie has at most 4 kB, and a shared computer may see many accounts.
MAX_REMEMBERED_ACCOUNTS = 5
COOKIE_SEPARATOR = "."


def remember_browser(request: "HttpRequest", response: "HttpResponse", login: str) -> None:
    """Set the cookie that shows that this browser signed in to the account, for the latest accounts."""
    browser, accounts = read_browser_cookie(request)
    remembered = [hash_login(login), *(account for account in accounts if account != hash_login(login))][
        :MAX_REMEMBERED_ACCOUNTS
    ]
    response.set_signed_cookie(
        BROWSER_COOKIE,
        COOKIE_SEPARATOR.join([browser or secrets.token_urlsafe(12), *remembered]),
        max_age=COOKIE_MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def build_limit_key(request: "HttpRequest", login: str) -> str:
    """Return the key under which an attempt is counted."""
    browser, accounts = read_browser_cookie(request)
    # A known browser is counted apart, so that strangers behind the same address cannot use up its attempts.
    source = browser if hash_login(login) in accounts else ratelimit.get_ip(request)
    return f"{login.lower()} {source}"


def find_code_refusal(request: "HttpRequest", login: str) -> str:
    """Count a code that is to be mailed; return the key of the error message, or ""."""
    if not consume_limit(request, BROWSER_CODES_ACTION, build_limit_key(request, login)):
        return "rate_limited"
    return "" if consume_account_limit(request, ACCOUNT_CODES_ACTION, login) else TRIED_ELSEWHERE_CODE


def consume_account_limit(request: "HttpRequest", action: str, login: str) -> Any:
    """Count an attempt by a browser that never signed in to the account; return None after too many."""
    _browser, accounts = read_browser_cookie(request)
    if hash_login(login) in accounts:
        # A browser that signed in before is not counted here, so that strangers cannot lock it out.
        return ratelimit.RateLimitUsage(usage=[])
    return consume_limit(request, action, login.lower())


def consume_limit(request: "HttpRequest", action: str, name: str) -> Any:
    """Count an action that SIGN_IN_LIMITS names; return None after too many."""
    return ratelimit.consume(request, app="allauth.account", action=action, key=name)


def reset_account_limit(request: "HttpRequest", action: str, login: str) -> None:
    ratelimit.clear(request, app="allauth.account", action=action, key=login.lower())


def read_browser_cookie(request: "HttpRequest") -> tuple[str, list[str]]:
    """Return the browser's random name and the hashes of its accounts; empty for an unknown one."""
    # Signed, so that nobody can forge the cookie of a browser that signed in before.
    cookie = request.get_signed_cookie(BROWSER_COOKIE, default="", max_age=COOKIE_MAX_AGE_SECONDS) or ""
    browser, *accounts = cookie.split(COOKIE_SEPARATOR)
    return browser, accounts


def hash_login(login: str) -> str:
    """Return the hash of an account's address, so that the cookie does not contain the address."""
    return salted_hmac("known browser", login.lower(), algorithm="sha256").hexdigest()[:32]
