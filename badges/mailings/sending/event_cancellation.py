"""Stop the mailings of an event that is cancelled (`hooks.event_cancellation_listeners`)."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.models import Mailing, ReminderPlan
from convention.events.models import Event
from convention.events.publishing.cancel_event import CancellationEffects, EventCancellation

from .launch import MailingNotActive, cancel_mailing


def describe_stopped_mailings(event: Event) -> CancellationEffects:
    """Return whether reminders would end, and how many mailings would be stopped."""
    sentences = []
    if ReminderPlan.objects.filter(event=event, is_enabled=True).exists():
        sentences.append(_("No more reminders will be sent."))
    if count := Mailing.objects.active().filter(event=event).count():
        sentence = ngettext(
            "%(count)d scheduled or ongoing mailing will be stopped.",
            "%(count)d scheduled or ongoing mailings will be stopped.",
            count,
        )
        sentences.append(sentence % {"count": count})
    return CancellationEffects(sentences)


def stop_mailings(cancellation: EventCancellation) -> None:
    """Cancel the mailings being sent; those that are only scheduled become drafts again."""
    for mailing in Mailing.objects.active().filter(event=cancellation.event).order_by("pk"):
        try:
            cancel_mailing(mailing=mailing)
        except MailingNotActive:
            # Its last e-mail was sent meanwhile.
            continue
