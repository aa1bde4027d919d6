"""The demo's mailings: one sent after the past edition, a draft, and reminders before the coming one."""

import datetime

from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.seeding import World

from .freeze import freeze
from .models import Mailing, Recipient, ReminderPlan
from .remind import USUAL_DAYS
from .segments import ARRIVED, UNPAID, Segment

DAY = datetime.timedelta(days=1)
THANKS = {
    "subject_fr": "Merci d’être venus à {event}",
    "text_fr": "Bonjour {first_name},\n\nmerci d’être venu à **{event}**. "
    "Les présentations sont en ligne\u202f:\n\n[le programme et ses documents]({agenda})\n\n"
    "À l’année prochaine\u202f!",
    "subject_en": "Thank you for coming to {event}",
    "text_en": "Hello {first_name},\n\nthank you for coming to **{event}**. The slides are online:\n\n"
    "[the programme and its documents]({agenda})\n\nSee you next year!",
}
PAYMENT = {
    "subject_fr": "Votre facture pour {event}",
    "text_fr": "Bonjour {first_name},\n\n"
    "la facture de votre billet «\u202f{ticket}\u202f» est à régler avant l’événement. "
    "Elle se trouve sur [votre page]({manage_url}).",
    "subject_en": "Your invoice for {event}",
    "text_en": "Hello {first_name},\n\nthe invoice of your ticket “{ticket}” is to be paid before the event. "
    "It stands on [your page]({manage_url}).",
}


def seed(world: World) -> None:
    """For the club alone; its other sizes have people enough to write to."""
    if world.size != "club":
        return
    main = Event.objects.get(slug=world.main_event)
    Mailing.objects.create(event=main, segment=Segment(payment=UNPAID).kept(), **PAYMENT)
    ReminderPlan.objects.create(event=main, is_on=True, days=list(USUAL_DAYS))
    past = Event.objects.filter(kind=Event.Kind.CONVENTION, ends_at__lt=world.now).first()
    if past:
        thank(world, past)
    world.made.append(_("mailings"))


def thank(world: World, event: Event) -> None:
    """Thanks to whoever came, sent on the day after; a few addresses were dead."""
    at = event.ends_at + DAY
    mailing = Mailing.objects.create(
        event=event, segment=Segment(presence=ARRIVED).kept(), send_at=at, due_at=at, **THANKS
    )
    freeze(mailing=mailing)
    answer = "250 2.0.0 Ok: queued"
    mailing.recipients.update(due_at=at, attempts=1, accepted_at=at, answer=answer)
    rng = world.rng("mailings", event.slug)
    refused = rng.sample(sorted(mailing.recipients.values_list("pk", flat=True)), 3)
    Recipient.objects.filter(pk__in=refused).update(
        accepted_at=None, refused_at=at, answer="550 5.1.1 …: no such mailbox"
    )
    Mailing.objects.filter(pk=mailing.pk).update(started_at=at, finished_at=at, due_at=None)
