"""Write the mails to speakers: texts with placeholders, filled in for each of them."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import InvalidFields
from convention.mail.messages import MailMessage
from convention.text.dates import format_date_with_weekday, format_time_range
from convention.text.languages import LANGUAGE_CHOICES
from schedule.models import Session, Speaker, SpeakerMail, SpeakerMailing

from .links import build_page_url, get_or_create_link
from .own_page import list_appearances, list_feedback_summaries

PLACEHOLDERS: Final = {
    "name": gettext_lazy("name of the speaker"),
    "event": gettext_lazy("name of the event"),
    "sessions": gettext_lazy("their sessions, with time and room once published"),
    "feedback": gettext_lazy("stars and number of answers for each of their sessions, after the event"),
    "link": gettext_lazy("address of their own page"),
}
# A subject has one line, and a secret does not belong in it.
SUBJECT_PLACEHOLDERS: Final = ("name", "event")
PLACEHOLDER_PATTERN: Final = re.compile(r"\{([^{}\n]{0,60})\}")


def check_texts(texts: Mapping[str, str]) -> None:
    """Raise InvalidFields for an unknown placeholder, a language without subject or text, or no text."""
    errors: dict[str, list[str]] = {}
    for name, text in texts.items():
        known = SUBJECT_PLACEHOLDERS if name.startswith("subject") else tuple(PLACEHOLDERS)
        if problem := explain_unknown_placeholder(text, known):
            errors[name] = [problem]
    for code, _name in LANGUAGE_CHOICES:
        subject, text = texts.get(f"subject_{code}", ""), texts.get(f"text_{code}", "")
        if text and not subject:
            errors.setdefault(f"subject_{code}", [_("Enter a subject.")])
        if subject and not text:
            errors.setdefault(f"text_{code}", [_("Enter a text.")])
    if not any(texts.values()):
        errors["text_fr"] = [_("Enter a subject and text in at least one language.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def explain_unknown_placeholder(text: str, known: Collection[str]) -> str:
    """Return why the first unknown placeholder of a text cannot be used; "" if all are known."""
    unknown = next((word for word in PLACEHOLDER_PATTERN.findall(text) if word not in known), None)
    if unknown is None:
        return ""
    names = ", ".join(f"{{{word}}}" for word in known)
    sentence = _("“{%(name)s}” cannot be used here; known placeholders: %(known)s.")
    return sentence % {"name": unknown, "known": names}


def choose_language(mailing: SpeakerMailing, speaker: Speaker) -> str:
    """Return the speaker's language if the mailing has a text in it, else the other one."""
    written = [code for code, _name in LANGUAGE_CHOICES if getattr(mailing, f"text_{code}")]
    return speaker.language if speaker.language in written else written[0]


def write_preview(mailing: SpeakerMailing, speaker: Speaker) -> MailMessage:
    """Return the mail to one speaker as organizers see it: without the secret of the link."""
    language = choose_language(mailing, speaker)
    return _write_mail_with_link(mailing, speaker, url=build_page_url("…", language), message_key="preview")


def write_speaker_mail(mail: SpeakerMail) -> MailMessage:
    """Return a mail with the speaker's own link."""
    mailing, speaker = mail.mailing, mail.speaker
    token = get_or_create_link(speaker=speaker).link_token
    url = build_page_url(token, choose_language(mailing, speaker))
    return _write_mail_with_link(mailing, speaker, url=url, message_key=mail.message_key)


def _write_mail_with_link(
    mailing: SpeakerMailing, speaker: Speaker, *, url: str, message_key: str
) -> MailMessage:
    """Return the mail to one speaker, in their language if the mailing has it."""
    language, event = choose_language(mailing, speaker), mailing.event
    with translation.override(language):
        values = {
            "name": speaker.name,
            "event": event.title,
            "sessions": describe_sessions(speaker),
            "feedback": describe_feedback(speaker),
            "link": url,
        }
        subject = fill_placeholders(getattr(mailing, f"subject_{language}"), values)
        context = {
            "event": event,
            "heading": subject,
            "text": fill_placeholders(getattr(mailing, f"text_{language}"), values),
            "url": url,
        }
    return MailMessage(
        to=speaker.email,
        subject=subject,
        template="speaker",
        context=context,
        language=language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Replace the known placeholders; in one pass, so that a name in braces is never replaced again."""
    return PLACEHOLDER_PATTERN.sub(lambda match: values.get(match[1], match[0]), text)


def describe_sessions(speaker: Speaker) -> str:
    """Return a line for each session that is not cancelled, in the active language."""
    lines = [
        f"– {appearance.session.title} ({describe_slot(appearance.session, speaker)})"
        for appearance in list_appearances(speaker)
        if appearance.session.cancelled_at is None
    ]
    return "\n".join(lines) or _("No sessions yet.")


def describe_feedback(speaker: Speaker) -> str:
    """Return a line for each session that attendees gave feedback on, in the active language."""
    summaries = list_feedback_summaries(speaker)
    lines = [f"– {summary.session.title} ({summary.sentence})" for summary in summaries]
    return "\n".join(lines) or _("No feedback yet.")


def describe_slot(session: Session, speaker: Speaker) -> str:
    """Return published time and room, such as “Tuesday 15 June 2027, 9:00–10:00, Auditorium”."""
    zone = speaker.event.zone
    if session.starts_at is None:
        return _("not scheduled yet")
    day = format_date_with_weekday(session.starts_at, zone)
    parts = [day, format_time_range(session.starts_at, session.ends_at, zone)]
    return ", ".join([*parts, *([session.room.name] if session.room else [])])
