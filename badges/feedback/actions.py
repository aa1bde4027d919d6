"""Actions of organizers on feedback: settings, hiding comments, and the e-mail with summaries to speakers."""

from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.publishing.copy_event import EventCopy
from convention.mail.bounces import find_bounced_addresses
from convention.text.email_addresses import normalize_email
from convention.text.languages import LANGUAGE_CHOICES
from schedule.models import Speaker, SpeakerMailing
from schedule.speakers.mailings import NobodyToMail, queue_mails

from .answers import lock_feedback
from .models import FeedbackSettings, SessionFeedback
from .summaries import list_summarized_speakers

SUMMARY_SUBJECT: Final = gettext_lazy("{event}: feedback on your sessions")
SUMMARY_TEXT: Final = gettext_lazy(
    "Hello {name},\n\nThank you for speaking at {event}. This is how attendees rated your "
    "sessions:\n\n{feedback}\n\nTheir comments are on your page. Answers are anonymous: neither you nor we "
    "can find out who gave them.\n\nKind regards,\n{event}"
)


class SummariesAlreadySent(ConventionError):
    """The speakers of the event got their summaries before."""

    kind = "already-sent"
    status = 409


@transaction.atomic
def change_feedback_settings(*, settings: FeedbackSettings, changed_fields: list[str]) -> None:
    """Save the settings. Raise InvalidFields if `days_open` changed after the feedback was over."""
    stored = FeedbackSettings.objects.select_for_update().filter(event=settings.event).first()
    if stored and "days_open" in changed_fields and stored.is_over():
        sentence = _("Feedback is closed and cannot be reopened: people could answer twice.")
        raise InvalidFields(_("Some fields need to be corrected."), {"days_open": [sentence]})
    FeedbackSettings.objects.update_or_create(
        event=settings.event,
        defaults={name: getattr(settings, name) for name in ("is_enabled", "days_open", "min_answers")},
    )
    record_action("feedback.change_settings", settings.event, event=settings.event, fields=changed_fields)


@transaction.atomic
def hide_comment(*, answer: SessionFeedback, reason: str) -> None:
    """Hide the comment of an answer from speakers; its stars still count. The reason is for organizers."""
    _save_hidden_reason(answer, "feedback.hide_comment", reason)


@transaction.atomic
def show_comment(*, answer: SessionFeedback) -> None:
    """Show a hidden comment again."""
    _save_hidden_reason(answer, "feedback.show_comment", "")


def _save_hidden_reason(answer: SessionFeedback, verb: str, reason: str) -> None:
    # A concurrent answer deletes and rewrites all answers of the session.
    lock_feedback(answer.session)
    SessionFeedback.objects.filter(pk=answer.pk).update(hidden_reason=reason)
    record_action(verb, answer, event=answer.session.event, fields=["comment"], reason=reason)


@transaction.atomic
def send_speaker_summaries(*, event: Event, sent_by: Person | None) -> SpeakerMailing:
    """Mail each speaker the summary of their sessions, once for each event.

    Raise NotOpenNow before the event is over, SummariesAlreadySent, and NobodyToMail.
    """
    if not event.is_over():
        raise NotOpenNow(_("Summaries can be sent once the event is over."))
    FeedbackSettings.objects.get_or_create(event=event)
    settings = FeedbackSettings.objects.select_for_update().get(event=event)
    if settings.summaries_sent_at:
        raise SummariesAlreadySent(_("The summaries were already sent to the speakers."))
    speakers = find_summary_recipients(event)
    if not speakers:
        raise NobodyToMail(_("No speaker has both an e-mail address and enough answers."))
    mailing = SpeakerMailing.objects.create(event=event, sent_by=sent_by, **_write_summary_texts())
    queue_mails(mailing, speakers)
    settings.summaries_sent_at = timezone.now()
    settings.save(update_fields=["summaries_sent_at"])
    record_action("feedback.send_summaries", mailing, event=event)
    return mailing


def find_summary_recipients(event: Event) -> list[Speaker]:
    """Return the speakers with a summary that is shown, and an address that did not bounce."""
    speakers = list_summarized_speakers(event)
    bounced = find_bounced_addresses(speaker.email for speaker in speakers)
    return [
        speaker for speaker in speakers if speaker.email and normalize_email(speaker.email) not in bounced
    ]


def _write_summary_texts() -> dict[str, str]:
    texts = {}
    for code, _name in LANGUAGE_CHOICES:
        with translation.override(code):
            texts[f"subject_{code}"] = str(SUMMARY_SUBJECT)
            texts[f"text_{code}"] = str(SUMMARY_TEXT)
    return texts


def copy_feedback_settings(event_copy: EventCopy) -> None:
    """Copy the feedback settings of an event."""
    rows = FeedbackSettings.objects.filter(event=event_copy.source)
    event_copy.copy_rows(rows, closed_at=None, summaries_sent_at=None)
