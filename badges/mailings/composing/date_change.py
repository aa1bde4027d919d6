"""Tell attendees the new dates of an event: remind the organizer, and prepare the mailing."""

from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.events.forms import LocalDateTimeField
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.text.dates import format_datetime_range
from convention.text.languages import LANGUAGE_CHOICES

from .drafts import MailingDraft
from .segments import Segment, select_registrations

QUERY_TIME_FORMAT = "%Y-%m-%dT%H:%M"


class FormerDatesForm(forms.Form):
    """The dates that attendees know, in the event's time zone, as a link to a new mailing names them."""

    former_start = LocalDateTimeField()
    former_end = LocalDateTimeField()


def follow_new_dates(stored: Event, event: Event) -> list[str]:
    """Return a sentence on how many attendees know the dates of `stored`, with a link to a mailing to them.

    Site visits write to everyone concerned themselves (registrations/visits/lifecycle/date_change.py).
    """
    former = format_datetime_range(stored.starts_at, stored.ends_at, stored.zone)
    current = format_datetime_range(event.starts_at, event.ends_at, event.zone)
    if event.kind == Event.Kind.SITE_VISIT or former == current:
        return []
    # Calendar programs take over changed dates from a file with a higher number only.
    advance_sequence(event.pk)
    count = select_registrations(Segment(), event).count()
    if not count or event.is_over():
        return []
    sentence = ngettext(
        "%(count)s person is registered and knows the former dates: %(former)s.",
        "%(count)s people are registered and know the former dates: %(former)s.",
        count,
    )
    address = _build_mailing_address(stored)
    values = {"count": count, "former": former}
    return [format_html('{} <a href="{}">{}</a>', sentence % values, address, _("Write to them"))]


def _build_mailing_address(stored: Event) -> str:
    """Return the address of a new mailing that tells the new dates instead of the stored ones."""
    former_dates = {
        "former_start": f"{stored.starts_at.astimezone(stored.zone):{QUERY_TIME_FORMAT}}",
        "former_end": f"{stored.ends_at.astimezone(stored.zone):{QUERY_TIME_FORMAT}}",
    }
    return f"{reverse('organize-mailing-new', args=[stored.slug])}?{urlencode(former_dates)}"


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
                "{when}\n- **Instead of:** %(former)s\n- **Where:** {where}\n\nYour registration remains "
                "valid. If the event is in your calendar, please update it there. Can’t come on the new "
                "date? [Cancel your registration]({manage_url}) so that someone else can have the place."
                "\n\nKind regards,\n{event}"
            ) % {"former": former}
    return MailingDraft(texts=texts)
