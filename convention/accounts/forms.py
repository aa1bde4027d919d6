"""allauth's forms, made to our measure."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any
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

from convention.club.demo_accounts import DEMO_PASSWORD

from .factors import use_once
from .find_account import accounts_of
from .proof import limit_session
from .throttles import refusal_of_code

NAME_LENGTH = 60
UNREADABLE = (
    TypeError, ValueError, KeyError, AttributeError, IndexError, InvalidSignature, NotImplementedError,
)  # fmt: skip
"""What the library raises for an answer that no passkey gave."""


class Plain(forms.Form):
    """Labels say what a field is for: nothing stands in the field itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in {"email", "login"}:
                field.label = _("E-mail")


class SignIn(Plain, LoginForm):
    """Address and password; the browser may offer a passkey in the first field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["password"].help_text = ""

    def clean_password(self) -> str:
        """Refuse the demo's password in production, whoever's account it is: everybody can read it.

        Whoever knew it would be led to set up a second factor of their own, and the account would be theirs.
        """
        password: str = self.cleaned_data["password"]
        if settings.PRODUCTION and password == DEMO_PASSWORD:
            raise ValidationError(
                _(
                    "This is the password of the demo, which anyone can look up. "
                    "Sign in with a code sent by e-mail, then choose another password."
                )
            )
        return password

    def login(self, request: Any, redirect_url: str | None = None) -> Any:
        """Sign in; allauth sets the session's age last of all, so ours comes after."""
        answer = super().login(request, redirect_url)
        if request.user.is_authenticated:
            limit_session(request, request.user)
        return answer


class AskForCode(Plain, RequestLoginCodeForm):
    """Where the code is sent."""

    def clean_email(self) -> str:
        """So many codes, and no more, are asked for from one browser, and from all strange ones together."""
        email: str = super().clean_email()
        self._user = next(iter(accounts_of(email)), None)
        if email and (refusal := refusal_of_code(context.request, email)):
            raise get_account_adapter().validation_error(refusal)
        return email


class AskForLink(Plain, ResetPasswordForm):
    """Where the link to a new password is sent."""

    def clean_email(self) -> str:
        """The address, with the account that it opens."""
        email: str = super().clean_email()
        self.users = accounts_of(email)
        return email


class NewAddress(Plain, AddEmailForm):
    """Another address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")


class ChangePassword(Plain, ChangePasswordForm):
    """The present password, and another."""


class FirstPassword(Plain, SetPasswordForm):
    """A password, for someone who had none."""


class NewPassword(Plain, ResetPasswordKeyForm):
    """Another password, by the link of a mail."""


class ShowPassword(Plain, PasswordForm):
    """Before a change of weight."""


def code_field(label: Any, hint: Any = "") -> forms.CharField:
    """A code typed from a phone or a sheet of paper."""
    attrs = {"class": "code", "autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=label, help_text=hint, max_length=20, widget=forms.TextInput(attrs=attrs))


class OneUse(forms.Form):
    """A code of the app is good once, whichever process is asked."""

    code = code_field(_("Code"), _("Of your authenticator app, or one of your recovery codes."))
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Try it, then spend it."""
        code: str = super().clean_code()  # type: ignore[misc]  # of the form it stands before
        is_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_app and not use_once(self.authenticator, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class ShowCode(OneUse, AuthenticateForm):
    """After the password."""


class ShowCodeAgain(OneUse, ReauthenticateForm):
    """Before a change of weight."""


class AddApp(ActivateTOTPForm):
    """The first code of a new app."""

    code = code_field(_("Code that the app shows"))


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Whatever is wrong with an answer, even one that no passkey gave, is said in one sentence."""
    try:
        yield
    except (ValidationError, *UNREADABLE) as error:
        if getattr(error, "code", "incorrect_code") != "incorrect_code":
            raise
        raise ValidationError(
            _("This passkey was not accepted. Please try again."), code="passkey"
        ) from error


def refuse_other_origin(credential: Any) -> None:
    """Raise ValueError for an answer that a page of another host asked for.

    The library accepts hosts beneath ours too, so a page on one of them could sign people in.
    """
    client_data = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
    if urlsplit(client_data["origin"]).hostname != context.request.get_host().partition(":")[0]:
        raise ValueError("A page of another host asked for this passkey.")


class PasskeySignIn(LoginWebAuthnForm):
    """A passkey in place of address, password and second factor."""

    def clean_credential(self) -> Authenticator:
        """The passkey that answered."""
        with refusing():
            refuse_other_origin(self.cleaned_data["credential"])
            return super().clean_credential()


class ShowPasskey(AuthenticateWebAuthnForm):
    """After the password."""

    def clean_credential(self) -> Authenticator:
        """The passkey that answered."""
        with refusing():
            refuse_other_origin(self.cleaned_data["credential"])
            return super().clean_credential()


class ShowPasskeyAgain(ReauthenticateWebAuthnForm):
    """Before a change of weight."""

    def clean_credential(self) -> Authenticator:
        """The passkey that answered."""
        with refusing():
            refuse_other_origin(self.cleaned_data["credential"])
            return super().clean_credential()


def passkey_name() -> forms.CharField:
    """By which a person tells passkeys apart."""
    hint = _("Such as the device it is on: “Phone”, “Key on my key ring”.")
    return forms.CharField(label=_("Name"), max_length=NAME_LENGTH, required=True, help_text=hint)


class AddPasskey(AddWebAuthnForm):
    """A new passkey; it must know who holds it (by finger, face or PIN), for it stands for two factors."""

    name = passkey_name()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)

    def clean(self) -> dict[str, Any]:
        """The passkey that answered."""
        self.cleaned_data["passwordless"] = True
        with refusing():
            if credential := self.cleaned_data.get("credential"):
                refuse_other_origin(credential)
            return super().clean()


class RenamePasskey(EditWebAuthnForm):
    """Another name for a passkey."""

    name = passkey_name()
