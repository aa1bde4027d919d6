"""Tags and filters that every template can use without `{% load %}`.

`{% icon "check" %}` · `{% page_url "name" args %}` (empty where that page does not exist) ·
`{% days start end zone %}` · `{% hours start end zone %}` · `{% span start end zone %}` ·
`{% moment at zone %}` · `{% day at zone %}` · `{% clock at zone %}` · `{{ cents|money }}` ·
`{{ phone|phone_link }}` ·
`{% filter wrap_mail_lines %}` (a mail’s text) · `{{ name|defuse_links }}` (no link in a mail program) ·
`{% error_summary form other_form %}` · `{% curve chart %}` · `{% bars chart %}` ·
`{% called_off event %}` (a sentence; empty unless it is called off) · `{% meter value maximum %}` ·
`{% with_query key=value %}` (this page's address with other query parameters) · `{% colon %}` ·
`{% for_screen_readers detail %}` (what a button acts on, read aloud only) · `{% last_name_first attendee %}`.
"""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput, Field
from django.forms.formsets import BaseFormSet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from convention.events.cancellations import describe_cancellation
from convention.events.permissions import can_administer, can_organize, can_staff_desk
from convention.money import Money
from convention.rich_text.sanitize import shift_headings
from convention.text import dates
from convention.text.normalize import wrap_mail_lines
from convention.text.phone_numbers import make_phone_url
from convention.text.punctuation import format_last_name_first, get_item_separator
from convention.text.web_addresses import defuse_links
from convention.web import charts
from convention.web.icons import ICON_DRAWINGS
from convention.web.routing import OrganizerPage, PageGroup, collect_url_items

register = template.Library()

register.simple_tag(dates.format_date, name="day")
register.simple_tag(dates.format_date_with_weekday, name="weekday")
register.simple_tag(dates.format_date_range, name="days")
register.simple_tag(dates.format_time_range, name="hours")
register.simple_tag(dates.format_time, name="clock")
register.simple_tag(dates.format_duration, name="duration")
register.simple_tag(dates.format_datetime, name="moment")
register.simple_tag(dates.format_datetime_range, name="span")
register.simple_tag(dates.format_deadline, name="until")
register.simple_tag(get_item_separator, name="semicolon")
register.simple_tag(describe_cancellation, name="called_off")
register.filter(wrap_mail_lines)
register.filter(defuse_links)


@register.filter
def phone_link(phone: str) -> SafeString | str:
    """Return the number as a `tel:` link; a text that is no number stays as it is."""
    url = make_phone_url(phone)
    return format_html('<a href="{}">{}</a>', url, phone) if url else phone


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an icon as inline SVG; without a label it is hidden from screen readers."""
    # A label beside the same visible text would be read twice.
    attributes = (
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        attributes,
        mark_safe(ICON_DRAWINGS[name]),  # noqa: S308 - our own drawings
    )


@register.simple_tag
def colon() -> str:
    """Return a colon, with the space that the language puts before it."""
    return pgettext("after a label", ":")


@register.simple_tag
def for_screen_readers(*details: object) -> SafeString:
    """Return what a button or link acts on, for screen readers only: ": Gate, Ada Lovelace"."""
    return format_html(
        '<span class="visually-hidden">{} {}</span>', colon(), ", ".join(str(detail) for detail in details)
    )


@register.simple_tag
def last_name_first(person: Any) -> str:
    """Return the name of a person or an attendee for a list that is sorted by last name."""
    return format_last_name_first(person.first_name, person.last_name)


@register.simple_tag
def page_url(name: str, *args: Any) -> str:
    """Return the address of a page by name; "" if no such page exists."""
    try:
        return reverse(name, args=args)
    # A page of a higher layer: templates link to it only if it is installed.
    except NoReverseMatch:
        return ""


@register.simple_tag
def accent_sheet(accent: str) -> SafeString:
    """Return the link to the style sheet of an event's accent colour."""
    return format_html('<link rel="stylesheet" href="{}">', reverse("accent", args=[accent.lstrip("#")]))


@register.filter
def money(cents: int | None, currency: str = "EUR") -> str:
    """Format an amount in cents; "" for None."""
    return "" if cents is None else str(Money(int(cents), currency))


@register.filter
def price(cost: Money) -> str:
    """Format a price; a word if it is free."""
    return str(cost) if cost.amount else _("Free")


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """Return this page's query string with changed parameters; None or "" removes one."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def headings_from(html: str, level: int) -> str:
    """Move the headings of rich text, which is stored with h4 and below, to the level that the page needs."""
    moved = shift_headings(html, level)
    return mark_safe(moved) if isinstance(html, SafeString) else moved  # noqa: S308 (was safe; only heading levels changed)


@register.filter
def plus_minutes(at: datetime.datetime, minutes: int) -> datetime.datetime:
    """Return the time some minutes later."""
    return at + datetime.timedelta(minutes=minutes)


@register.inclusion_tag("error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> dict[str, Any]:
    """Return every error of forms, formsets or lists of forms, each with a link to its field.

    The `error_subject` of a field or its form, such as an attendee's name, is put before the field's label.
    Without it, forms of a formset have their number, in the words of the formset's `row_label`. “Tick the
    box to …” needs no label before it.
    """
    general = [text for form_source in forms if form_source for text in _general_errors(form_source)]
    errors = [
        (_control_id(field), _error_label(field, row_label, str(text)), text)
        for form_source in forms
        if form_source
        for form, row_label in _label_rows(form_source)
        for field in form
        for text in field.errors
    ]
    return {"general": general, "errors": errors, "count": len(general) + len(errors)}


def _list_forms(form_source: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> list[BaseForm]:
    if isinstance(form_source, list):
        return form_source
    return list(form_source.forms) if isinstance(form_source, BaseFormSet) else [form_source]


def _label_rows(form_source: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> list[tuple[BaseForm, str]]:
    """Return the forms, those of a formset of several with their number, such as “Row 2”."""
    forms = _list_forms(form_source)
    if not isinstance(form_source, BaseFormSet) or len(forms) < 2:
        return [(form, "") for form in forms]
    row_label = str(getattr(form_source, "row_label", _("Row %(number)s")))
    return [(form, row_label % {"number": number}) for number, form in enumerate(forms, 1)]


def _error_label(field: BoundField, row_label: str, text: str) -> str:
    subjects = (getattr(owner, "error_subject", "") for owner in (field.field, field.form))
    subject = next(filter(None, subjects), row_label)
    label = "" if _names_its_checkbox(field, text) else field.label
    return f"{subject}, {label}" if subject and label else str(subject or label)


def _names_its_checkbox(field: BoundField, text: str) -> bool:
    """Return whether this is the error of a checkbox that must be ticked, in words of its own."""
    # Its label is often a sentence, and two sentences in a row would read as one.
    has_own_words = text != str(Field.default_error_messages["required"])
    is_missing = text == str(field.field.error_messages.get("required", ""))
    return isinstance(field.field.widget, CheckboxInput) and is_missing and has_own_words


def _general_errors(form_source: BaseForm | BaseFormSet[Any] | list[BaseForm]) -> list[str]:
    """Return errors that belong to no field."""
    # Several rows may have the same error, such as that somebody else changed them.
    rows = [str(text) for form in _list_forms(form_source) for text in form.non_field_errors()]
    errors = list(dict.fromkeys(rows))
    if isinstance(form_source, BaseFormSet):
        return [*(str(text) for text in form_source.non_form_errors()), *errors]
    return errors


def _control_id(field: BoundField) -> str:
    """Return the id of the field's control; for a group, of its first choice; "" for a hidden field."""
    if field.is_hidden:
        return ""
    # A group of radio buttons has no id itself (`id_for_label` is empty).
    return field.id_for_label or f"{field.auto_id}_0"


@register.inclusion_tag("charts/curve.html")
def curve(chart: charts.CurveChart) -> dict[str, Any]:
    """Show a curve over time for wide and narrow screens, with its table."""
    # Two drawings, of which the style sheet shows one: SVG text would shrink with the picture.
    return {"chart": chart, "drawings": [("wide", chart.draw_curve(720)), ("narrow", chart.draw_curve(350))]}


@register.inclusion_tag("charts/bars.html")
def bars(chart: charts.BarChart) -> dict[str, Any]:
    """Show horizontal bars: a table whose middle column is drawn."""
    return {"chart": chart}


@register.inclusion_tag("charts/meter.html")
def meter(value: int, maximum: int | None) -> dict[str, Any]:
    """Show a small gauge beside its number; nothing without a maximum."""
    share = min(1.0, value / maximum) if maximum else 0.0
    return {
        "maximum": maximum,
        "width": f"{100 * share:.1f}",
        "is_over": maximum is not None and value > maximum,
    }


def _can_open_page(entry: OrganizerPage, visitor: Any, event: Any) -> bool:
    """Return whether a visitor who does not organize the event may open the page."""
    if entry.can_open is not None:
        return entry.can_open(visitor, event)
    return entry.is_for_desk and can_staff_desk(visitor, event)


@dataclass(frozen=True)
class NavigationEntry:
    """A page in an event's navigation, or the first page of a group with its other pages."""

    url: str
    label: str | Promise
    is_current: bool
    pages: "tuple[NavigationEntry, ...]" = ()


def _list_open_pages(context: template.Context, event: Any) -> list[tuple[OrganizerPage, str]]:
    """Return the pages of the event that the reader may open, in order, with their addresses."""
    visitor = context["request"].user
    can_organize_event, can_administer_event = can_organize(visitor, event), can_administer(visitor, event)
    pages = _list_addressed_pages(event.slug, get_language() or "")
    # Permissions first: `has_content` may cost a query for each page.
    pages = [
        (entry, url)
        for entry, url in pages
        if (can_administer_event if not entry.is_for_leads else can_organize_event)
        or _can_open_page(entry, visitor, event)
    ]
    return [(entry, url) for entry, url in pages if entry.has_content is None or entry.has_content(event)]


@lru_cache(maxsize=256)  # every page of an event shows some forty addresses, which are slow to build
def _list_addressed_pages(event_slug: str, _language: str) -> list[tuple[OrganizerPage, str]]:
    """Return all organizer pages that exist, in order, with their addresses in the active language."""
    entries = sorted(collect_url_items("organizer_pages"), key=lambda entry: entry.position)
    return [(entry, url) for entry in entries if (url := page_url(entry.name, event_slug))]


@register.inclusion_tag("organize/event_nav.html", takes_context=True)
def event_nav(context: template.Context, event: Any) -> dict[str, Any]:
    """Show the navigation of an event: pages without a group, then the groups, the current one open."""
    pages = _list_open_pages(context, event)
    # The page of a job belongs to the page that started it.
    path = context.get("navigation_path") or context["request"].path
    # The longest match, since the event's first page is a prefix of all others.
    current = max((url for _entry, url in pages if path.startswith(url)), key=len, default="")
    shown = [(entry, url) for entry, url in pages if _is_usual(entry, event) or url == current]
    entries = [NavigationEntry(url, entry.label, url == current) for entry, url in shown if not entry.group]
    for group in PageGroup:
        members = tuple(
            NavigationEntry(url, entry.label, url == current) for entry, url in shown if entry.group == group
        )
        entries += [_make_group(group.label, members)] if len(members) > 1 else members
    return {"event": event, "entries": entries}


@register.simple_tag(takes_context=True)
def further_event_pages(context: template.Context, event: Any) -> list[NavigationEntry]:
    """Return the pages that events of this kind seldom need, which the navigation leaves out."""
    pages = _list_open_pages(context, event)
    return [
        NavigationEntry(url, page.label, is_current=False)
        for page, url in pages
        if not _is_usual(page, event)
    ]


def _is_usual(page: OrganizerPage, event: Any) -> bool:
    return not page.kinds or event.kind in page.kinds


def _make_group(label: str | Promise, members: tuple[NavigationEntry, ...]) -> NavigationEntry:
    is_current = any(member.is_current for member in members)
    return NavigationEntry(members[0].url, label, is_current, members if is_current else ())
