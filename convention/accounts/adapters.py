"""How allauth meets the club: nobody signs up by themselves, people are invited or register."""

import base64
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from convention.addresses import having, same
from convention.api.tokens import revoke_all_tokens
from convention.club.models import Person
from convention.errors import ConventionError, SignInNeeded
from convention.mail import NotSent, send
from convention.secret_keys import fernet_for

from .factors import factors_of
from .letters import NEW_PASSWORD, TOKENS_REVOKED, letter
from .new_password import REVOKED_TOKENS
from .proof import limit_session
from .throttles import (
    FAILURES,
    TRIED_ELSEWHERE,
    forget_account,
    name_of_count,
    remember_browser,
    spend_of_account,
)

SENTENCES = {
    "email_password_mismatch": _("The address or the password is not right."),
    "incorrect_code": _("This code is not right. Wait for the next one, or check the time of your phone."),
    "incorrect_password": _("This password is not right."),
    "enter_current_password": _("Please enter your present password."),
    "too_many_login_attempts": _("Too many failed attempts. Please try again in five minutes."),
    TRIED_ELSEWHERE: _(
        "This account was tried too often. Use a browser in which you signed in before, or wait an hour."
    ),
    "rate_limited": _("That was tried too often. Please wait a few minutes and try again."),
    "email_taken": _("This address cannot be used."),
    "same_as_current": _("That is the address you have already."),
}


class MailUnavailable(ConventionError):
    """The mail server does not answer."""

    kind = "mail-unavailable"
    status = 503


class NoSignup(DefaultAccountAdapter):
    """Sign-in only; registering for an event needs no account."""

    error_messages = {**DefaultAccountAdapter.error_messages, **SENTENCES}

    def is_open_for_signup(self, request: Any) -> bool:
        """Never: accounts are made by the club."""
        return False

    def _get_login_attempts_cache_key(self, request: Any, **credentials: Any) -> str:
        """Failures count for account and browser, whatever name and port the site is called by."""
        return name_of_count(request, login_of(credentials))

    def _delete_login_attempts_cached_email(self, request: Any, **credentials: Any) -> None:
        """A new password, chosen by a mailed link, is met by an empty count."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        forget_account(request, FAILURES, login_of(credentials))

    def pre_authenticate(self, request: Any, **credentials: Any) -> None:
        """Refuse one more try when there were too many: from here, or from all strange browsers together."""
        super().pre_authenticate(request, **credentials)
        spent = spend_of_account(request, FAILURES, login_of(credentials))
        if not spent:
            raise self.validation_error(TRIED_ELSEWHERE)
        self._login_failed_rl_usage.usage += spent.usage

    def confirm_email(self, request: Any, email_address: Any) -> bool:
        """Make a new address the account's, for whoever is signed in to that account alone.

        The mail goes to whatever address somebody typed: its owner, who confirms addresses here when they
        register, would give what they registered for to a stranger. Raises SignInNeeded.
        """
        account = email_address.user
        if not same(account.email, email_address.email) and request.user != account:
            raise SignInNeeded(_("Sign in to the account whose address this is to be."))
        if having(Person.objects.exclude(pk=account.pk), email_address.email):
            return False
        return bool(super().confirm_email(request, email_address))

    def pre_login(self, request: Any, user: Any, **options: Any) -> Any:
        """A code that came back proves the address it was sent to, also of someone just invited."""
        records = get_authentication_records(request, user)
        if user.email and {"method": "code", "email": user.email}.items() <= last(records).items():
            EmailAddress.objects.update_or_create(
                user=user, email=user.email, defaults={"verified": True, "primary": True}
            )
        return super().pre_login(request, user, **options)

    def post_login(self, request: Any, user: Any, **options: Any) -> Any:
        """Sessions of those who work for the club are short; the account knows this browser from now on."""
        limit_session(request, user)
        response = super().post_login(request, user, **options)
        if user.email:
            remember_browser(request, response, user.email)
        return response

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Not from someone who has just signed in."""
        records = get_authentication_records(self.request, self.request.user)
        return time.time() - last(records).get("at", 0) > app_settings.REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Ways to say again who one is: where there is a second factor, by it alone."""
        if not user.is_authenticated:
            return []
        factors = factors_of(user)
        if not factors.any:
            return (
                [PASSWORD | {"url": reverse("account_reauthenticate")}] if user.has_usable_password() else []
            )
        by_code = [CODE | {"url": reverse("mfa_reauthenticate")}]
        by_key = [PASSKEY | {"url": reverse("mfa_reauthenticate_webauthn")}]
        return by_key * bool(factors.passkeys) + by_code * bool(factors.app or factors.codes_left)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link to a new password, at the site's own address."""
        return ours(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: Any, emailconfirmation: Any) -> str:
        """The link that confirms an address, at the site's own."""
        return ours(super().get_email_confirmation_url(request, emailconfirmation))

    def set_password(self, user: Any, password: str) -> None:
        """Store a new password; programs that acted for the account by a token stop."""
        super().set_password(user, password)
        setattr(self.request, REVOKED_TOKENS, revoke_all_tokens(person_id=user.pk))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of our letters in place of allauth's. Raises MailUnavailable."""
        occasion = template_prefix.rpartition("/")[2]
        revoked: int = getattr(self.request, REVOKED_TOKENS, 0)
        if revoked and occasion in NEW_PASSWORD:
            occasion = TOKENS_REVOKED
        try:
            send(letter(occasion, email, context))
        except NotSent as error:
            sentence = _("We cannot send e-mails just now. Please try again in a few minutes.")
            raise MailUnavailable(sentence) from error


PASSWORD = {"id": "reauthenticate", "description": _("Use your password")}
CODE = {"id": "mfa_reauthenticate", "description": _("Use a code")}
PASSKEY = {"id": "mfa_reauthenticate:webauthn", "description": _("Use a passkey")}


PURPOSE = "second factors"


class SecondFactors(DefaultMFAAdapter):
    """Second factors: their secrets are kept encrypted, under a key made of SECRET_KEY."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": SENTENCES["incorrect_code"],
        "cannot_generate_recovery_codes": _(
            "Add a passkey or an authenticator app first: recovery codes stand in for them."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Lock a secret under today's key."""
        return fernet_for(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Unlock it; under a lost key nothing fits any more, and an administrator resets the factor."""
        try:
            return fernet_for(PURPOSE).decrypt(encrypted_text).decode()
        except InvalidToken:
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 (allauth's signature)
        """The name offered for a new passkey."""
        return str(_("My passkey"))


def ours(link: str) -> str:
    """The same page of our site, whatever name and port a visitor called it by."""
    return settings.SITE_URL + urlsplit(link).path


def login_of(credentials: dict[str, Any]) -> str:
    """The address with which someone tries to sign in."""
    return str(credentials.get("email", ""))


def last(records: list[dict[str, Any]]) -> dict[str, Any]:
    """How someone proved who they are, just now."""
    return records[-1] if records else {}
