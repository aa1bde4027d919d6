"""Write the mails about proposals: the call's texts with placeholders, filled in for each speaker."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import InvalidFields
from convention.mail.messages import MailMessage
from convention.text.dates import format_deadline
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.web_addresses import defuse_links
from schedule.models import CallForProposals, ProposalMail, ProposalSpeaker, SessionProposal
from schedule.models.speakers import MAX_SUBJECT_LENGTH
from schedule.speakers.links import build_page_url, get_or_create_link
from schedule.speakers.mail_texts import explain_unknown_placeholder, fill_placeholders

PLACEHOLDERS: Final = {
    "name": gettext_lazy("name of the speaker"),
    "title": gettext_lazy("title of the proposal"),
    "event": gettext_lazy("name of the event"),
    "deadline": gettext_lazy("end of the call"),
    "link": gettext_lazy("address of the proposal’s page; once accepted, of the speaker’s own page"),
}
LINK_PLACEHOLDER: Final = "{link}"
LINK_LINE_PATTERN: Final = re.compile(rf"^{re.escape(LINK_PLACEHOLDER)}[ \t\r]*$", re.MULTILINE)
# A subject has one line, and a secret does not belong in it.
SUBJECT_PLACEHOLDERS: Final = ("name", "title", "event", "deadline")
# The line with nothing but the link becomes a button in HTML.
DEFAULT_MAIL_TEXTS: Final = {
    ProposalMail.Kind.RECEIVED: (
        gettext_lazy("We have received your proposal “{title}”"),
        gettext_lazy(
            "Hello {name},\n\nThank you for your proposal “{title}” for {event}. You can change or withdraw "
            "it on its page until {deadline}; you will also find our decision there:\n\n{link}\n\n"
            "Kind regards,\n{event}"
        ),
    ),
    ProposalMail.Kind.ACCEPTED: (
        gettext_lazy("Your session “{title}” is part of {event}"),
        gettext_lazy(
            "Hello {name},\n\nWe are happy to include “{title}” in the programme of {event}. "
            "Please confirm on your page that you will be speaking, "
            "and check what we will publish about you:\n\n{link}\n\n"
            "We will let you know the day, time and room later.\n\nKind regards,\n{event}"
        ),
    ),
    ProposalMail.Kind.REJECTED: (
        gettext_lazy("Your proposal “{title}” for {event}"),
        gettext_lazy(
            "Hello {name},\n\nThank you for your proposal “{title}”. We received more good proposals than "
            "{event} has room for, and could not include yours. We hope to see you there all the same.\n\n"
            "You can still view your proposal:\n\n{link}\n\nKind regards,\n{event}"
        ),
    ),
    ProposalMail.Kind.WAITLISTED: (
        gettext_lazy("Your proposal “{title}” is on the waiting list"),
        gettext_lazy(
            "Hello {name},\n\nWe would like to have “{title}” at {event}, but the programme is full for now. "
            "If a session is cancelled, we will get back to you.\n\nYou can view your proposal or withdraw "
            "it on its page:\n\n{link}\n\nKind regards,\n{event}"
        ),
    ),
}


def get_mail_text(call: CallForProposals, kind: str, part: str, language: str) -> str:
    """Return the call's own text (`part` is “subject” or “text”), else the default one in that language."""
    own = call.mail_texts.get(kind, {}) if isinstance(call.mail_texts, dict) else {}
    if text := own.get(f"{part}_{language}"):
        return str(text)
    with translation.override(language):
        return str(DEFAULT_MAIL_TEXTS[ProposalMail.Kind(kind)][part == "text"])


def check_mail_texts(texts: Mapping[str, str]) -> None:
    """Raise InvalidFields for unknown placeholders; `texts` are by field, such as `accepted_subject_fr`."""
    errors = {}
    for name, text in texts.items():
        known = SUBJECT_PLACEHOLDERS if "subject" in name else tuple(PLACEHOLDERS)
        if problem := explain_unknown_placeholder(text, known):
            errors[name] = [problem]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def build_mail(recipient: ProposalSpeaker, proposal: SessionProposal, kind: str) -> ProposalMail:
    """Return the unsaved mail to one speaker, filled in but for the link, which is a secret."""
    call, language = proposal.call, proposal.contact_language
    with translation.override(language):
        values = {
            "name": recipient.name,
            "title": proposal.title,
            "event": call.event.title,
            "deadline": format_deadline(call.closes_at, call.event.zone),
        }
    # Anonymous visitors choose name and title, and must not place a link in the mail.
    safe_values = {**values, "name": defuse_links(recipient.name), "title": defuse_links(proposal.title)}
    subject = fill_placeholders(get_mail_text(call, kind, "subject", language), values)
    return ProposalMail(
        recipient=recipient,
        kind=kind,
        language=language,
        # A title may have 300 characters, which no mail program shows.
        subject=subject if len(subject) <= MAX_SUBJECT_LENGTH else f"{subject[: MAX_SUBJECT_LENGTH - 1]}…",
        text=fill_placeholders(get_mail_text(call, kind, "text", language), safe_values),
    )


def preview_mail_text(mail: ProposalMail) -> str:
    """Return the text of a mail for organizers, to whom the recipient's link is not shown."""
    return mail.text.replace(LINK_PLACEHOLDER, _("[link to the speaker’s page]"))


def write_proposal_mail(mail: ProposalMail, *, to: str) -> MailMessage:
    """Return the message of a stored mail, with the link of its recipient."""
    proposal = mail.recipient.proposal
    event, url = proposal.call.event, build_link(mail)
    match = LINK_LINE_PATTERN.search(mail.text)
    before_link, after_link = (
        (mail.text[: match.start()], mail.text[match.end() :]) if match else (mail.text, "")
    )
    context: dict[str, Any] = {
        "event": event,
        # Unlike the subject, the heading is part of the body, where mail programs turn addresses into links.
        "heading": defuse_links(mail.subject),
        "text": mail.text.replace(LINK_PLACEHOLDER, url),
        "text_before_link": before_link.replace(LINK_PLACEHOLDER, url),
        "text_after_link": after_link.replace(LINK_PLACEHOLDER, url),
        "url": url,
        "is_accepted": mail.kind == ProposalMail.Kind.ACCEPTED,
    }
    return MailMessage(
        to=to,
        subject=mail.subject,
        template="session_proposal",
        context=context,
        language=mail.language,
        message_key=mail.message_key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def build_link(mail: ProposalMail) -> str:
    """Return the address of the speaker's own page once accepted, else that of the proposal."""
    recipient = mail.recipient
    if mail.kind == ProposalMail.Kind.ACCEPTED and recipient.speaker:
        return build_page_url(get_or_create_link(speaker=recipient.speaker).link_token, mail.language)
    return build_proposal_url(recipient.proposal, mail.language)


def build_proposal_url(proposal: SessionProposal, language: str) -> str:
    """Return the secret address of a proposal's own page in that language."""
    with translation.override(language):
        return settings.SITE_URL + reverse("own-session-proposal", args=[proposal.link_token])


def list_mail_text_fields() -> list[str]:
    """Return the names of all texts, such as `accepted_subject_fr`."""
    return [
        f"{kind}_{part}_{code}"
        for kind in ProposalMail.Kind.values
        for code, _name in LANGUAGE_CHOICES
        for part in ("subject", "text")
    ]
