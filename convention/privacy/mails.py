"""Mails about privacy requests: a request was received, and how it was answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.mail.messages import MailMessage
from convention.text.dates import format_date

from .models import PrivacyCase
from .registry import get_table_title, group_erased_tables


@dataclass(frozen=True)
class PrivacyMailText:
    """The texts of one occasion; `has_link` adds a link to the person's own page."""

    subject: Promise
    opening: Promise
    closing: Promise
    has_link: bool = False


ANOTHER_ADDRESS = _("If you have used another address with us, reply to this e-mail and tell us which one.")
PRIVACY_MAIL_TEXTS = {
    "received": PrivacyMailText(
        _("Your personal data request"),
        _("We have received your request and will answer by %(due)s at the latest."),
        _("If you did not make this request, reply to this e-mail immediately."),
        has_link=True,
    ),
    "linked": PrivacyMailText(
        _("A request about your personal data"),
        _(
            "We have received a request about your personal data from another address and will answer by "
            "%(due)s at the latest."
        ),
        _("If you did not make this request, reply to this e-mail immediately."),
        has_link=True,
    ),
    "erased": PrivacyMailText(
        _("Your data has been erased"),
        _("We have erased the personal data that we held about you."),
        _("This is our last e-mail to you."),
    ),
    "erased_address": PrivacyMailText(
        _("Your data has been erased"),
        _("We have erased the personal data that we held under the address %(address)s."),
        ANOTHER_ADDRESS,
    ),
    "nothing_left": PrivacyMailText(
        _("Your personal data request"),
        _("We have nothing left to erase: what we still hold either no longer names you or must be kept."),
        ANOTHER_ADDRESS,
    ),
    "no_data": PrivacyMailText(
        _("Your personal data request"),
        _("Apart from your requests about your data, we hold no data under the address %(address)s."),
        ANOTHER_ADDRESS,
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
    "given_address": PrivacyMailText(
        _("Your personal data request"),
        _(
            "We have answered your request and have sent you, separately, the data we hold under the address "
            "%(address)s."
        ),
        ANOTHER_ADDRESS,
    ),
}


def write_case_mail(
    occasion: str, address: str, language: str, *, case: PrivacyCase, paragraphs: Sequence[str] = ()
) -> MailMessage:
    """Return the mail of one occasion, in that language.

    A case without a person is about an address alone: its mail does not speak of all their data.
    """
    by_address = PRIVACY_MAIL_TEXTS.get(f"{occasion}_address") if case.person_id is None else None
    text = by_address or PRIVACY_MAIL_TEXTS[occasion]
    with translation.override(language):
        values = {"due": format_date(case.due_on), "reason": case.reason, "address": address}
        mail_context: dict[str, Any] = {
            "heading": str(text.subject),
            "opening": str(text.opening) % values,
            "paragraphs": paragraphs,
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


def write_erasure_mail(address: str, language: str, *, case: PrivacyCase, redacted_count: int) -> MailMessage:
    """Return the last mail of an erasure: it names what was erased, and claims nothing else."""
    actions = group_erased_tables(case.counts)
    if actions.keys() & {"deleted", "blanked"} or redacted_count:
        occasion = "erased"
    else:
        occasion = "nothing_left" if actions else "no_data"
    with translation.override(language):
        paragraphs = list(_describe_erasure(case, actions, redacted_count))
    return write_case_mail(occasion, address, language, case=case, paragraphs=paragraphs)


def _describe_erasure(case: PrivacyCase, actions: dict[str, list[str]], redacted_count: int) -> Iterator[str]:
    """Yield what was erased and what remains, in the active language."""
    tables = {action: ", ".join(map(get_table_title, labels)) for action, labels in actions.items()}
    if "deleted" in tables:
        yield gettext("Deleted: %(tables)s.") % {"tables": tables["deleted"]}
    if "blanked" in tables:
        yield gettext("Your details were removed from: %(tables)s.") % {"tables": tables["blanked"]}
    if "anonymized" in tables:
        yield gettext("Related records, such as attendance figures, are kept without your name.")
    if redacted_count:
        yield gettext("We have also removed your name or address from notes that mentioned you.")
    if case.mentions:
        yield gettext("Some other texts still mention you: we are editing them by hand.")
    yield from _describe_retained_data(case, actions)
    yield gettext(
        "We keep a record of this request, without your name or address, to prove that we answered it."
    )


def _describe_retained_data(case: PrivacyCase, actions: dict[str, list[str]]) -> list[str]:
    """Return what the law requires to stay; [] if there was no data at all."""
    if case.retained or not actions:
        return case.retained
    if labels := actions.get("required_by_law"):
        tables = ", ".join(map(get_table_title, labels))
        return [gettext("The law requires us to keep: %(tables)s.") % {"tables": tables}]
    if case.person_id:
        return [gettext("Your name is not on any invoice, so the law does not require us to keep anything.")]
    # The same person may have invoices under another address.
    return [gettext("No invoice under this address has to be kept by law.")]
