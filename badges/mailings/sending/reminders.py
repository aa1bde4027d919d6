"""Send practical information some days before an event, as mailings created automatically.

Each reminder of an event is one mailing, created once; later registrations get the next reminder.
"""

import datetime
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from badges.mailings.composing.drafts import validate_texts
from badges.mailings.composing.segments import Segment
from badges.mailings.models import TEXT_FIELDS, Mailing, ReminderPlan
from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.events.cancellations import find_cancellation_times
from convention.events.models import Event
from convention.events.publishing.copy_event import EventCopy
from convention.events.publishing.publish import ReadinessItem
from convention.text.languages import LANGUAGE_CHOICES

from .run import TAKEOVER_DELAY, run_mailing

DEFAULT_DAYS_BEFORE: Final = (7, 1)
MAX_DAYS_BEFORE, MAX_REMINDERS = 60, 5
# A reminder that is overdue by more is skipped: it would no longer come on the planned day.
MAX_REMINDER_DELAY: Final = datetime.timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class ReminderChoices:
    """An organizer's choices; a default text is stored as "", so that it follows changes of the default."""

    is_enabled: bool
    days: tuple[int, ...] = DEFAULT_DAYS_BEFORE
    texts: dict[str, str] = field(default_factory=dict)


def get_default_texts() -> dict[str, str]:
    """Return subject and text in each language, by field name."""
    texts = {}
    for code, _name in LANGUAGE_CHOICES:
        with translation.override(code):
            texts[f"subject_{code}"] = _("Practical information: {event}")
            texts[f"text_{code}"] = _(
                "Hello {first_name},\n\nWe look forward to welcoming you to **{event}**.\n\n- **When:** "
                "{when}\n- **Where:** {where}\n\n[Your badge]({badge}): show its code at the entrance, "
                "on paper or on your phone.\n\n[The programme]({agenda}): choose your sessions.\n\nCan’t "
                "come? [Cancel your registration]({manage_url}) so that someone else can have the "
                "place.\n\nKind regards,\n{event}"
            )
    return texts


def list_reminder_readiness(event: Event) -> list[ReadinessItem]:
    """Return whether attendees will be reminded of the event."""
    is_enabled = ReminderPlan.objects.filter(event=event, is_enabled=True).exists()
    text = (
        _("Attendees will be sent reminders before the event.")
        if is_enabled
        else _("No reminder is planned: attendees get no practical information before the event.")
    )
    return [ReadinessItem(text, is_done=is_enabled, page_name="organize-mail-reminders")]


def plan_reminders(event: Event) -> None:
    """Create the reminder plan of a new convention, with the default days and texts."""
    if event.kind == Event.Kind.CONVENTION:
        ReminderPlan.objects.create(event=event, is_enabled=True, days=list(DEFAULT_DAYS_BEFORE))


def copy_reminder_plan(event_copy: EventCopy) -> None:
    """Copy the reminder plan of an event."""
    event_copy.copy_rows(ReminderPlan.objects.filter(event=event_copy.source))


def get_reminder_plan(event: Event) -> ReminderPlan:
    """Return the event's plan; an unsaved, disabled one if there is none."""
    plan = ReminderPlan.objects.filter(event=event).first()
    return plan or ReminderPlan(event=event, days=list(DEFAULT_DAYS_BEFORE))


def get_reminder_texts(plan: ReminderPlan) -> dict[str, str]:
    """Return the plan's texts, with default texts where they are empty."""
    return {name: getattr(plan, name) or default for name, default in get_default_texts().items()}


@transaction.atomic
def save_reminder_plan(*, event: Event, choices: ReminderChoices) -> ReminderPlan:
    """Save the choices. Raise InvalidFields."""
    if choices.is_enabled and not choices.days:
        raise InvalidFields(_("Some fields need to be corrected."), {"days": [_("Choose at least one day.")]})
    validate_texts(choices.texts)
    default_texts = get_default_texts()
    own_texts = {
        name: "" if choices.texts.get(name) == default_texts[name] else choices.texts.get(name, "")
        for name in TEXT_FIELDS
    }
    new = {"is_enabled": choices.is_enabled, "days": sorted(choices.days, reverse=True), **own_texts}
    plan = get_reminder_plan(event)
    changed = [name for name, value in new.items() if getattr(plan, name) != value]
    saved, _is_new = ReminderPlan.objects.update_or_create(event=event, defaults=new)
    record_action("reminders.change", saved, event=event, fields=changed)
    return saved


def list_reminder_times(plan: ReminderPlan) -> list[tuple[int, datetime.datetime]]:
    """Return days before and time of each reminder, at the local time at which the event starts."""
    start = plan.event.starts_at.astimezone(plan.event.zone)
    # Subtracted from local time: a change of clocks in between must not move the hour of the reminder.
    return [(days, start - datetime.timedelta(days=days)) for days in plan.days]


def send_reminders() -> None:
    """Create the reminders that are due, each once. A periodic job."""
    now = timezone.now()
    plans = ReminderPlan.objects.filter(is_enabled=True, event__starts_at__gt=now).select_related("event")
    active_plans = list(plans.exclude(event__visibility=Event.Visibility.DRAFT))
    cancelled_events = find_cancellation_times([plan.event for plan in active_plans])
    for plan in active_plans:
        for days, at in list_reminder_times(plan):
            # A reminder switched on after its time is not sent late, either.
            if plan.event_id not in cancelled_events and at <= now < at + MAX_REMINDER_DELAY:
                send_reminder(plan=plan, days_before=days)


@transaction.atomic
def send_reminder(*, plan: ReminderPlan, days_before: int) -> None:
    """Send one reminder of the event, unless it was created already."""
    now = timezone.now()
    fields = {
        "segment": Segment().to_json(),
        "send_at": now,
        "due_at": now + TAKEOVER_DELAY,
        **get_reminder_texts(plan),
    }
    # The unique constraint decides between two workers that run the job at once.
    mailing, is_new = Mailing.objects.get_or_create(
        event=plan.event, reminder_days=days_before, defaults=fields
    )
    if is_new:
        record_action("mailing.remind", mailing, event=plan.event)
        run_mailing.enqueue(mailing.pk)
