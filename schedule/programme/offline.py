"""Let phones store the agenda for offline use: the service worker, and when pages register it."""

import datetime
import hashlib
import json

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.events.models import Event

FILES = (
    *("convention/look.css", "convention/pages/agenda.css", "convention/icon.svg"),
    *("schedule/agenda.js", "schedule/offline_agenda.js", "convention/page_parts.js"),
    *("convention/offline_pages.js", "convention/submit_once.js"),
    "vendor/source-sans-3/source-sans-3-latin-wght-normal.woff2",
)


def is_event_near(event: Event) -> bool:
    """Return whether the agenda shows what happens now, so that it changes with the minute."""
    now = timezone.now()
    return (event.starts_at - datetime.timedelta(days=1)) < now < event.ends_at


def render_agenda_worker(event: Event, days: list[datetime.date]) -> str:
    """Render the service worker of an event's agenda in the active language, for its days."""
    agenda, own = reverse("agenda", args=[event.slug]), reverse("own-agenda", args=[event.slug])
    files = [static(name) for name in FILES]
    if event.accent:
        files.append(reverse("accent", args=[event.accent.lstrip("#")]))
    config = {
        "scope": agenda.removesuffix("agenda/"),
        "agenda": agenda,
        "own": own,
        "pages": [agenda, own, *(f"{agenda}?day={day}" for day in days)],
        "files": files,
        "language": translation.get_language(),
        "zone": event.timezone,
        "notice": _("No connection. This page was stored on {moment}, {age}."),
    }
    script = render_to_string("schedule/agenda_worker.js")
    # Browsers install a worker anew if a byte of it changes.
    config["version"] = hashlib.sha256(f"{config} {script}".encode()).hexdigest()[:16]
    return f"const AGENDA_OFFLINE = {json.dumps(config, indent=2)};\n{script}"
