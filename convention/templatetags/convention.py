"""Tags and filters that every template has, without `{% load %}`.

`{% icon "check" %}` · `{% page_url "name" args %}` (empty where that page does not exist) ·
`{% days start end zone %}` · `{% hours start end zone %}` · `{% span start end zone %}` ·
`{% moment at zone %}` · `{% day at zone %}` · `{% clock at zone %}` · `{{ cents|money }}` ·
`{% filter mail_lines %}` (a mail’s text) · `{{ name|unlinked }}` (no link in a mail program) ·
`{% error_summary form other_form %}` · `{% curve chart %}` · `{% bars chart %}` ·
`{% called_off event %}` (a sentence; empty for one that takes place) · `{% meter value maximum %}` ·
`{% with_query key=value %}` (this page's address with other query parameters).
"""

import datetime
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.forms.formsets import BaseFormSet
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from convention import charts, dates
from convention.events.called_off import say_called_off
from convention.events.doors import organizes, works_desk
from convention.icons import ICONS
from convention.money import Money
from convention.routes import OrganizerPage, named
from convention.text import mail_lines
from convention.web_addresses import unlinked

register = template.Library()

register.simple_tag(dates.say_day, name="day")
register.simple_tag(dates.say_weekday, name="weekday")
register.simple_tag(dates.say_days, name="days")
register.simple_tag(dates.say_hours, name="hours")
register.simple_tag(dates.say_time, name="clock")
register.simple_tag(dates.say_moment, name="moment")
register.simple_tag(dates.say_span, name="span")
register.simple_tag(dates.say_until, name="until")
register.simple_tag(say_called_off, name="called_off")
register.filter(mail_lines)
register.filter(unlinked)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One of our icons as inline SVG; without a label it is decoration, hidden from readers."""
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        said,
        mark_safe(ICONS[name]),  # noqa: S308 - our own drawings
    )


@register.simple_tag
def page_url(name: str, *args: Any) -> str:
    """The address of a page by its name; empty where no such page exists."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag
def accent_sheet(accent: str) -> SafeString:
    """The link that colours a page with an event's accent."""
    return format_html('<link rel="stylesheet" href="{}">', reverse("accent", args=[accent.lstrip("#")]))


@register.filter
def money(cents: int | None, currency: str = "EUR") -> str:
    """An amount in cents, as the language writes it; empty for none."""
    return "" if cents is None else str(Money(int(cents), currency))


@register.filter
def price(cost: Money) -> str:
    """An amount, or the word for none at all."""
    return str(cost) if cost.amount else _("Free")


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """The query string of this page with some parameters changed; None or empty removes one."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def plus_minutes(at: datetime.datetime, minutes: int) -> datetime.datetime:
    """That moment some minutes later."""
    return at + datetime.timedelta(minutes=minutes)


@register.inclusion_tag("error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> dict[str, Any]:
    """Every error of forms, formsets or lists of forms, each a link to its field; shown above the form."""
    plain = [form for given in forms if given for form in _forms(given)]
    general = [text for given in forms if given for text in _general(given)]
    errors = [
        (_target(field), field.label, text) for form in plain for field in form for text in field.errors
    ]
    return {"general": general, "errors": errors}


def _forms(given: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> list[BaseForm]:
    if isinstance(given, list):
        return given
    return list(given.forms) if isinstance(given, BaseFormSet) else [given]


def _general(given: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> list[str]:
    """Errors that belong to no field."""
    own = [str(text) for form in _forms(given) for text in form.non_field_errors()]
    return [str(text) for text in given.non_form_errors()] + own if isinstance(given, BaseFormSet) else own


def _target(field: BoundField) -> str:
    """The id of the control to go to; the first choice of a group."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.inclusion_tag("charts/curve.html")
def curve(chart: charts.Curve) -> dict[str, Any]:
    """A curve over time, for wide and narrow screens, with its table."""
    return {"chart": chart, "drawings": [("wide", chart.draw(720)), ("narrow", chart.draw(350))]}


@register.inclusion_tag("charts/bars.html")
def bars(chart: charts.Bars) -> dict[str, Any]:
    """Horizontal bars: a table whose middle column is drawn."""
    return {"chart": chart}


@register.inclusion_tag("charts/meter.html")
def meter(value: int, maximum: int | None) -> dict[str, Any]:
    """A small gauge beside the number that it repeats; nothing without a maximum."""
    share = min(1.0, value / maximum) if maximum else 0.0
    return {"maximum": maximum, "width": f"{100 * share:.1f}"}


def _may_open(entry: OrganizerPage, visitor: Any, event: Any) -> bool:
    """Whether someone who does not run the event may open this page: for the desk, or by its own rule."""
    if entry.opens_to is not None:
        return entry.opens_to(visitor, event)
    return entry.is_for_desk and works_desk(visitor, event)


@register.inclusion_tag("organize/event_nav.html", takes_context=True)
def event_nav(context: template.Context, event: Any) -> dict[str, Any]:
    """The navigation of one event: the entries that `organizer_pages` name, as far as the reader may go."""
    path, may_all = context["request"].path, organizes(context["request"].user, event)
    entries = sorted(named("organizer_pages"), key=lambda entry: entry.position)
    visitor = context["request"].user
    entries = [entry for entry in entries if may_all or _may_open(entry, visitor, event)]
    entries = [entry for entry in entries if entry.has_content is None or entry.has_content(event)]
    found = [(page_url(entry.name, event.slug), entry.label) for entry in entries]
    shown = [(url, label) for url, label in found if url]
    here = max((url for url, _label in shown if path.startswith(url)), key=len, default="")
    return {
        "event": event,
        "entries": [{"url": url, "label": label, "is_here": url == here} for url, label in shown],
    }
