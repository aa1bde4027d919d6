"""A visitor's own programme, kept without an account behind a secret token."""

import uuid
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from convention.downloads import CALENDAR, to_look_at
from convention.errors import Forbidden, NotFound
from convention.events.doors import visible_event
from convention.events.models import Event
from convention.qr import svg
from schedule.agenda import entries_of, sessions_to_show
from schedule.around import clashes_among, clashing
from schedule.choose import choose, drop, merge
from schedule.doors import cookie_name, own_selection, selection_at, session_at
from schedule.models import Selection, Session
from schedule.personal_calendar import calendar_tag, personal_calendar
from schedule.pulse import pulse_of
from schedule.renew import renew

from .agenda import base_of, personal

if TYPE_CHECKING:
    from django.http import HttpRequest

YEAR: Final = 365 * 24 * 3600


@csrf_exempt  # pages kept for all carry no token; the browser says where the request comes from
@require_POST
def choose_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Put a session (`add`) into the visitor's programme or take it out (`drop`); show the page again."""
    refuse_other_sites(request)
    shown = visible_event(event, request.user)
    adds = "add" in request.POST
    session = session_at(shown, read_guid(request.POST.get("add") or request.POST.get("drop") or ""))
    selection = own_selection(shown, request)
    if adds:
        selection = choose(event=shown, session=session, selection=selection)
    elif selection:
        drop(session=session, selection=selection)
    return remember(answer(request, shown, session, selection), shown, selection)


def answer(
    request: "HttpRequest", event: Event, session: Session, selection: Selection | None
) -> HttpResponse:
    """JSON for our script, else back to where the button was."""
    if "application/json" in request.headers.get("Accept", ""):
        mine = list(sessions_to_show(event).filter(selections=selection)) if selection else []
        body = {"chosen": session in mine, "count": len(mine), "said": said(session, mine)}
        return JsonResponse(body)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = reverse("agenda", args=[event.slug])
    response = redirect(f"{target.partition('#')[0]}#s{session.number}")
    response.status_code = 303
    return response


def said(session: Session, mine: list[Session]) -> str:
    """What is said aloud after a choice."""
    if session not in mine:
        return _("“%(title)s” is out of your programme.") % {"title": session.title}
    if others := [other.title for other in clashing(session, mine)]:
        return _("“%(title)s” is in your programme. It runs at the same time as: %(others)s.") % {
            "title": session.title,
            "others": ", ".join(others),
        }
    return _("“%(title)s” is in your programme.") % {"title": session.title}


def refuse_other_sites(request: "HttpRequest") -> None:
    """Browsers name the origin of each POST, old ones the page it comes from; another site's is refused."""
    own = f"{request.scheme}://{request.get_host()}"
    page = urlsplit(request.headers.get("Referer", own))
    origin = request.headers.get("Origin", f"{page.scheme}://{page.netloc}")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if origin != own or site not in {"same-origin", "none"}:
        raise Forbidden(_("This choice came from another site. Open the programme and choose there."))


def read_guid(text: str) -> uuid.UUID:
    """A session's guid. Raises NotFound."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(_("There is no session at this address; the programme may have changed.")) from None


def remember(response: HttpResponse, event: Event, selection: Selection | None) -> HttpResponse:
    """Keep the token in a cookie that no script reads, for a year."""
    if selection:
        response.set_cookie(
            cookie_name(event),
            selection.link_token,
            max_age=YEAR,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return personal(response)


@require_safe
def mine(request: "HttpRequest", event: str) -> HttpResponse:
    """The visitor's own programme, with its secret address for another device or a calendar."""
    shown = visible_event(event, request.user)
    own = own_selection(shown, request)
    return personal(show(request, shown, own, own))


@require_safe
def shared(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """The same at its secret address."""
    shown = visible_event(event, request.user)
    selection, own = selection_at(shown, token), own_selection(shown, request)
    response = show(request, shown, selection, own)
    response["X-Robots-Tag"] = "noindex"
    return personal(response)


def show(
    request: "HttpRequest", event: Event, selection: Selection | None, own: Selection | None
) -> HttpResponse:
    """A personal programme, day by day, clashes marked; `own` is the visitor's, perhaps the same."""
    pulse = pulse_of(event)
    sessions = list(sessions_to_show(event).filter(selections=selection)) if selection else []
    entries = entries_of(event, pulse, sessions, {session.pk for session in sessions})
    clashes = clashes_among(sessions)
    days: dict[object, list[object]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.starts, entry.session.title)):
        days.setdefault(entry.day, []).append((entry, clashes[entry.session.pk]))
    context = {
        "event": event,
        "base": base_of(event),
        "selection": selection,
        "own": own == selection,
        "days": days,
        "open": [session for session in sessions if session.starts_at is None],
        "count": len(sessions),
        **secret_addresses(event, selection),
    }
    return render(request, "schedule/mine.html", context)


def secret_addresses(event: Event, selection: Selection | None) -> dict[str, object]:
    """The page's and the feed's secret addresses, whole, and the first as a QR code."""
    if selection is None:
        return {}
    page = settings.SITE_URL + reverse("shared-agenda", args=[event.slug, selection.link_token])
    return {"page_url": page, "feed_url": f"{page.removesuffix('/')}.ics", "qr": svg(page)}


@csrf_exempt  # nothing is changed: another method is told so
@require_safe
def feed(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """The same as a calendar; unchanged: 304."""
    shown = visible_event(event, request.user)
    selection = selection_at(shown, token)
    guids = set(selection.sessions.values_list("guid", flat=True))
    tag = calendar_tag(selection=selection, pulse=pulse_of(shown), guids=guids)
    etag = f'W/"{tag}-{get_language()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        body = personal_calendar(selection=selection, tag=f"{tag}-{get_language()}", guids=guids)
        response = HttpResponse(body, content_type=CALENDAR)
        response["Content-Disposition"] = to_look_at(f"{shown.slug}.ics")
        response["X-Robots-Tag"] = "noindex"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
def renew_address(request: "HttpRequest", event: str) -> HttpResponse:
    """Another secret address for the visitor's own programme; the old one is gone."""
    shown = visible_event(event, request.user)
    selection = own_selection(shown, request)
    if selection:
        renew(selection=selection)
        messages.success(request, _("The programme has a new secret address; the old one opens nothing."))
    return remember(redirect("my-agenda", shown.slug), shown, selection)


@require_POST
def keep(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """Use a shared programme on this device too; what was chosen here before is added to it."""
    shown = visible_event(event, request.user)
    selection, own = selection_at(shown, token), own_selection(shown, request)
    if own and own != selection:
        merge(selection=own, into=selection)
    response = redirect("my-agenda", shown.slug)
    return remember(response, shown, selection)
