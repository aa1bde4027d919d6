"""Mails about privacy requests: a request was received, and how it was answered."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.mail.messages import MailMessage
from convention.text.dates import format_date

from .models import PrivacyCase


@dataclass(frozen=True)
class PrivacyMailText:
    """The texts of one occasion; `has_link` adds a link to the person's own page."""

    subject: Promise
    opening: Promise
    closing: Promise
    has_link: bool = False


PRIVACY_MAIL_TEXTS = {
    "received": PrivacyMailText(
        _("Your personal data request"),
        _("We have received your request and will answer by %(due)s at the latest."),
        _("If you did not make this request, reply to this e-mail immediately."),
        has_link=True,
    ),
    "erased": PrivacyMailText(
        _("Your data has been erased"),
        _(
            "We have erased your name, addresses and answers. "
            "Your attendance is kept only as anonymous figures."
        ),
        _("This is our last e-mail to you."),
    ),
    "refused": PrivacyMailText(
        _("Your personal data request"),
        _("We cannot grant your request. Reason: %(reason)s"),
        _(
            "You have the right to lodge a complaint with the data protection authority (in "
            "France, the CNIL: www.cnil.fr)."
        ),
    ),
    "given": PrivacyMailText(
        _("Your personal data request"),
        _("We have answered your request and have sent you, separately, the data we hold about you."),
        _("Anything missing or wrong? Reply to this e-mail."),
    ),
}


def write_case_mail(occasion: str, address: str, language: str, *, case: PrivacyCase) -> MailMessage:
    """Return the mail of one occasion, in that language."""
    text = PRIVACY_MAIL_TEXTS[occasion]
    with translation.override(language):
        values = {"due": format_date(case.due_on), "reason": case.reason}
        mail_context: dict[str, Any] = {
            "heading": str(text.subject),
            "opening": str(text.opening) % values,
            "paragraphs": case.retained
            or [str(_("Your name is not on any invoice, so the law does not require us to keep anything."))]
            if occasion == "erased"
            else [],
            "closing": str(text.closing),
            "label": str(_("See my data")),
            # A guest known by address alone has no account, and no page.
            "url": f"{settings.SITE_URL}{reverse('my-privacy')}" if text.has_link and case.person_id else "",
        }
    key = f"privacy-{case.pk}-{occasion}"
    subject = mail_context["heading"]
    return MailMessage(
        to=address,
        subject=subject,
        template="account",
        context=mail_context,
        language=language,
        message_key=key,
    )
