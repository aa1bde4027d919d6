"""Texts of the mails about accounts; allauth names the occasion."""

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.mail.messages import MailMessage, MailNotSent, send_or_log

logger = logging.getLogger(__name__)

# A page of a higher layer, which e-mails the links of an address's registrations.
LOST_LINK_PAGE = "lost-link"

type LazyText = str | Promise


@dataclass(frozen=True)
class AccountMailText:
    """The texts of one occasion; the button is shown where there is a link."""

    subject: LazyText
    opening: LazyText
    closing: LazyText
    button_label: LazyText = ""


NOT_YOU_TEXT = _(
    "If this wasn’t you, someone else has access to your account: choose a new password "
    "immediately, end all other sessions and reply to this e-mail."
)
NOT_REQUESTED_TEXT = _("If you didn’t request this, you can ignore this e-mail.")
SECURITY_LABEL = _("View my account security")

ACCOUNT_MAIL_TEXTS = {
    "login_code": AccountMailText(
        _("Your sign-in code"),
        _("Enter this sign-in code on the page you left open:"),
        _(
            "The code is valid for a few minutes. If you didn’t request it, you can ignore this e-mail: "
            "nobody can sign in without the code."
        ),
    ),
    "unknown_account": AccountMailText(
        _("No account has this e-mail address"),
        _(
            "Someone, perhaps you, tried to sign in with %(email)s, but no account has this "
            "address. You do not need an account for your registration: we can e-mail you its link. "
            "If you have an account, sign in with its address."
        ),
        _("If this wasn’t you, you can ignore this e-mail."),
        _("Find your registration"),
    ),
    "password_reset_key": AccountMailText(
        _("Password reset"),
        _("Use this link to choose a new password. It works once and expires after three days."),
        NOT_REQUESTED_TEXT,
        _("Choose a new password"),
    ),
    "email_confirmation": AccountMailText(
        _("Confirm your e-mail address"),
        _(
            "Open this link within three days to make %(email)s the address of your account. You "
            "need to be signed in to that account."
        ),
        NOT_REQUESTED_TEXT,
        _("Confirm the address"),
    ),
    "email_changed": AccountMailText(
        _("Your e-mail address has changed"),
        _("The address of your account has been changed from %(from_email)s to %(to_email)s."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "email_replaced": AccountMailText(
        _("Your e-mail address has changed"),
        _(
            "A club administrator has changed the address of your account from %(from_email)s to "
            "%(to_email)s. You have been signed out everywhere and your API tokens have been "
            "revoked: sign in with the new address."
        ),
        _("If you did not expect this, reply to this e-mail immediately."),
    ),
    "email_taken_back": AccountMailText(
        _("An e-mail address has been removed"),
        _(
            "A club administrator has removed %(from_email)s from your record. You have been signed out "
            "everywhere, your API tokens have been revoked, and you can no longer sign in with this address."
        ),
        _("If you did not expect this, reply to this e-mail immediately."),
    ),
    "records_merged": AccountMailText(
        _("Your records at the club have been merged"),
        _(
            "The club had two records of you and has merged them. You can sign in with any of these "
            "addresses: %(addresses)s."
        ),
        _("If you did not expect this, reply to this e-mail immediately."),
        SECURITY_LABEL,
    ),
    "address_removed": AccountMailText(
        _("An e-mail address has been removed"),
        _(
            "The club has removed the address %(removed)s from your account. You have been signed out "
            "everywhere and your API tokens have been revoked: sign in with %(email)s."
        ),
        _("If you did not expect this, reply to this e-mail immediately."),
    ),
    "email_deleted": AccountMailText(
        _("An e-mail address has been removed"),
        _("The address %(deleted_email)s has been removed from your account."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "password_changed": AccountMailText(
        _("Your password has changed"),
        _("The password of your account has been changed, and all other sessions have ended."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "password_changed_tokens_revoked": AccountMailText(
        _("Your password has changed"),
        _(
            "The password of your account has been changed. All other sessions have ended, and "
            "your API tokens have been revoked: create new ones for any software that still "
            "needs them."
        ),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "totp_activated": AccountMailText(
        _("Authenticator app added"),
        _(
            "An authenticator app now protects your account: you will need a code from it after "
            "your password."
        ),
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
        _("Passkey added"), _("You can now sign in with a new passkey."), NOT_YOU_TEXT, SECURITY_LABEL
    ),
    "webauthn_removed": AccountMailText(
        _("Passkey removed"),
        _(
            "A passkey has been removed. It can no longer be used to sign in, and all other "
            "sessions have ended."
        ),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "recovery_codes_generated": AccountMailText(
        _("New recovery codes"),
        _("New recovery codes have been generated for your account. The previous ones no longer work."),
        NOT_YOU_TEXT,
        SECURITY_LABEL,
    ),
    "second_factor_reset": AccountMailText(
        _("Your second factor has been reset"),
        _(
            "An administrator has removed your passkeys, authenticator app and recovery codes, "
            "and signed you out everywhere. Sign in with your password or a code sent by e-mail, "
            "then set up a new second factor."
        ),
        _("If you did not make this request, reply to this e-mail immediately."),
        SECURITY_LABEL,
    ),
}
ACCOUNT_MAIL_TEXTS["email_confirmation_signup"] = ACCOUNT_MAIL_TEXTS["email_confirmation"]
ACCOUNT_MAIL_TEXTS["password_set"] = ACCOUNT_MAIL_TEXTS["password_reset"] = ACCOUNT_MAIL_TEXTS[
    "password_changed"
]
# Mails that the person needs to continue; all others are notices of something already done.
NEEDED_OCCASIONS = {
    "login_code", "unknown_account", "password_reset_key", "email_confirmation", "email_confirmation_signup",
}  # fmt: skip
PASSWORD_OCCASIONS = {"password_changed", "password_set", "password_reset"}
# Replaces an occasion of PASSWORD_OCCASIONS if API tokens were revoked with the old password.
TOKENS_REVOKED_OCCASION = "password_changed_tokens_revoked"


def write_account_mail(occasion: str, email: str, context: dict[str, Any], language: str = "") -> MailMessage:
    """Return the mail of an occasion, which may be a template path of allauth: `mfa/email/totp_activated`.

    `context` is allauth's. The language is the active one unless given.
    """
    name = occasion.rpartition("/")[2]
    text, language = ACCOUNT_MAIL_TEXTS[name], language or translation.get_language()
    with translation.override(language):
        # Inside `override`: lazy texts are translated when they are formatted.
        values = {"email": email, **context}
        link = context.get("password_reset_url") or context.get("activate_url")
        if name == "unknown_account":
            link = settings.SITE_URL + reverse(LOST_LINK_PAGE)
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


def send_notice(notice: MailMessage) -> None:
    """Send a mail about something done; log its key if the mail server does not take it."""
    # The action itself has succeeded: a mail server that is down must not turn it into an error.
    try:
        send_or_log(notice)
    except MailNotSent:
        logger.warning("The mail server did not take %s.", notice.message_key)
