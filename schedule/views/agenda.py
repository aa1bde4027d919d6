"""The public agenda, its sessions and its speakers."""

import datetime
import uuid
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from convention.events.doors import visible_event
from convention.events.models import Event
from convention.search import fold
from schedule.agenda import HEAVY, Agenda, agenda, entries_of, sessions_to_show
from schedule.around import around, clashing
from schedule.doors import cookie_name, own_selection, session_at, speaker_at
from schedule.models import Session, Speaker
from schedule.page_cache import asks_only, is_plain_visitor, kept_page
from schedule.prose import web_address
from schedule.pulse import Pulse, pulse_of
from schedule.wish import FILTERS, Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpRequest

WORTH_KEEPING = ("day", "by", *FILTERS)


@require_safe
def agenda_page(request: "HttpRequest", event: str) -> HttpResponse:
    """What, when and where: by day, by time or by room, narrowed by words and filters."""
    shown = visible_event(event, request.user)
    pulse, now = pulse_of(shown), timezone.now()
    key = f"{pulse.key} {now:%H:%M}" if is_running(shown) else pulse.key

    def make(chosen: set[int] | None = None) -> HttpResponse:
        wish = Wish.read(request.GET)
        page = agenda(event=shown, wish=wish, pulse=pulse, now=now, chosen=chosen or ())
        return render(request, "schedule/agenda.html", agenda_context(shown, page, pulse))

    if asks_only(request, WORTH_KEEPING, most=3):
        return for_anybody_or_you(request, shown, key, make)
    return personal(make(chosen_by(request, shown)))


def for_anybody_or_you(
    request: "HttpRequest", event: Event, key: str, make: "Callable[..., HttpResponse]"
) -> HttpResponse:
    """The kept page for a visitor like all others, one's own for who signed in or chose sessions."""
    if is_plain_visitor(request, cookie_name(event)):
        return kept_page(request, key, make)
    return personal(make(chosen_by(request, event)))


def chosen_by(request: "HttpRequest", event: Event) -> set[int]:
    """The sessions that the visitor chose."""
    selection = own_selection(event, request)
    return set(selection.sessions.values_list("pk", flat=True)) if selection else set()


def personal(response: HttpResponse) -> HttpResponse:
    """A page for one visitor: no cache on the way may keep it."""
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response


def is_running(event: Event) -> bool:
    """Whether the agenda tells what happens now, so that it changes with the minute."""
    now = timezone.now()
    return (event.starts_at - datetime.timedelta(days=1)) < now < event.ends_at


def agenda_context(event: Event, page: Agenda, pulse: Pulse) -> dict[str, Any]:
    """What the agenda's template needs."""
    return {
        "event": event,
        "base": base_of(event),
        "agenda": page,
        "wish": page.wish,
        "schedule": pulse.schedule,
        "filters": [(name, getattr(page.wish, name), page.options.get(name, [])) for name in FILTERS],
    }


def base_of(event: Event) -> str:
    """Where the event's public pages begin, so that long lists need not look up each address."""
    return reverse("agenda", args=[event.slug]).removesuffix("agenda/")


@require_safe
def session_page(request: "HttpRequest", event: str, guid: uuid.UUID) -> HttpResponse:
    """One session: when, where, who, what about; its neighbours, and what it clashes with."""
    shown = visible_event(event, request.user)
    pulse = pulse_of(shown)

    def make(chosen: set[int] | None = None) -> HttpResponse:
        session = session_at(shown, guid)
        entry = next(iter(entries_of(shown, pulse, [session], chosen or ())), None)
        mine = sessions_to_show(shown).filter(pk__in=chosen or ())
        context = {
            "event": shown,
            "base": base_of(shown),
            "session": session,
            "entry": entry,
            "chosen": session.pk in (chosen or ()),
            "clashes": clashing(session, mine),
            "neighbours": around(session),
            "links": safe_links(session),
        }
        return render(request, "schedule/session.html", context)

    return for_anybody_or_you(request, shown, pulse.key, make)


def safe_links(session: Session) -> list[dict[str, str]]:
    """The session's own page elsewhere, its links and its files, as far as they lead to the web."""
    stored = [*session.links, *session.attachments, {"url": session.url}]
    rows = [link for link in stored if isinstance(link, dict) and web_address(str(link.get("url", "")))]
    return [{"url": str(row["url"]), "title": str(row.get("title") or row["url"])} for row in rows]


@require_safe
def speakers_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Everyone who speaks, by name, with their sessions."""
    shown = visible_event(event, request.user)
    pulse = pulse_of(shown)

    def make(chosen: set[int] | None = None) -> HttpResponse:
        speakers = shown.speakers.filter(sessions__starts_at__isnull=False).distinct()
        scheduled = shown.sessions.filter(starts_at__isnull=False).defer(*HEAVY)
        rows = speakers.prefetch_related(Prefetch("sessions", scheduled)).defer("biography", "biography_html")
        context = {"event": shown, "base": base_of(shown), "letters": by_letter(rows)}
        return render(request, "schedule/speakers.html", context)

    return for_anybody_or_you(request, shown, pulse.key, make)


def by_letter(speakers: "Iterable[Speaker]") -> list[tuple[str, list[Speaker]]]:
    """Speakers in order of their folded names, under their first letter; “#” where there is none."""
    ordered = sorted(speakers, key=lambda speaker: (fold(speaker.name), speaker.pk))
    groups = groupby(ordered, key=lambda speaker: initial(speaker.name))
    return [(letter, [*rows]) for letter, rows in groups]


def initial(name: str) -> str:
    """The letter under which a name stands."""
    first = fold(name)[1:2].upper()
    return first if first.isalpha() else "#"


@require_safe
def speaker_page(request: "HttpRequest", event: str, guid: uuid.UUID) -> HttpResponse:
    """One speaker and their sessions."""
    shown = visible_event(event, request.user)
    pulse = pulse_of(shown)

    def make(chosen: set[int] | None = None) -> HttpResponse:
        speaker = speaker_at(shown, guid)
        theirs = sessions_to_show(shown).filter(speakers=speaker).order_by("starts_at", "title")
        entries = entries_of(shown, pulse, theirs, chosen or ())
        context = {
            "event": shown,
            "base": base_of(shown),
            "speaker": speaker,
            "speaker_url": web_address(speaker.url),
            "entries": entries,
        }
        return render(request, "schedule/speaker.html", context)

    return for_anybody_or_you(request, shown, pulse.key, make)
