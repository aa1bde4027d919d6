"""Tell attendees the new dates of an event: remind the organizer, and prepare the mailing."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.models import DateChange, Mailing
from convention.audit.record import record_action
from convention.events.forms import LocalDateTimeField
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.text.dates import format_datetime_range
from convention.text.languages import LANGUAGE_CHOICES

from .drafts import MailingDraft

QUERY_TIME_FORMAT = "%Y-%m-%dT%H:%M"


class FormerDatesForm(forms.Form):
    """The dates that attendees know, in the event's time zone, as a link to a new mailing names them."""

    former_start = LocalDateTimeField()
    former_end = LocalDateTimeField()


def follow_new_dates(stored: Event, event: Event) -> list[str]:
    """Remember which dates attendees know, and return a sentence about it, with a link to a mailing to them.

    Site visits write to everyone concerned themselves (registrations/visits/lifecycle/date_change.py).
    """
    former = format_datetime_range(stored.starts_at, stored.ends_at, stored.zone)
    current = format_datetime_range(event.starts_at, event.ends_at, event.zone)
    if event.kind == Event.Kind.SITE_VISIT or former == current:
        return []
    # Calendar programs take over changed dates from a file with a higher number only.
    advance_sequence(event.pk)
    _save_date_change(stored, event)
    address = reverse("organize-mailing-new", args=[event.slug])
    return [
        format_html(
            '{} <a href="{}">{}</a>',
            describe_date_change(change),
            f"{address}{build_mailing_query(change)}",
            _("Write to them"),
        )
        for change in list_date_changes([event])
    ]


def _save_date_change(stored: Event, event: Event) -> None:
    """Save which dates attendees know, or delete that once they are the current ones again."""
    change = DateChange.objects.with_counts().select_related("mailing").filter(event=event).first()
    if change is None or change.is_announced or not change.attendee_count:
        former = {"former_start": stored.starts_at, "former_end": stored.ends_at}
        defaults = {**former, "changed_at": timezone.now(), "mailing": None}
        DateChange.objects.update_or_create(event=event, defaults=defaults)
    elif _format_former_dates(change, event) == format_datetime_range(
        event.starts_at, event.ends_at, event.zone
    ):
        change.delete()
    else:
        change.changed_at = timezone.now()
        change.save(update_fields=["changed_at"])


def list_date_changes(events: Iterable[Event]) -> list[DateChange]:
    """Return the changes of dates that attendees of these events were not told, in one query."""
    events_by_pk = {event.pk: event for event in events}
    changes = DateChange.objects.unannounced().with_counts().filter(event__in=events_by_pk)
    found = [change for change in changes if change.attendee_count]
    for change in found:
        change.event = events_by_pk[change.event_id]
    return [change for change in found if not change.event.is_over()]


def describe_date_change(change: DateChange) -> str:
    """Return in a sentence how many attendees know which former dates."""
    sentence = ngettext(
        "%(count)s registered person still has the old dates: %(former)s.",
        "%(count)s registered people still have the old dates: %(former)s.",
        change.attendee_count,
    )
    return sentence % {
        "count": change.attendee_count,
        "former": _format_former_dates(change, change.event),
    }


def _format_former_dates(change: DateChange, event: Event) -> str:
    return format_datetime_range(change.former_start, change.former_end, event.zone)


def build_mailing_query(change: DateChange) -> str:
    """Return the query string of a new mailing that tells the new dates instead of the former ones."""
    zone = change.event.zone
    former_dates = {
        "former_start": f"{change.former_start.astimezone(zone):{QUERY_TIME_FORMAT}}",
        "former_end": f"{change.former_end.astimezone(zone):{QUERY_TIME_FORMAT}}",
    }
    return f"?{urlencode(former_dates)}"


def assign_mailing(*, mailing: Mailing) -> None:
    """Note that this mailing tells its event's new dates: once it is sent, they count as known."""
    DateChange.objects.filter(event=mailing.event).update(mailing=mailing)


@transaction.atomic
def dismiss_date_change(*, event: Event) -> None:
    """Stop reminding the organizers of new dates, which attendees know by other means."""
    if DateChange.objects.filter(event=event).delete()[0]:
        record_action("event.dismiss_date_change", event, event=event)


def build_date_change_draft(query: QueryDict) -> MailingDraft | None:
    """Return a mailing that tells the new dates; None unless the query names former ones."""
    form = FormerDatesForm(query)
    if not form.is_valid():
        return None
    texts = {}
    for code, _name in LANGUAGE_CHOICES:
        with translation.override(code):
            former = format_datetime_range(form.cleaned_data["former_start"], form.cleaned_data["former_end"])
            texts[f"subject_{code}"] = _("Change of date or time: {event}")
            texts[f"text_{code}"] = _(
                "Hello {first_name},\n\nThe date or time of **{event}** has changed.\n\n- **New date:** "
                "{when}\n- **Previously:** %(former)s\n- **Where:** {where}\n\nYour registration remains "
                "valid. If the event is in your calendar, please update it there. Can’t come on the new "
                "date? [Cancel your registration]({manage_url}) so that someone else can have the place."
                "\n\nKind regards,\n{event}"
            ) % {"former": former}
    return MailingDraft(texts=texts)
