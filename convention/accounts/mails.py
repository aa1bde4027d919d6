"""Texts of the mails about accounts; allauth names the occasion."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.mail.messages import MailMessage

type LazyText = str | Promise


@dataclass(frozen=True)
class AccountMailText:
    """The texts of one occasion; the button is shown where there is a link."""

    subject: LazyText
    opening: LazyText
    closing: LazyText
    button_label: LazyText = ""


NOT_YOU_TEXT = _(
    "It was not you? Then someone else is in your account: choose a new password at once, end the other "
    "sessions and tell the club."
)
NOT_REQUESTED_TEXT = _("You did not ask for it? Then nothing needs to be done.")
SECURITY_LABEL = _("See my account’s security")

ACCOUNT_MAIL_TEXTS = {
    "login_code": AccountMailText(
        _("Your sign-in code"),
        _("Your sign-in code, to enter on the page that you left open:"),
        _("You did not ask for it? Then nothing needs to be done: nobody gets in without the code."),
    ),
    "unknown_account": AccountMailText(
        _("No account has this address"),
        _(
            "Someone, perhaps you, wanted to sign in with %(email)s, and no account has this address. "
            "Registering for an event needs no account. If you have one, sign in with its own address."
        ),
        _("It was not you? Then nothing needs to be done."),
    ),
    "password_reset_key": AccountMailText(
        _("A new password"),
        _("This link lets you choose a new password. It is good once, for three days."),
        NOT_REQUESTED_TEXT,
        _("Choose a new password"),
    ),
    "email_confirmation": AccountMailText(
        _("Confirm your address"),
        _(
            "This link makes %(email)s the address of your account. Open it where you are signed in to that "
            "account, or sign in first."
        ),
        NOT_REQUESTED_TEXT,
        _("Confirm the address"),
    ),
    "email_changed": AccountMailText(
        _("Your address has changed"),
        _("Your account’s address has changed from %(from_email)s to %(to_email)s."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "email_replaced": AccountMailText(
        _("Your address has changed"),
        _(
            "An administrator of the club changed the address of your account from %(from_email)s "
            "to %(to_email)s. Your sessions have ended and API tokens were revoked: sign in with the new "
            "address."
        ),
        _("You did not expect this? Then tell the club at once."),
    ),
    "email_deleted": AccountMailText(
        _("An address was removed"),
        _("The address %(deleted_email)s was removed from your account."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "password_changed": AccountMailText(
        _("Your password has changed"),
        _("The password of your account has changed; all other sessions have ended."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "password_changed_tokens_revoked": AccountMailText(
        _("Your password has changed"),
        _(
            "The password of your account has changed; all other sessions have ended, and API tokens were "
            "revoked: make new ones for the programs that still need them."
        ),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "totp_activated": AccountMailText(
        _("Authenticator app added"),
        _("An authenticator app now protects your account: it is asked for a code after the password."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "totp_deactivated": AccountMailText(
        _("Authenticator app removed"),
        _("The authenticator app no longer protects your account; all other sessions have ended."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "webauthn_added": AccountMailText(
        _("Passkey added"), _("A new passkey opens your account."), NOT_YOU_TEXT, SECURITY_LABEL
    ),
    "webauthn_removed": AccountMailText(
        _("Passkey removed"),
        _("A passkey was removed: it no longer opens your account, and all other sessions have ended."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "recovery_codes_generated": AccountMailText(
        _("New recovery codes"),
        _("New recovery codes were made for your account; the earlier ones are void."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "second_factor_reset": AccountMailText(
        _("Your second factor was reset"),
        _(
            "An administrator removed your passkeys, your authenticator app and your recovery codes, and "
            "ended your sessions. Sign in with your password or a mailed code, then set up a new one."
        ),
        _("You did not ask for it? Then tell the club at once."),
        SECURITY_LABEL,
    ),
}
ACCOUNT_MAIL_TEXTS["email_confirmation_signup"] = ACCOUNT_MAIL_TEXTS["email_confirmation"]
ACCOUNT_MAIL_TEXTS["password_set"] = ACCOUNT_MAIL_TEXTS["password_reset"] = ACCOUNT_MAIL_TEXTS[
    "password_changed"
]
PASSWORD_OCCASIONS = {"password_changed", "password_set", "password_reset"}
# Replaces an occasion of PASSWORD_OCCASIONS if API tokens were revoked with the old password.
TOKENS_REVOKED_OCCASION = "password_changed_tokens_revoked"


def write_account_letter(
    occasion: str, email: str, context: dict[str, Any], language: str = ""
) -> MailMessage:
    """Return the mail of an occasion, which may be a template path of allauth: `mfa/email/totp_activated`.

    `context` is allauth's. The language is the active one unless given.
    """
    name = occasion.rpartition("/")[2]
    text, language = ACCOUNT_MAIL_TEXTS[name], language or translation.get_language()
    with translation.override(language):
        # Inside `override`: lazy texts are translated when they are formatted.
        values = {"email": email, **context}
        link = context.get("password_reset_url") or context.get("activate_url")
        mail_context = {
            "heading": str(text.subject),
            "opening": str(text.opening) % values,
            "code": context.get("code", ""),
            "label": str(text.button_label),
            "url": text.button_label and (link or settings.SITE_URL + reverse("security")),
            "closing": str(text.closing),
        }
    # Random, so that the same mail can be sent again a minute later.
    key = f"account-{name}-{secrets.token_hex(12)}"
    return MailMessage(
        to=email,
        subject=mail_context["heading"],
        template="account",
        context=mail_context,
        language=language,
        message_key=key,
    )
