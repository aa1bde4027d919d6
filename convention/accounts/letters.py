"""What the mails about an account say: allauth names the occasion, the words are ours."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.mail import Letter

type Words = str | Promise


@dataclass(frozen=True)
class Said:
    """One occasion: the subject, what happened, the button's label where there is a link, what if not."""

    subject: Words
    opening: Words
    closing: Words
    button: Words = ""


NOT_YOU = _(
    "It was not you? Then someone else is in your account: choose a new password at once, end the other "
    "sessions and tell the club."
)
NOTHING = _("You did not ask for it? Then nothing needs to be done.")
SECURITY = _("See my account’s security")

OCCASIONS = {
    "login_code": Said(
        _("Your sign-in code"),
        _("Your sign-in code, to enter on the page that you left open:"),
        _("You did not ask for it? Then nothing needs to be done: nobody gets in without the code."),
    ),
    "unknown_account": Said(
        _("No account has this address"),
        _(
            "Someone, perhaps you, wanted to sign in with %(email)s, and no account has this address. "
            "Registering for an event needs no account. If you have one, sign in with its own address."
        ),
        _("It was not you? Then nothing needs to be done."),
    ),
    "password_reset_key": Said(
        _("A new password"),
        _("This link lets you choose a new password. It is good once, for three days."),
        NOTHING,
        _("Choose a new password"),
    ),
    "email_confirmation": Said(
        _("Confirm your address"),
        _(
            "This link makes %(email)s the address of your account. Open it where you are signed in to that "
            "account, or sign in first."
        ),
        NOTHING,
        _("Confirm the address"),
    ),
    "email_changed": Said(
        _("Your address has changed"),
        _("Your account’s address has changed from %(from_email)s to %(to_email)s."),
        NOT_YOU,
        SECURITY,
    ),
    "email_deleted": Said(
        _("An address was removed"),
        _("The address %(deleted_email)s was removed from your account."),
        NOT_YOU,
        SECURITY,
    ),
    "password_changed": Said(
        _("Your password has changed"),
        _("The password of your account has changed; all other sessions have ended."),
        NOT_YOU,
        SECURITY,
    ),
    "password_changed_tokens_revoked": Said(
        _("Your password has changed"),
        _(
            "The password of your account has changed; all other sessions have ended, and API tokens were "
            "revoked: make new ones for the programs that still need them."
        ),
        NOT_YOU,
        SECURITY,
    ),
    "totp_activated": Said(
        _("Authenticator app added"),
        _("An authenticator app now protects your account: it is asked for a code after the password."),
        NOT_YOU,
        SECURITY,
    ),
    "totp_deactivated": Said(
        _("Authenticator app removed"),
        _("The authenticator app no longer protects your account; all other sessions have ended."),
        NOT_YOU,
        SECURITY,
    ),
    "webauthn_added": Said(_("Passkey added"), _("A new passkey opens your account."), NOT_YOU, SECURITY),
    "webauthn_removed": Said(
        _("Passkey removed"),
        _("A passkey was removed: it no longer opens your account, and all other sessions have ended."),
        NOT_YOU,
        SECURITY,
    ),
    "recovery_codes_generated": Said(
        _("New recovery codes"),
        _("New recovery codes were made for your account; the earlier ones are void."),
        NOT_YOU,
        SECURITY,
    ),
    "second_factor_reset": Said(
        _("Your second factor was reset"),
        _(
            "An administrator removed your passkeys, your authenticator app and your recovery codes, and "
            "ended your sessions. Sign in with your password or a mailed code, then set up a new one."
        ),
        _("You did not ask for it? Then tell the club at once."),
        SECURITY,
    ),
}
OCCASIONS["email_confirmation_signup"] = OCCASIONS["email_confirmation"]
OCCASIONS["password_set"] = OCCASIONS["password_reset"] = OCCASIONS["password_changed"]
NEW_PASSWORD = {"password_changed", "password_set", "password_reset"}
TOKENS_REVOKED = "password_changed_tokens_revoked"
"""The occasion in place of those where API tokens ended with the old password."""


def letter(occasion: str, email: str, context: dict[str, Any], language: str = "") -> Letter:
    """The letter for an occasion, which may be named like allauth's templates: `mfa/email/totp_activated`."""
    name = occasion.rpartition("/")[2]
    said, language = OCCASIONS[name], language or translation.get_language()
    with translation.override(language):
        values = {"email": email, **context}
        link = context.get("password_reset_url") or context.get("activate_url")
        words = {
            "heading": str(said.subject),
            "opening": str(said.opening) % values,
            "code": context.get("code", ""),
            "label": str(said.button),
            "url": said.button and (link or settings.SITE_URL + reverse("security")),
            "closing": str(said.closing),
        }
    key = f"account-{name}-{secrets.token_hex(12)}"
    return Letter(
        to=email, subject=words["heading"], template="account", context=words, language=language, key=key
    )
