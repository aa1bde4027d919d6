"""Send mail to speakers: requests for availability, reminders and messages.

A mailing and its mails are stored in one transaction; a task in the queue of mailings sends each mail. A mail
counts as sent once the mail server has accepted it, so a repeated task sends nothing twice.
"""

import logging
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.club.models import Person
from convention.db.leases import hold_lease
from convention.errors import ConventionError
from convention.events.models import Event
from convention.mail.messages import MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from schedule.models import Speaker, SpeakerLink, SpeakerMail, SpeakerMailing

from .audience import SpeakerAudience, SpeakerRecipients, SpeakerState, select_speakers, split_recipients
from .links import create_missing_links
from .mail_texts import check_texts, write_speaker_mail

logger = logging.getLogger(__name__)
# Lower than the default, so that confirmations go first.
MAILING_PRIORITY: Final = -10
MAX_RESENDS_PER_HOUR: Final = 5
DEFAULT_AUDIENCES: Final = {
    SpeakerMailing.Kind.REQUEST: SpeakerAudience(state=SpeakerState.UNANSWERED),
    SpeakerMailing.Kind.REMINDER: SpeakerAudience(state=SpeakerState.ASKED),
    SpeakerMailing.Kind.MESSAGE: SpeakerAudience(),
}
REQUEST_SUBJECT = gettext_lazy("{event}: when are you available?")
REQUEST_TEXT = gettext_lazy(
    "Hello {name},\n\nWe are preparing the programme for {event}. Your sessions:\n\n{sessions}\n\n"
    "Please use your page to tell us when you are available, confirm your sessions and check your biography. "
    "It takes two minutes, and you do not need an account.\n\nThank you!\n\nKind regards,\n{event}"
)
REMINDER_SUBJECT = gettext_lazy("{event}: we still need to know when you are available")
REMINDER_TEXT = gettext_lazy(
    "Hello {name},\n\nWe do not yet know when you are available for {event}. If we do not hear "
    "from you, your sessions may be scheduled at a time that does not suit "
    "you.\n\nYour sessions:\n\n{sessions}\n\nPlease fill in the timetable on your page; it takes two "
    "minutes.\n\nThank you!\n\nKind regards,\n{event}"
)
DEFAULT_TEXTS: Final = {
    SpeakerMailing.Kind.REQUEST: (REQUEST_SUBJECT, REQUEST_TEXT),
    SpeakerMailing.Kind.REMINDER: (REMINDER_SUBJECT, REMINDER_TEXT),
}


class NobodyToMail(ConventionError):
    """No speaker would get the mail."""

    kind = "no-recipients"
    status = 409


class RecipientsChanged(ConventionError):
    """Another number of speakers would get the mail than the preview showed."""

    kind = "changed-meanwhile"
    status = 409


def get_default_texts(kind: str) -> dict[str, str]:
    """Return the suggested texts of a kind of mailing, in both languages."""
    texts = {}
    for name, text in zip(
        ("subject", "text"), DEFAULT_TEXTS.get(SpeakerMailing.Kind(kind), ()), strict=False
    ):
        for code in ("fr", "en"):
            with translation.override(code):
                texts[f"{name}_{code}"] = str(text)
    return texts


def build_mailing(
    *, event: Event, kind: str, audience: SpeakerAudience, texts: Mapping[str, str]
) -> SpeakerMailing:
    """Return an unsaved mailing. Raise InvalidFields."""
    check_texts(texts)
    return SpeakerMailing(event=event, kind=kind, audience=audience.to_json(), **texts)


def find_recipients(mailing: SpeakerMailing) -> SpeakerRecipients:
    """Return who would get the mailing now."""
    audience = SpeakerAudience.from_json(mailing.audience)
    return split_recipients(select_speakers(mailing.event, audience), mailing=mailing)


@transaction.atomic
def send_speaker_mailing(
    *, mailing: SpeakerMailing, sent_by: Person | None, expected_count: int | None = None
) -> SpeakerMailing:
    """Save the mailing and queue its mails.

    Raise NobodyToMail, and RecipientsChanged if `expected_count` is given and not the number of mails.
    """
    # One at a time for each event: two clicks at once would both find that nobody was mailed yet.
    Event.objects.select_for_update().get(pk=mailing.event.pk)
    speakers = find_recipients(mailing).speakers
    if not speakers:
        raise NobodyToMail(_("Nobody would receive this e-mail. See below who is left out, and why."))
    if expected_count is not None and expected_count != len(speakers):
        raise RecipientsChanged(
            _("The recipients have changed since the preview. Check them and send again.")
        )
    mailing.sent_by = sent_by
    mailing.save()
    queue_mails(mailing, speakers)
    record_action(f"speaker_mailing.{mailing.kind}", mailing, event=mailing.event, fields=["audience"])
    return mailing


@transaction.atomic
def resend_link(*, speaker: Speaker, sent_by: Person | None) -> SpeakerMailing:
    """Ask one speaker for availability again, also if their address bounced before.

    Raise NobodyToMail without an address, and TooManyRequests.
    """
    if not speaker.email:
        raise NobodyToMail(_("This speaker has no e-mail address. Enter one and save, then send the link."))
    consume_rate_limit("speaker-link", str(speaker.pk), limit=MAX_RESENDS_PER_HOUR, window_seconds=3600)
    kind = SpeakerMailing.Kind.REQUEST
    mailing = SpeakerMailing.objects.create(
        event=speaker.event, kind=kind, sent_by=sent_by, **get_default_texts(kind)
    )
    queue_mails(mailing, [speaker])
    record_action("speaker.resend_link", speaker, event=speaker.event)
    return mailing


def queue_mails(mailing: SpeakerMailing, speakers: list[Speaker]) -> None:
    """Create one mail for each speaker, and queue them."""
    mails = SpeakerMail.objects.bulk_create(
        SpeakerMail(mailing=mailing, speaker=speaker) for speaker in speakers
    )
    if mailing.kind != SpeakerMailing.Kind.MESSAGE:
        create_missing_links(speakers=speakers)
        SpeakerLink.objects.filter(speaker__in=speakers).update(requested_at=timezone.now())
    for mail in mails:
        send_speaker_mail.enqueue(mail.pk)


@task(priority=MAILING_PRIORITY, queue_name=MAIL_QUEUE)
def send_speaker_mail(mail_id: int) -> None:
    """Send one mail, unless it was accepted or refused already, or the speaker has no address any more."""
    with hold_lease(f"speaker-mail:{mail_id}"):
        rows = SpeakerMail.objects.waiting().select_related("mailing__event__venue", "speaker__event")
        mail = rows.filter(pk=mail_id).first()
        if mail is None:
            return
        outcome = "accepted_at"
        try:
            if mail.speaker.email:
                send_mail_message(write_speaker_mail(mail))
            else:
                outcome = "refused_at"
        except MailRefused:
            # Final for this address; other failures are retried by the worker.
            logger.warning("The mail server refused %s.", mail.message_key)
            outcome = "refused_at"
        SpeakerMail.objects.filter(pk=mail.pk).update(**{outcome: timezone.now()})
