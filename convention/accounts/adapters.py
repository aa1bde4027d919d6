"""Adapters of allauth: no sign-up, limits on failed attempts, our own mails, encrypted secrets."""

import base64
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from convention.api.tokens import revoke_all_tokens
from convention.club.addresses.own_addresses import find_active_owner, find_owner
from convention.club.models import Person
from convention.codes.secret_keys import get_fernet
from convention.errors import ConventionError, SignInRequired
from convention.mail.messages import MailNotSent, send_mail_message
from convention.text.email_addresses import filter_by_email, is_same_email

from .mails import (
    NEEDED_OCCASIONS,
    PASSWORD_OCCASIONS,
    TOKENS_REVOKED_OCCASION,
    send_notice,
    write_account_mail,
)
from .merged_addresses import release_main_address
from .password_change import REVOKED_TOKENS_ATTRIBUTE
from .second_factors import get_factors
from .session_security import limit_staff_session
from .throttles import (
    LOGIN_FAILURES_ACTION,
    TRIED_ELSEWHERE_CODE,
    build_limit_key,
    consume_account_limit,
    remember_browser,
    reset_account_limit,
)

ERROR_MESSAGES = {
    "email_password_mismatch": _("Wrong e-mail address or password."),
    "incorrect_code": _("Wrong code. Check the code in our e-mail, or ask for another one."),
    "incorrect_password": _("Wrong password."),
    "enter_current_password": _("Enter your current password."),
    "too_many_login_attempts": _("Too many failed attempts. Please try again in five minutes."),
    TRIED_ELSEWHERE_CODE: _(
        "Too many failed attempts on this account. Use a browser you have signed in with "
        "before, or wait an hour."
    ),
    "rate_limited": _("Too many attempts. Please wait a few minutes and try again."),
    # Vague on purpose: it must not reveal that another account has the address.
    "email_taken": _("This address cannot be used. Enter another one."),
    "same_as_current": _("This is already your address."),
}


class MailUnavailable(ConventionError):
    """The mail server cannot be reached."""

    kind = "mail-unavailable"
    status = 503


class PasswordBackend(AuthenticationBackend):
    """Sign in with a password the account that a code or a password reset for the address reaches, too."""

    def _authenticate_by_email(self, email: str, password: str) -> Any:
        # allauth's own search would prefer an account that verified the address to the one whose main address
        # it is. A closed account is looked up as well: the right password shows the page that says so.
        owner = find_active_owner(email) or find_owner(email, people=Person.objects.all())
        return self._check_password(owner, password)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in without sign-up: the club creates accounts, and registering for an event needs none."""

    error_messages = {**DefaultAccountAdapter.error_messages, **ERROR_MESSAGES}

    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: Any, **credentials: Any) -> str:
        """Count failures by account and browser, whatever host name the site was called by."""
        return build_limit_key(request, get_login(credentials))

    def _delete_login_attempts_cached_email(self, request: Any, **credentials: Any) -> None:
        """Reset the failure counts after a password was reset by a mailed link."""
        # allauth resets only its own counter; ours counts failures of the account over all browsers.
        super()._delete_login_attempts_cached_email(request, **credentials)
        reset_account_limit(request, LOGIN_FAILURES_ACTION, get_login(credentials))

    def pre_authenticate(self, request: Any, **credentials: Any) -> None:
        """Refuse the attempt after too many failures, by this browser or by all unknown browsers together."""
        super().pre_authenticate(request, **credentials)
        usage = consume_account_limit(request, LOGIN_FAILURES_ACTION, get_login(credentials))
        if not usage:
            raise self.validation_error(TRIED_ELSEWHERE_CODE)
        # allauth takes back this usage after a successful sign-in.
        self._login_failed_rl_usage.usage += usage.usage

    def confirm_email(self, request: Any, email_address: Any) -> bool:
        """Confirm a new address of the account if the request is signed in to that account.

        Anybody can enter any address. Its owner, who is used to confirming addresses when registering, could
        otherwise hand over their registrations to a stranger's account. Raise SignInRequired.
        """
        account = email_address.user
        if not is_same_email(account.email, email_address.email) and request.user != account:
            raise SignInRequired(_("Sign in to the account that will have this address."))
        # Another person has the address, perhaps in another case, which no unique constraint detects.
        if filter_by_email(Person.objects.exclude(pk=account.pk), email_address.email):
            return False
        if is_same_email(account.email, email_address.email):
            # First: an address is verified for one account only, and the mailed link proves this one.
            release_main_address(person=account)
        return bool(super().confirm_email(request, email_address))

    def pre_login(self, request: Any, user: Any, **options: Any) -> Any:
        """Mark the address as verified when a code mailed to it was entered.

        Refuse a code that was mailed before the account got another address.
        """
        if response := super().pre_login(request, user, **options):
            return response
        record = get_last_record(get_authentication_records(request, user))
        if record.get("method") == "code" and user != find_active_owner(record.get("email", "")):
            # The session holds the code's record and the sign-in begun with it.
            request.session.flush()
            messages.error(request, _("This code was sent to an address that this account no longer has."))
            return redirect("account_login")
        # People are invited without a verified address: their first code verifies it.
        if user.email and {"method": "code", "email": user.email}.items() <= record.items():
            # First: an address is verified for one account only.
            release_main_address(person=user)
            EmailAddress.objects.update_or_create(
                user=user, email=user.email, defaults={"verified": True, "primary": True}
            )
        return None

    def post_login(self, request: Any, user: Any, **options: Any) -> Any:
        """Shorten the sessions of the club's staff, and remember the browser for the rate limits."""
        limit_staff_session(request, user)
        response = super().post_login(request, user, **options)
        if user.email:
            remember_browser(request, response, user.email)
        return response

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Return whether the last proof of identity in this session is too old."""
        records = get_authentication_records(self.request, self.request.user)
        return time.time() - get_last_record(records).get("at", 0) > app_settings.REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how the user can confirm who they are: by a second factor where there is one."""
        if not user.is_authenticated:
            return []
        # Where there is a second factor, the password alone must not be enough: it may be stolen.
        factors = get_factors(user)
        if not factors.has_any:
            return (
                [PASSWORD_METHOD | {"url": reverse("account_reauthenticate")}]
                if user.has_usable_password()
                else []
            )
        code_methods = [CODE_METHOD | {"url": reverse("mfa_reauthenticate")}]
        passkey_methods = [PASSKEY_METHOD | {"url": reverse("mfa_reauthenticate_webauthn")}]
        return passkey_methods * bool(factors.passkeys) + code_methods * bool(
            factors.authenticator_app or factors.unused_code_count
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Built from SITE_URL: a forged Host header would put a stranger's host into the mail.
        return build_site_url(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: Any, emailconfirmation: Any) -> str:
        return build_site_url(super().get_email_confirmation_url(request, emailconfirmation))

    def set_password(self, user: Any, password: str) -> None:
        """Store the new password and revoke the API tokens of the account."""
        super().set_password(user, password)
        setattr(self.request, REVOKED_TOKENS_ATTRIBUTE, revoke_all_tokens(person_id=user.pk))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send our own mail in place of allauth's template.

        Raise MailUnavailable if the person needs the mail to go on; a notice that is not sent is logged.
        """
        occasion = template_prefix.rpartition("/")[2]
        revoked: int = getattr(self.request, REVOKED_TOKENS_ATTRIBUTE, 0)
        if revoked and occasion in PASSWORD_OCCASIONS:
            occasion = TOKENS_REVOKED_OCCASION
        message = write_account_mail(occasion, email, context)
        if occasion not in NEEDED_OCCASIONS:
            send_notice(message)
            return
        try:
            send_mail_message(message)
        except MailNotSent as error:
            sentence = _("We cannot send e-mails at the moment. Please try again in a few minutes.")
            # Reported on the page, since these mails are sent within the request.
            raise MailUnavailable(sentence) from error


PASSWORD_METHOD = {"id": "reauthenticate", "description": _("Use your password")}
CODE_METHOD = {"id": "mfa_reauthenticate", "description": _("Use a code")}
PASSKEY_METHOD = {"id": "mfa_reauthenticate:webauthn", "description": _("Use a passkey")}


# Part of the derived key: renaming it would invalidate every enrolled factor.
ENCRYPTION_PURPOSE = "second factors"


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors whose secrets are encrypted with a key derived from SECRET_KEY."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "Wrong code. Wait for the next one, or check that your phone’s clock is correct."
        ),
        "cannot_generate_recovery_codes": _(
            "Add a passkey or an authenticator app first: recovery codes are their backup."
        ),
    }

    def encrypt(self, text: str) -> str:
        return get_fernet(ENCRYPTION_PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret; return a random one if the key was lost, so that no code matches.

        An administrator then resets the factor.
        """
        try:
            return get_fernet(ENCRYPTION_PURPOSE).decrypt(encrypted_text).decode()
        except InvalidToken:
            # An exception here would be an error page at every sign-in.
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 (allauth's signature)
        """Return the suggested name of a new passkey."""
        return str(_("My passkey"))


def build_site_url(link: str) -> str:
    """Return the same path on SITE_URL, whatever host name the request used."""
    return settings.SITE_URL + urlsplit(link).path


def get_login(credentials: dict[str, Any]) -> str:
    """Return the e-mail address of a sign-in attempt."""
    return str(credentials.get("email", ""))


def get_last_record(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how the user authenticated last in this session, or {}."""
    return records[-1] if records else {}
