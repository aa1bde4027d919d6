"""Inform the speakers of an event that is cancelled (`hooks.event_cancellation_listeners`)."""

from typing import Final

from django.utils import translation
from django.utils.translation import gettext_lazy, ngettext

from convention.audit.record import record_action
from convention.events.models import Event
from convention.events.publishing.cancel_event import CancellationEffects, EventCancellation
from convention.text.languages import LANGUAGE_CHOICES
from schedule.models import SpeakerMailing

from .audience import SpeakerAudience
from .mailings import find_recipients, queue_mails

CANCELLED_SUBJECT: Final = gettext_lazy("Event cancelled: {event}")
CANCELLED_TEXT: Final = gettext_lazy(
    "Hello {name},\n\nWe are sorry to tell you that {event} is cancelled and will not take place.\n\n"
    "Reason: [reason]\n\nThere is nothing you need to do. Thank you for your commitment.\n\n"
    "Kind regards,\n{event}"
)


def describe_informed_speakers(event: Event) -> CancellationEffects:
    """Return how many speakers would get an e-mail."""
    count = len(find_recipients(_build_mailing(event, reason="")).speakers)
    if not count:
        return CancellationEffects()
    sentence = ngettext(
        "%(count)d speaker will be informed by e-mail.",
        "%(count)d speakers will be informed by e-mail.",
        count,
    )
    return CancellationEffects([sentence % {"count": count}])


def inform_speakers(cancellation: EventCancellation) -> None:
    """Queue an e-mail to each speaker with an address; it is listed with the other mailings to speakers."""
    event = cancellation.event
    mailing = _build_mailing(event, reason=event.cancellation_reason)
    speakers = find_recipients(mailing).speakers
    if not speakers:
        return
    mailing.sent_by = cancellation.requested_by
    mailing.save()
    queue_mails(mailing, speakers)
    record_action(f"speaker_mailing.{mailing.kind}", mailing, event=event, fields=["audience"])


def _build_mailing(event: Event, *, reason: str) -> SpeakerMailing:
    # In a reason, braces are no placeholders: one could put a speaker's secret link into the text.
    plain_reason = reason.replace("{", "(").replace("}", ")")
    texts = {}
    for code, _name in LANGUAGE_CHOICES:
        with translation.override(code):
            texts[f"subject_{code}"] = str(CANCELLED_SUBJECT)
            texts[f"text_{code}"] = str(CANCELLED_TEXT).replace("[reason]", plain_reason)
    return SpeakerMailing(
        event=event, kind=SpeakerMailing.Kind.MESSAGE, audience=SpeakerAudience().to_json(), **texts
    )
