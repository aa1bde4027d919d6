"""Forms of allauth with our labels, rate limits and error messages."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.account.forms import (
    ReauthenticateForm as PasswordForm,
)
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from convention.club.addresses.own_addresses import find_active_owner
from convention.club.demo_accounts import DEMO_PASSWORD

from .second_factors import use_app_code
from .session_security import limit_staff_session
from .throttles import find_code_refusal

MAX_PASSKEY_NAME_LENGTH = 60
# The WebAuthn library raises any of these for a malformed response.
# Without them a forged response would be a server error instead of a form error.
INVALID_CREDENTIAL_ERRORS = (
    TypeError, ValueError, KeyError, AttributeError, IndexError, InvalidSignature, NotImplementedError,
)  # fmt: skip


# In sentence case, as everywhere else.
FIELD_LABELS: Final = {
    "email": _("E-mail"),
    "login": _("E-mail"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("Repeat the new password"),
}


class NoPlaceholderForm(forms.Form):
    """A form whose labels say what a field is for, without placeholders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = FIELD_LABELS.get(name, field.label)


class SignInForm(NoPlaceholderForm, LoginForm):
    """Address and password; the browser may offer a passkey in the first field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # `webauthn` lets the browser offer passkeys among its suggestions (WebAuthn, conditional mediation).
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["password"].help_text = ""

    def clean_password(self) -> str:
        """Refuse the demo's published password in production.

        Otherwise anybody could sign in with it, set up a second factor and take over the account.
        """
        password: str = self.cleaned_data["password"]
        if settings.PRODUCTION and password == DEMO_PASSWORD:
            raise ValidationError(
                _(
                    "This is the demo password, which is public. Sign in with a code sent by "
                    "e-mail, then choose another password."
                )
            )
        return password

    def login(self, request: Any, redirect_url: str | None = None) -> Any:
        """Sign in, then limit the age of the session, which allauth sets at the very end."""
        response = super().login(request, redirect_url)
        if request.user.is_authenticated:
            limit_staff_session(request, request.user)
        return response


class LoginCodeRequestForm(NoPlaceholderForm, RequestLoginCodeForm):
    """The address to which a sign-in code is mailed."""

    def clean_email(self) -> str:
        """Limit how many codes are requested by one browser, and by all unknown ones together."""
        email: str = super().clean_email()
        # allauth's private attribute: its own search would also take unverified addresses.
        self._user = find_active_owner(email)
        if email and (refusal := find_code_refusal(context.request, email)):
            raise get_account_adapter().validation_error(refusal)
        return email


class PasswordResetRequestForm(NoPlaceholderForm, ResetPasswordForm):
    """The address to which a password reset link is mailed."""

    def clean_email(self) -> str:
        """Return the address, and look up its account in place of allauth."""
        email: str = super().clean_email()
        # allauth's own search would also take unverified addresses.
        owner = find_active_owner(email)
        self.users = [owner] if owner else []
        return email


class NewEmailForm(NoPlaceholderForm, AddEmailForm):
    """Another e-mail address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")


class PasswordChangeForm(NoPlaceholderForm, ChangePasswordForm):
    """The current password and a new one."""


class FirstPasswordForm(NoPlaceholderForm, SetPasswordForm):
    """A password for an account that had none."""


class NewPasswordForm(NoPlaceholderForm, ResetPasswordKeyForm):
    """A new password, set by a mailed link."""


class PasswordReauthenticationForm(NoPlaceholderForm, PasswordForm):
    """The password, asked again before a sensitive change."""


def make_code_field(label: Any, hint: Any = "") -> forms.CharField:
    """Return a field for a code typed from a phone or a sheet of paper."""
    # Phones offer the code of a message for `one-time-code`.
    attrs = {"class": "code", "autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=label, help_text=hint, max_length=20, widget=forms.TextInput(attrs=attrs))


class SingleUseCodeForm(forms.Form):
    """A code of the authenticator app, accepted once over all server processes."""

    code = make_code_field(_("Code"), _("From your authenticator app, or one of your recovery codes."))
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Check the code, then mark it as used."""
        code: str = super().clean_code()  # type: ignore[misc]  # of the next class in the MRO
        # allauth itself marks recovery codes as used.
        is_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_app and not use_app_code(self.authenticator, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SecondFactorCodeForm(SingleUseCodeForm, AuthenticateForm):
    """The code asked after the password."""


class CodeReauthenticationForm(SingleUseCodeForm, ReauthenticateForm):
    """The code, asked again before a sensitive change."""


class AuthenticatorAppForm(ActivateTOTPForm):
    """The first code of a new authenticator app."""

    code = make_code_field(_("Code shown by the app"))


@contextlib.contextmanager
def convert_passkey_errors() -> Iterator[None]:
    """Replace every error about an invalid passkey response by one message."""
    try:
        yield
    except (ValidationError, *INVALID_CREDENTIAL_ERRORS) as error:
        # Other messages, such as that of a missing name, are shown as they are.
        if getattr(error, "code", "incorrect_code") != "incorrect_code":
            raise
        raise ValidationError(
            _("This passkey was not accepted. Please try again."), code="passkey"
        ) from error


def check_passkey_origin(credential: Any) -> None:
    """Raise ValueError for a passkey response that was requested by a page of another host.

    The library accepts subdomains of ours too, so a page on one of them could sign people in.
    """
    client_data = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
    if urlsplit(client_data["origin"]).hostname != context.request.get_host().partition(":")[0]:
        raise ValueError("A page of another host asked for this passkey.")


class PasskeySignInForm(LoginWebAuthnForm):
    """A passkey in place of address, password and second factor."""

    def clean_credential(self) -> Authenticator:
        with convert_passkey_errors():
            check_passkey_origin(self.cleaned_data["credential"])
            return super().clean_credential()


class PasskeySecondFactorForm(AuthenticateWebAuthnForm):
    """A passkey shown after the password."""

    def clean_credential(self) -> Authenticator:
        with convert_passkey_errors():
            check_passkey_origin(self.cleaned_data["credential"])
            return super().clean_credential()


class PasskeyReauthenticationForm(ReauthenticateWebAuthnForm):
    """A passkey shown again before a sensitive change."""

    def clean_credential(self) -> Authenticator:
        with convert_passkey_errors():
            check_passkey_origin(self.cleaned_data["credential"])
            return super().clean_credential()


def make_passkey_name_field() -> forms.CharField:
    hint = _("For example the device it is stored on: “Phone”, “Key on my key ring”.")
    return forms.CharField(label=_("Name"), max_length=MAX_PASSKEY_NAME_LENGTH, required=True, help_text=hint)


class PasskeyAddForm(AddWebAuthnForm):
    """A new passkey that verifies its user (finger, face or PIN): it counts as two factors."""

    name = make_passkey_name_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Every passkey of this site works without a password, so there is no choice.
        self.fields.pop("passwordless", None)

    def clean(self) -> dict[str, Any]:
        """Make the passkey work without a password, and check which host requested the response."""
        self.cleaned_data["passwordless"] = True
        with convert_passkey_errors():
            if credential := self.cleaned_data.get("credential"):
                check_passkey_origin(credential)
            return super().clean()


class PasskeyRenameForm(EditWebAuthnForm):
    name = make_passkey_name_field()
