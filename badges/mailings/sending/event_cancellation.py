"""Stop the mailings of an event that is cancelled (`hooks.event_cancellation_listeners`)."""

from django.utils.translation import ngettext

from badges.mailings.models import Mailing, ReminderPlan
from convention.events.models import Event
from convention.events.publishing.cancel_event import CancellationEffects, EventCancellation

from .launch import MailingNotActive, cancel_mailing


def describe_stopped_mailings(event: Event) -> CancellationEffects:
    """Return how many mailings would be stopped."""
    count = Mailing.objects.active().filter(event=event).count()
    if not count and not ReminderPlan.objects.filter(event=event, is_enabled=True).exists():
        return CancellationEffects()
    sentence = ngettext(
        "No reminder will be sent, and %(count)d mailing that is scheduled or being sent will stop.",
        "No reminder will be sent, and %(count)d mailings that are scheduled or being sent will stop.",
        count,
    )
    return CancellationEffects([sentence % {"count": count}])


def stop_mailings(cancellation: EventCancellation) -> None:
    """Cancel the mailings being sent; those that are only scheduled become drafts again."""
    for mailing in Mailing.objects.active().filter(event=cancellation.event).order_by("pk"):
        try:
            cancel_mailing(mailing=mailing)
        except MailingNotActive:
            # Its last e-mail was sent meanwhile.
            continue
