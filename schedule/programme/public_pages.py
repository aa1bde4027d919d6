"""The programme's pages in the site map: agendas, speakers and sessions that everybody may see."""

from collections.abc import Iterator

from convention.events.models import Event
from convention.web.routing import PublicPage
from schedule.models import ProgrammeAudience, Session, Speaker

# Far more than the programmes of a club; the site map as a whole has a limit of its own.
MAX_ROWS = 10_000


def list_programme_pages() -> Iterator[PublicPage]:
    """Yield the pages of published programmes of public events, the latest event first."""
    sessions = Session.objects.published(audience=ProgrammeAudience.PUBLIC).filter(
        event__visibility=Event.Visibility.PUBLIC
    )
    events = Event.objects.filter(pk__in=sessions.order_by().values("event")).order_by("-starts_at")
    for slug in events.values_list("slug", flat=True)[:MAX_ROWS]:
        yield PublicPage("agenda", (slug,))
        yield PublicPage("speakers", (slug,))
    shown = sessions.exclude(role=Session.Role.BREAK).order_by("-event__starts_at", "number")
    for slug, guid in shown.values_list("event__slug", "guid")[:MAX_ROWS]:
        yield PublicPage("session", (slug, guid))
    speakers = Speaker.objects.filter(sessions__in=sessions).distinct().order_by("-event__starts_at", "pk")
    for slug, guid in speakers.values_list("event__slug", "guid")[:MAX_ROWS]:
        yield PublicPage("speaker", (slug, guid))
