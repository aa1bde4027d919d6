"""The markup of the agenda's sessions: cached for all visitors, with each visitor's own sessions marked."""

from django.core.cache import cache
from django.core.cache.utils import make_template_fragment_key
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from convention.events.models import Event

from .agenda import AGENDA_CACHE_SECONDS, Agenda, load_day_blocks
from .agenda_jumps import AgendaJump
from .own_sessions import OwnSessions
from .personal_pages import get_event_path
from .programme_version import ProgrammeVersion


def get_rendered_days(event: Event, agenda: Agenda, programme_version: ProgrammeVersion) -> str:
    """Return the markup of the agenda's sessions, none of them chosen, and add the agenda's jumps.

    It is most of the work of a page and the same for all visitors, so it is cached.
    """
    varies_on = [programme_version.cache_key, get_language(), agenda.agenda_filter.by]
    key = make_template_fragment_key("agenda-days", [*varies_on, agenda.day, agenda.current_start])
    cached: tuple[str, list[AgendaJump]] | None = cache.get(key)
    if cached is None:
        load_day_blocks(agenda, event, programme_version, OwnSessions(event))
        context = {"event_path": get_event_path(event), "agenda": agenda}
        cached = (render_to_string("schedule/_days.html", context), agenda.jumps)
        # Other days of an address have no sessions, and there are many.
        if agenda.shown_ids:
            cache.set(key, cached, AGENDA_CACHE_SECONDS)
    markup, agenda.jumps = cached
    return markup


def mark_own_sessions(markup: str, own_sessions: OwnSessions) -> str:
    """Press the visitor's stars and tag their booked sessions in the markup, as `_entry.html` does."""
    tag = render_to_string("schedule/_booked_tag.html") if own_sessions.booked_ids else ""
    for pk in own_sessions.booked_ids:
        markup = markup.replace(f'<span hidden data-seat="{pk}"></span>', tag)
    for guid in own_sessions.chosen_guids.values():
        star = 'name="{}" value="{}" aria-pressed="{}"'
        markup = markup.replace(star.format("add", guid, "false"), star.format("drop", guid, "true"))
    return mark_safe(markup)  # noqa: S308 (rendered by a template)
