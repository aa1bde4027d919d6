"""Remind: practical information some days before an event, as mailings that make themselves.

Each reminder of an event is one mailing, made once; whoever registers after it gets the next one.
"""

import datetime
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields
from convention.events.called_off import called_off_among
from convention.events.models import Event

from .models import LANGUAGES, TEXTS, Mailing, ReminderPlan
from .run import SILENCE, run_mailing
from .segments import Segment
from .write import refuse_bad

USUAL_DAYS: Final = (7, 1)
MOST_DAYS, MOST_REMINDERS = 60, 5
TOO_LATE: Final = datetime.timedelta(hours=24)
"""A reminder that should have gone out longer ago is left out."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an organizer chose; a text that is the usual one is kept empty, so that it stays the usual one."""

    is_on: bool
    days: tuple[int, ...] = USUAL_DAYS
    texts: dict[str, str] = field(default_factory=dict)


def usual_texts() -> dict[str, str]:
    """Subject and text in each language, where nothing else was written."""
    found = {}
    for code, _name in LANGUAGES:
        with translation.override(code):
            found[f"subject_{code}"] = _("Practical information: {event}")
            found[f"text_{code}"] = _(
                "Hello {first_name},\n\n"
                "we look forward to welcoming you at **{event}**.\n\n"
                "- **When:** {when}\n"
                "- **Where:** {where}\n\n"
                "[Your badge]({badge}): show its code at the entrance, on paper or on the phone.\n\n"
                "[The programme]({agenda}): pick your sessions.\n\n"
                "You cannot come? [Cancel your registration]({manage_url}), and somebody else gets the place."
            )
    return found


def plan_of(event: Event) -> ReminderPlan:
    """The event’s plan; where there is none, one that is off and not kept."""
    plan = ReminderPlan.objects.filter(event=event).first()
    return plan or ReminderPlan(event=event, days=list(USUAL_DAYS))


def texts_of(plan: ReminderPlan) -> dict[str, str]:
    """What is sent: its own texts, and the usual ones where it has none."""
    return {name: getattr(plan, name) or usual for name, usual in usual_texts().items()}


@transaction.atomic
def plan_reminders(*, event: Event, plan: Plan) -> ReminderPlan:
    """Keep what was chosen. Raises InvalidFields."""
    if plan.is_on and not plan.days:
        raise InvalidFields(_("Some fields need another look."), {"days": [_("Choose a day at least.")]})
    refuse_bad(plan.texts)
    usual = usual_texts()
    own = {name: "" if plan.texts.get(name) == usual[name] else plan.texts.get(name, "") for name in TEXTS}
    new = {"is_on": plan.is_on, "days": sorted(plan.days, reverse=True), **own}
    kept = plan_of(event)
    changed = [name for name, value in new.items() if getattr(kept, name) != value]
    saved, _is_new = ReminderPlan.objects.update_or_create(event=event, defaults=new)
    record("reminders.change", saved, event=event, fields=changed)
    return saved


def moments(plan: ReminderPlan) -> list[tuple[int, datetime.datetime]]:
    """Each reminder: how many days before, and when, at the hour by the event’s clock at which it starts."""
    start = plan.event.starts_at.astimezone(plan.event.zone)
    return [(days, start - datetime.timedelta(days=days)) for days in plan.days]


def send_reminders() -> None:
    """Recurring work: make the reminders that are due, each once."""
    now = timezone.now()
    plans = ReminderPlan.objects.filter(is_on=True, event__starts_at__gt=now).select_related("event")
    wanted = list(plans.exclude(event__visibility=Event.Visibility.DRAFT))
    called_off = called_off_among([plan.event for plan in wanted])
    for plan in wanted:
        for days, at in moments(plan):
            if plan.event_id not in called_off and at <= now < at + TOO_LATE:
                remind(plan=plan, days=days)


@transaction.atomic
def remind(*, plan: ReminderPlan, days: int) -> None:
    """Send one reminder of the event, unless it was made already."""
    now = timezone.now()
    fields = {
        "segment": Segment().kept(),
        "send_at": now,
        "due_at": now + SILENCE,
        **texts_of(plan),
    }
    mailing, is_new = Mailing.objects.get_or_create(event=plan.event, reminder_days=days, defaults=fields)
    if is_new:
        record("mailing.remind", mailing, event=plan.event)
        run_mailing.enqueue(mailing.pk)
