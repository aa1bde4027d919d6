"""How often one account may be tried: by account and browser, so that nobody shuts another one out.

A browser that signed in to the account before carries a cookie that says so, and has a count of its own. All
others count by account and network address, then together by account, with a much higher ceiling.
"""

import secrets
from typing import TYPE_CHECKING, Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FAILURES, CODES, CODES_HERE = "login_failed_of_account", "login_code_of_account", "login_code_of_browser"
TRIED_ELSEWHERE = "tried_elsewhere"
COOKIE = "browser"
KEPT_SECONDS = 365 * 24 * 3600
MOST_ACCOUNTS = 5
BETWEEN = "."


def remember_browser(request: "HttpRequest", response: "HttpResponse", login: str) -> None:
    """Let the browser show later that it signed in to this account; of several, to the latest ones."""
    browser, accounts = brought(request)
    known = [mark(login), *(one for one in accounts if one != mark(login))][:MOST_ACCOUNTS]
    response.set_signed_cookie(
        COOKIE,
        BETWEEN.join([browser or secrets.token_urlsafe(12), *known]),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def name_of_count(request: "HttpRequest", login: str) -> str:
    """Under which name a try counts."""
    browser, accounts = brought(request)
    by = browser if mark(login) in accounts else ratelimit.get_ip(request)
    return f"{login.lower()} {by}"


def refusal_of_code(request: "HttpRequest", login: str) -> str:
    """Count a code that is to be mailed; the name of the sentence that refuses it, empty where none does."""
    if not spend(request, CODES_HERE, name_of_count(request, login)):
        return "rate_limited"
    return "" if spend_of_account(request, CODES, login) else TRIED_ELSEWHERE


def spend_of_account(request: "HttpRequest", action: str, login: str) -> Any:
    """Count a try from a browser that the account does not know; None when there were too many of them."""
    _browser, accounts = brought(request)
    if mark(login) in accounts:
        return ratelimit.RateLimitUsage(usage=[])
    return spend(request, action, login.lower())


def spend(request: "HttpRequest", action: str, name: str) -> Any:
    """Count one more of a kind that SIGN_IN_LIMITS names; None when it is too many."""
    return ratelimit.consume(request, app="allauth.account", action=action, key=name)


def forget_account(request: "HttpRequest", action: str, login: str) -> None:
    """Begin to count anew."""
    ratelimit.clear(request, app="allauth.account", action=action, key=login.lower())


def brought(request: "HttpRequest") -> tuple[str, list[str]]:
    """The browser's own random name and the marks of the accounts it knows; nothing for a strange one."""
    cookie = request.get_signed_cookie(COOKIE, default="", max_age=KEPT_SECONDS) or ""
    browser, *accounts = cookie.split(BETWEEN)
    return browser, accounts


def mark(login: str) -> str:
    """What stands for an account in the cookie: whoever finds it learns no address."""
    return salted_hmac("known browser", login.lower(), algorithm="sha256").hexdigest()[:32]
