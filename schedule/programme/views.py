"""The public pages of the programme: agenda, sessions and speakers."""

import datetime
import uuid
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from convention.db.compiled_query import PLACEHOLDER_ID, PLACEHOLDER_TIME, CompiledQuery
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.rich_text.sanitize import filter_web_address
from convention.text.normalize import search_text
from schedule.models import CallForProposals, ProgrammeAudience, Session, Speaker, SpeakerPhoto
from schedule.permissions import (
    get_attendee_cookie_name,
    get_public_session,
    get_public_speaker,
)

from .agenda import (
    DEFERRED_FIELDS,
    Agenda,
    build_agenda_entries,
    load_agenda_index,
    load_day_blocks,
    load_running_and_coming,
    outline_agenda,
    query_published_sessions,
)
from .agenda_chips import build_chip_groups
from .agenda_filter import FILTER_NAMES, AgendaFilter
from .neighbours import find_conflicting_sessions, find_neighbours
from .offline import is_event_near, render_agenda_worker
from .own_sessions import OwnSessions
from .page_cache import has_only_parameters
from .personal_pages import (
    find_booking_address,
    find_feedback_addresses,
    forbid_shared_caching,
    get_event_path,
    get_own_sessions,
    get_version_for,
    serve_cached_or_personal,
)
from .programme_version import ProgrammeVersion
from .rendered_days import get_rendered_days, mark_own_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

OPEN_CALL_QUERY = CompiledQuery(
    lambda event, at: CallForProposals.objects.open(at=at).filter(event=event),
    PLACEHOLDER_ID,
    PLACEHOLDER_TIME,
)
NOW_SHOWN_BEFORE = datetime.timedelta(hours=3)
# Without `q`: searches hardly repeat.
CACHEABLE_PARAMETERS = ("day", "by", *FILTER_NAMES)


@require_safe
def agenda_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Show the agenda by day, by time or by room, narrowed by words and filters."""
    event_obj = get_visible_event(event, request.user)
    version, now = get_version_for(request, event_obj), timezone.now()
    # Near the event the page shows what runs now, so it is cached for a minute only.
    key = f"{version.cache_key} {now:%H:%M}" if is_event_near(event_obj) else version.cache_key

    def render_for(own_sessions: OwnSessions) -> HttpResponse:
        agenda_filter = AgendaFilter.from_query(request.GET)
        agenda = outline_agenda(
            event=event_obj, agenda_filter=agenda_filter, programme_version=version, now=now
        )
        context = build_agenda_context(event_obj, agenda, version)
        if agenda_filter.is_narrowed:
            load_day_blocks(agenda, event_obj, version, own_sessions)
        else:
            context["days"] = mark_own_sessions(get_rendered_days(event_obj, agenda, version), own_sessions)
            if event_obj.starts_at - NOW_SHOWN_BEFORE <= now < event_obj.ends_at:
                load_running_and_coming(agenda, event_obj, version, now)
        return render(request, "schedule/agenda.html", context)

    # Pages with more filters at once are too rarely requested again to be cached.
    if has_only_parameters(request, CACHEABLE_PARAMETERS, max_parameters=3):
        return serve_cached_or_personal(request, event_obj, key, render_for)
    return forbid_shared_caching(render_for(get_own_sessions(request, event_obj)))


@cache_control(no_cache=True)
@require_safe
def agenda_worker(request: "HttpRequest", event: str) -> HttpResponse:
    """Serve the service worker that stores the programme on phones, with the days that the visitor sees."""
    event_obj = get_visible_event(event, request.user)
    version = get_version_for(request, event_obj)
    index = load_agenda_index(event_obj, version)
    script = render_agenda_worker(event_obj, sorted({facts.day for facts in index.facts}))
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    # The script's own path would limit its scope to the agenda, without the pages of sessions.
    response["Service-Worker-Allowed"] = get_event_path(event_obj)
    if version.audience is not ProgrammeAudience.PUBLIC:
        return forbid_shared_caching(response)
    patch_vary_headers(response, ["Cookie"])
    return response


def build_agenda_context(event: Event, agenda: Agenda, programme_version: ProgrammeVersion) -> dict[str, Any]:
    return {
        "event": event,
        "event_path": get_event_path(event),
        "agenda": agenda,
        "agenda_filter": agenda.agenda_filter,
        "schedule": programme_version.schedule,
        "has_open_call": OPEN_CALL_QUERY.exists(event.pk, timezone.now()),
        # A chip stays on the day that is shown, also where the address names none.
        "chip_groups": build_chip_groups(
            replace(agenda.agenda_filter, day=str(agenda.day or agenda.agenda_filter.day)),
            agenda.filter_options,
        ),
    }


@require_safe
def session_page(request: "HttpRequest", event: str, guid: uuid.UUID) -> HttpResponse:
    event_obj = get_visible_event(event, request.user)
    version = get_version_for(request, event_obj)

    def render_for(own_sessions: OwnSessions) -> HttpResponse:
        session = get_public_session(event_obj, guid, audience=version.audience)
        entry = next(iter(build_agenda_entries(event_obj, version, [session])), None)
        published = query_published_sessions(event_obj, audience=version.audience)
        own_ids = {*own_sessions.chosen_guids, *own_sessions.booked_ids}
        is_ended = bool(session.cancelled_at or (entry and entry.is_over))
        context = {
            "event": event_obj,
            "event_path": get_event_path(event_obj),
            "session": session,
            "entry": entry,
            "is_chosen": session.pk in own_sessions.chosen_guids,
            "is_booked": session.pk in own_sessions.booked_ids,
            "awaited_text": own_sessions.awaited_texts.get(session.pk, "") if session.is_bookable else "",
            "conflicts": find_conflicting_sessions(session, published.filter(pk__in=own_ids)),
            "neighbours": find_neighbours(session, audience=version.audience),
            "links": list_safe_links(session),
            "files": session.files.public().defer("content"),
            "feedback_address": find_feedback_addresses(event_obj, request).get(session.pk, ""),
            # The button to book is the first one then; that of the programme is secondary.
            "takes_bookings": session.is_bookable and not is_ended,
            "booking_address": find_booking_address(event_obj, request) if session.is_bookable else "",
        }
        return render(request, "schedule/session.html", context)

    attendee_cookie = get_attendee_cookie_name(event_obj)
    return serve_cached_or_personal(request, event_obj, version.cache_key, render_for, attendee_cookie)


def list_safe_links(session: Session) -> list[dict[str, str]]:
    """Return the session's address, links and files, if they are http(s)."""
    # The columns are JSON without a schema, so links may have any shape.
    stored = [*session.links, *session.attachments, {"url": session.url}]
    rows = [
        link for link in stored if isinstance(link, dict) and filter_web_address(str(link.get("url", "")))
    ]
    return [{"url": str(row["url"]), "title": str(row.get("title") or row["url"])} for row in rows]


@require_safe
def speaker_list_page(request: "HttpRequest", event: str) -> HttpResponse:
    event_obj = get_visible_event(event, request.user)
    version = get_version_for(request, event_obj)

    def render_for(_own_sessions: OwnSessions) -> HttpResponse:
        published = event_obj.sessions.published(audience=version.audience)
        speakers = event_obj.speakers.filter(sessions__in=published).distinct()
        scheduled = Prefetch("sessions", published.defer(*DEFERRED_FIELDS))
        rows = speakers.prefetch_related(scheduled).defer("biography", "biography_html")
        context = {
            "event": event_obj,
            "event_path": get_event_path(event_obj),
            "speakers_by_letter": group_by_letter(rows),
        }
        return render(request, "schedule/speakers.html", context)

    return serve_cached_or_personal(request, event_obj, version.cache_key, render_for)


def group_by_letter(speakers: "Iterable[Speaker]") -> list[tuple[str, list[Speaker]]]:
    """Group speakers by the first letter of their name without accents; “#” for other characters."""
    ordered = sorted(speakers, key=lambda speaker: (search_text(speaker.name), speaker.pk))
    groups = groupby(ordered, key=lambda speaker: get_initial_letter(speaker.name))
    return [(letter, [*rows]) for letter, rows in groups]


def get_initial_letter(name: str) -> str:
    # search_text begins with a space.
    first = search_text(name)[1:2].upper()
    return first if first.isalpha() else "#"


@require_safe
def speaker_page(request: "HttpRequest", event: str, guid: uuid.UUID) -> HttpResponse:
    event_obj = get_visible_event(event, request.user)
    version = get_version_for(request, event_obj)

    def render_for(own_sessions: OwnSessions) -> HttpResponse:
        speaker = get_public_speaker(event_obj, guid, audience=version.audience)
        published = query_published_sessions(event_obj, audience=version.audience)
        speaker_sessions = published.filter(speakers=speaker).order_by("starts_at", "title")
        entries = build_agenda_entries(
            event_obj, version, speaker_sessions, own_sessions.chosen_guids, own_sessions.booked_ids
        )
        context = {
            "event": event_obj,
            "event_path": get_event_path(event_obj),
            "speaker": speaker,
            "photo": SpeakerPhoto.objects.public().filter(speaker=speaker).defer("content").first(),
            "speaker_url": filter_web_address(speaker.url),
            "entries": entries,
        }
        return render(request, "schedule/speaker.html", context)

    return serve_cached_or_personal(request, event_obj, version.cache_key, render_for)
