"""Create the demo's mailings: one sent after the past edition, a draft, and reminders."""

import datetime

from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.seeding import DemoWorld

from .composing.segments import ARRIVED, UNPAID, Segment
from .models import Mailing, Recipient, ReminderPlan
from .sending.recipients import freeze_recipients
from .sending.reminders import DEFAULT_DAYS_BEFORE

ONE_DAY = datetime.timedelta(days=1)
THANKS_TEXTS = {
    "subject_fr": "Merci de votre participation à {event}",
    "text_fr": "Bonjour {first_name},\n\nmerci d’avoir participé à **{event}**. "
    "Les présentations sont en ligne\u202f:\n\n[le programme et ses documents]({agenda})\n\n"
    "À l’année prochaine\u202f!",
    "subject_en": "Thank you for coming to {event}",
    "text_en": "Hello {first_name},\n\nThank you for coming to **{event}**. The slides are online:\n\n"
    "[the programme and its documents]({agenda})\n\nSee you next year!",
}
PAYMENT_TEXTS = {
    "subject_fr": "Votre facture pour {event}",
    "text_fr": "Bonjour {first_name},\n\n"
    "la facture de votre billet «\u202f{ticket}\u202f» est à régler avant l’événement. "
    "Elle se trouve sur [votre page]({manage_url}).",
    "subject_en": "Your invoice for {event}",
    "text_en": "Hello {first_name},\n\nThe invoice for your “{ticket}” ticket must be paid before the event. "
    "You can find it on [your page]({manage_url}).",
}


def seed(world: DemoWorld) -> None:
    """Create mailings for the demo's club size."""
    if world.size != "club":
        return
    main = Event.objects.get(slug=world.main_event_slug)
    Mailing.objects.create(event=main, segment=Segment(payment=UNPAID).to_json(), **PAYMENT_TEXTS)
    ReminderPlan.objects.create(event=main, is_enabled=True, days=list(DEFAULT_DAYS_BEFORE))
    past = Event.objects.filter(kind=Event.Kind.CONVENTION, ends_at__lt=world.now).first()
    if past:
        seed_thanks(world, past)
    world.created.append(_("mailings"))


def seed_thanks(world: DemoWorld, event: Event) -> None:
    """Create a mailing sent to attendees the day after the event, with a few bounces."""
    at = event.ends_at + ONE_DAY
    mailing = Mailing.objects.create(
        event=event, segment=Segment(presence=ARRIVED).to_json(), send_at=at, due_at=at, **THANKS_TEXTS
    )
    # Freezes only active mailings, so the mailing is marked as finished afterwards.
    freeze_recipients(mailing=mailing)
    answer = "250 2.0.0 Ok: queued"
    mailing.recipients.update(due_at=at, attempts=1, accepted_at=at, answer=answer)
    rng = world.make_rng("mailings", event.slug)
    refused = rng.sample(sorted(mailing.recipients.values_list("pk", flat=True)), 3)
    Recipient.objects.filter(pk__in=refused).update(
        accepted_at=None, refused_at=at, answer="550 5.1.1 …: no such mailbox"
    )
    Mailing.objects.filter(pk=mailing.pk).update(started_at=at, finished_at=at, due_at=None)
