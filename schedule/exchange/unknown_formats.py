"""Refuse a format that we do not read, by its name where we know it."""

import re
from typing import Any, NoReturn

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import Unreadable

READ = gettext_lazy("frab or Pentabarf XML, frab JSON and iCalendar")
FIRST_CHARS = 10_000
ROOTS: dict[str, str | Promise] = {
    "html": gettext_lazy("a web page (HTML)"),
    "rss": gettext_lazy("an RSS feed"),
    "feed": gettext_lazy("an Atom feed"),
    "icalendar": gettext_lazy("xCal, iCalendar written as XML"),
    "svg": gettext_lazy("an SVG picture"),
    "opml": "OPML",
    "urlset": gettext_lazy("a map of a web site"),
}
TEXTS: tuple[tuple[str, str | Promise], ...] = (
    (r"BEGIN\s*:\s*VCARD", gettext_lazy("a vCard, an address")),
    (r"BEGIN\s*:\s*VEVENT", gettext_lazy("a part of an iCalendar file, without its BEGIN:VCALENDAR")),
    (r"---\s", "YAML"),
    (r"\{\\rtf", "RTF"),
    (r"[^\n,;\t]{1,300}[,;\t][^\n,;\t]{0,300}[,;\t][^\n]*\n", gettext_lazy("a table (CSV)")),
)


def refuse(text: str) -> NoReturn:
    """Say what the text seems to be. Raises Unreadable."""
    beginning = text[:FIRST_CHARS]
    for pattern, name in TEXTS:
        if re.match(pattern, beginning, re.I):
            refuse_named(name)
    refuse_named(_("text of an unknown format"))


def refuse_root(name: str) -> NoReturn:
    """Refuse XML whose root is not `schedule`. Raises Unreadable."""
    refuse_named(ROOTS.get(name.lower()) or _("XML of another kind, beginning with <%s>") % name[:40])


def refuse_json(found: Any) -> NoReturn:
    """Refuse JSON that is no frab schedule. Raises Unreadable."""
    refuse_named(json_name(found))


def refuse_named(name: str | Promise) -> NoReturn:
    """Refuse by name, and say what is read. Raises Unreadable."""
    raise Unreadable(
        _("This file is %(name)s, which is not read. Formats read: %(formats)s.")
        % {"name": name, "formats": READ}
    )


def json_name(found: Any) -> str:
    """What JSON of another kind seems to be, by its keys."""
    first = found[0] if isinstance(found, list) and found else found
    keys = set(first) if isinstance(first, dict) else set()
    for needed, name in KNOWN_JSON:
        if needed <= keys:
            return str(name)
    if isinstance(found, list) and found[:1] == ["vcalendar"]:
        return _("jCal, iCalendar written as JSON")
    return _("JSON of another kind, without a “schedule” with a “conference”")


KNOWN_JSON: tuple[tuple[set[str], str | Promise], ...] = (
    ({"start_date", "end_date", "venue", "title"}, gettext_lazy("EMF's own JSON (Electromagnetic Field)")),
    ({"groupId", "sessions"}, gettext_lazy("Sessionize's JSON")),
    ({"sessions", "speakers", "rooms", "categories"}, gettext_lazy("Sessionize's JSON")),
    ({"talks", "speakers", "tracks", "rooms"}, gettext_lazy("pretalx's own JSON (of its widget)")),
    (
        {"count", "next", "results"},
        gettext_lazy("an answer of a JSON interface, such as pretalx's or Indico's"),
    ),
    ({"type", "features"}, "GeoJSON"),
    ({"openapi"}, gettext_lazy("the description of an interface (OpenAPI)")),
)
