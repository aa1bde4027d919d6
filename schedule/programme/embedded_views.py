"""The agenda for frames on other sites: the same for everybody, without cookies, forms and scripts."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from convention.events.permissions import get_visible_event
from schedule.models import ProgrammeAudience

from .agenda import load_day_blocks, outline_agenda
from .agenda_filter import FILTER_NAMES, AgendaFilter
from .embedding import build_frame_policy
from .own_sessions import OwnSessions
from .page_cache import get_cached_page, has_only_parameters
from .personal_pages import get_event_path
from .programme_version import get_programme_version

if TYPE_CHECKING:
    from django.http import HttpRequest

CACHEABLE_PARAMETERS = ("day", *FILTER_NAMES)


@require_safe
def embedded_agenda(request: "HttpRequest", event: str) -> HttpResponse:
    """Show the days of a public programme, narrowed by the filters of the address."""
    # As an anonymous visitor: browsers send no cookies from a frame of another site.
    event_obj = get_visible_event(event, AnonymousUser())
    version = get_programme_version(event_obj, audience=ProgrammeAudience.PUBLIC)

    def render_embedded() -> HttpResponse:
        agenda_filter = AgendaFilter.from_query(request.GET)
        agenda = outline_agenda(
            event=event_obj, agenda_filter=agenda_filter, programme_version=version, now=timezone.now()
        )
        load_day_blocks(agenda, event_obj, version, OwnSessions(event_obj))
        context = {"event": event_obj, "event_path": get_event_path(event_obj), "agenda": agenda}
        return render(request, "schedule/embedded.html", context)

    if has_only_parameters(request, CACHEABLE_PARAMETERS, max_parameters=3):
        # Without a day in the address it shows today, so the version alone is not enough.
        today = version.get_programme_day(timezone.now())
        response = get_cached_page(request, f"{version.cache_key} {today}", render_embedded)
    else:
        response = render_embedded()
    sites = version.schedule.embedding_sites.split()
    response["Content-Security-Policy"] = build_frame_policy(sites)
    if sites:
        # X-Frame-Options cannot name sites, and browsers that know frame-ancestors ignore it.
        response.xframe_options_exempt = True
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
