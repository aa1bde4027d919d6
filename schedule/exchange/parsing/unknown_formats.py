"""Refuse formats that we do not read, by name where we recognize them."""

import re
from typing import Any, NoReturn

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import UnreadableFile

from .table_columns import TABLE_COLUMNS

SUPPORTED_FORMATS = gettext_lazy(
    "frab XML, frab JSON, Pentabarf, iCalendar, CSV, XLSX, Sessionize and KotlinConf"
)
MAX_INSPECTED_CHARS, MAX_INSPECTED_LINES = 10_000, 20
XML_ROOT_NAMES: dict[str, str | Promise] = {
    "html": gettext_lazy("a web page (HTML)"),
    "rss": gettext_lazy("an RSS feed"),
    "feed": gettext_lazy("an Atom feed"),
    "icalendar": gettext_lazy("xCal (iCalendar in XML)"),
    "svg": gettext_lazy("an SVG picture"),
    "opml": "OPML",
    "urlset": gettext_lazy("a sitemap"),
}
TEXT_FORMAT_PATTERNS: tuple[tuple[str, str | Promise], ...] = (
    (r"BEGIN\s*:\s*VCARD", gettext_lazy("a vCard (contact details)")),
    (r"BEGIN\s*:\s*VEVENT", gettext_lazy("part of an iCalendar file, without BEGIN:VCALENDAR")),
    (r"---\s", "YAML"),
    (r"\{\\rtf", "RTF"),
)


def refuse_text(text: str) -> NoReturn:
    """Raise UnreadableFile with what the text seems to be."""
    beginning = text[:MAX_INSPECTED_CHARS]
    if seems_table(beginning):
        refuse_headings()
    for pattern, name in TEXT_FORMAT_PATTERNS:
        if re.match(pattern, beginning, re.I):
            refuse_format(name)
    refuse_format(_("text of an unknown format"))


def seems_table(text: str) -> bool:
    """Return whether the first lines have the same number of separators, or the first one has several."""
    first, second = [*filter(str.strip, text.splitlines()[:MAX_INSPECTED_LINES]), "", ""][:2]
    counts = [(first.count(sign), second.count(sign)) for sign in ",;\t|"]
    return bool(second) and any(count > 1 or count == other == 1 for count, other in counts)


def refuse_headings() -> NoReturn:
    """Raise UnreadableFile for a table without the headings by which sessions are recognized."""
    examples = ("start", "duration", "room", "speakers", "abstract")
    raise UnreadableFile(
        _(
            "This table does not look like a list of sessions. One of its first rows must contain the "
            "heading “%(title)s” and at least one more, such as %(examples)s."
        )
        % {
            "title": TABLE_COLUMNS["title"].label,
            "examples": ", ".join(
                _("“%(title)s”") % {"title": TABLE_COLUMNS[name].label} for name in examples
            ),
        }
    )


def refuse_xml_root(name: str) -> NoReturn:
    """Raise UnreadableFile for XML whose root is not `schedule`."""
    refuse_format(
        XML_ROOT_NAMES.get(name.lower()) or _("another kind of XML, starting with <%s>") % name[:40]
    )


def refuse_json(content: Any) -> NoReturn:
    """Raise UnreadableFile for JSON that is no frab schedule."""
    refuse_format(describe_json_format(content))


def refuse_format(name: str | Promise) -> NoReturn:
    """Raise UnreadableFile with the format's name and the formats that are supported."""
    raise UnreadableFile(
        _("This format is not supported: %(name)s. Supported formats: %(formats)s.")
        % {"name": name, "formats": SUPPORTED_FORMATS}
    )


def describe_json_format(content: Any) -> str:
    """Return what another kind of JSON seems to be, by its keys."""
    first = content[0] if isinstance(content, list) and content else content
    keys = set(first) if isinstance(first, dict) else set()
    for needed, name in JSON_FORMAT_KEYS:
        if needed <= keys:
            return str(name)
    if isinstance(content, list) and content[:1] == ["vcalendar"]:
        return _("jCal (iCalendar in JSON)")
    return _("another kind of JSON, without “schedule” and “conference”")


JSON_FORMAT_KEYS: tuple[tuple[set[str], str | Promise], ...] = (
    ({"start_date", "end_date", "venue", "title"}, gettext_lazy("EMF’s own JSON (Electromagnetic Field)")),
    ({"talks", "speakers", "tracks", "rooms"}, gettext_lazy("pretalx’s own JSON (of its widget)")),
    (
        {"count", "next", "results"},
        gettext_lazy("a response of a JSON API, such as pretalx’s or Indico’s"),
    ),
    ({"type", "features"}, "GeoJSON"),
    ({"openapi"}, gettext_lazy("an API description (OpenAPI)")),
)
