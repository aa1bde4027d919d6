"""Publish an event: the checklist of what visitors would miss, and the action."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.permissions import RequestUser
from convention.errors import NotOpenNow
from convention.events.guards import check_event_change, lock_event
from convention.events.models import Event
from convention.text.dates import format_datetime, format_datetime_range


@dataclass(frozen=True)
class ReadinessItem:
    """One point of the checklist: its state in a sentence, and the page where it is changed.

    While a required item is not done, the event cannot be published. `action_name` is a page that settles the
    item with one POST, and `action_label` its button.
    """

    sentence: str
    is_done: bool
    page_name: str = ""
    is_required: bool = False
    action_name: str = ""
    action_label: str = ""


def list_readiness(event: Event) -> list[ReadinessItem]:
    """Return the checklist of all apps, the lowest layer first."""
    # Apps are set up from the highest layer to the lowest.
    return [item for provider in reversed(hooks.event_readiness.providers()) for item in provider(event)]


def list_event_readiness(event: Event) -> list[ReadinessItem]:
    """Return what the event itself needs: dates to come, a venue, a description, an address for questions."""
    dates = format_datetime_range(event.starts_at, event.ends_at, event.zone)
    return [
        *_list_opening_items(event),
        *_list_deadline_items(event),
        ReadinessItem(_("Dates: %(dates)s") % {"dates": dates}, is_done=True, page_name="organize-settings")
        if not event.is_over()
        else ReadinessItem(
            _("The event is over. Enter new dates."),
            is_done=False,
            page_name="organize-settings",
            is_required=True,
        ),
        ReadinessItem(
            _("Venue: %(venue)s") % {"venue": event.venue}, is_done=True, page_name="organize-venue"
        )
        if event.venue
        else ReadinessItem(
            _("No venue yet: the page says that it will be announced later."),
            is_done=False,
            page_name="organize-venue",
        ),
        ReadinessItem(_("The event has a description."), is_done=True, page_name="organize-settings")
        if event.description
        else ReadinessItem(
            _("The page has no description yet."), is_done=False, page_name="organize-settings"
        ),
        ReadinessItem(
            _("Questions go to %(email)s.") % {"email": event.contact_email},
            is_done=True,
            page_name="organize-settings",
        )
        if event.contact_email
        else ReadinessItem(
            _("No contact address: visitors cannot ask questions."),
            is_done=False,
            page_name="organize-settings",
        ),
    ]


def _list_opening_items(event: Event) -> list[ReadinessItem]:
    """Return an item while registration opens at a later time."""
    sentence = describe_opening(event)
    if not sentence:
        return []
    is_draft = event.visibility == Event.Visibility.DRAFT
    return [
        ReadinessItem(
            sentence,
            # Done, since a later opening may be intended, as in a copy that keeps the rhythm of last year.
            is_done=True,
            page_name="organize-settings",
            action_name="organize-event-open-registration",
            action_label=_("Open on publication") if is_draft else _("Open registration now"),
        )
    ]


def describe_opening(event: Event) -> str:
    """Return from when people can register if that is a later time, else "".

    Applications for a visit open by rules of their own.
    """
    is_visit = event.kind == Event.Kind.SITE_VISIT
    if is_visit or not event.registration_opens_at or not event.is_registration_ahead():
        return ""
    opens_on = format_datetime(event.registration_opens_at, event.zone)
    return _("Registration opens on %(opens_on)s.") % {"opens_on": opens_on}


def _list_deadline_items(event: Event) -> list[ReadinessItem]:
    """Return an item if registration has closed, as in a copy where only start and end were corrected."""
    sentence = describe_passed_deadline(event)
    return [ReadinessItem(sentence, is_done=False, page_name="organize-settings")] if sentence else []


def describe_passed_deadline(event: Event) -> str:
    """Return a sentence if registration has closed although the event is not over, else ""."""
    if event.is_over() or not event.is_registration_over:
        return ""
    closed_on = format_datetime(event.registration_deadline, event.zone)
    return _("Registration closed on %(closed_on)s, so nobody can register.") % {"closed_on": closed_on}


@transaction.atomic
def publish_event(*, event: Event, visibility: str, actor: RequestUser) -> None:
    """Make a draft visible to members or to everybody. Raise NotOpenNow or InvalidFields."""
    stored = lock_event(event.pk)
    if stored.visibility != Event.Visibility.DRAFT:
        raise NotOpenNow(_("The event is already published."))
    if missing := [item.sentence for item in list_readiness(stored) if item.is_required and not item.is_done]:
        raise NotOpenNow(" ".join(missing))
    stored.visibility = visibility
    # Not with the caller's row: a guard would see changes since then as part of this one.
    check_event_change(stored, actor)
    stored.save(update_fields=["visibility"])
    record_action("event.publish", stored, event=stored, fields=["visibility"])


@transaction.atomic
def open_registration(*, event: Event, actor: RequestUser) -> None:
    """Open registration now, or of a draft on its publication. Raise NotOpenNow or InvalidFields."""
    stored = lock_event(event.pk)
    now = timezone.now()
    if not stored.is_registration_ahead(at=now):
        raise NotOpenNow(_("Registration is not waiting for a later date."))
    # The time is stored, since copies of the event shift it to their own dates.
    stored.registration_opens_at = None if stored.visibility == Event.Visibility.DRAFT else now
    check_event_change(stored, actor)
    stored.save(update_fields=["registration_opens_at"])
    record_action("event.change", stored, event=stored, fields=["registration_opens_at"])
