"""Pages of personal agendas, which need no account but a secret token, in a cookie or in a link."""

import io
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from convention import hooks
from convention.club.models import Person
from convention.codes.qr import draw_svg_symbol
from convention.errors import Forbidden, NotFound
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.tables.downloads import CALENDAR_TYPE, inline_disposition, inline_response
from convention.web.forms import get_return_path
from schedule.models import PersonalAgenda, ProgrammeAudience, ScheduleVersion, Session
from schedule.permissions import (
    get_agenda_cookie_name,
    get_own_agenda,
    get_programme_audience,
    get_public_session,
    get_shared_agenda,
)
from schedule.programme.agenda import DEFERRED_FIELDS, AgendaEntry, build_agenda_entries
from schedule.programme.neighbours import find_conflicting_sessions
from schedule.programme.own_sessions import OwnSessions
from schedule.programme.personal_pages import (
    find_booking_address,
    find_feedback_addresses,
    forbid_shared_caching,
    get_event_path,
    get_own_sessions,
)
from schedule.programme.programme_version import get_programme_version

from .actions import choose_session, create_agenda, drop_session, merge_agendas, renew_agenda_link
from .calendar import build_personal_calendar, compute_calendar_tag
from .programme import PersonalProgramme, load_personal_programme, print_personal_programme

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

COOKIE_MAX_AGE_SECONDS: Final = 365 * 24 * 3600


@csrf_exempt  # cached pages carry no token; refuse_cross_site_requests takes its place
@require_POST
def session_choose(request: "HttpRequest", event: str) -> HttpResponse:
    """Add a session (`add`) to the visitor's agenda or drop it (`drop`)."""
    refuse_cross_site_requests(request)
    event_obj = get_visible_event(event, request.user)
    is_adding = "add" in request.POST
    guid = parse_session_guid(request.POST.get("add") or request.POST.get("drop") or "")
    personal_agenda = get_own_agenda(event_obj, request)
    audience = get_programme_audience(request.user, event_obj)
    # What was chosen can be dropped, even if it is no longer in the programme.
    chosen_sessions = query_chosen_sessions(personal_agenda, audience)
    dropped = None if is_adding else chosen_sessions.filter(guid=guid).first()
    session = dropped or get_public_session(event_obj, guid, audience=audience)
    if is_adding:
        personal_agenda = choose_session(event=event_obj, session=session, personal_agenda=personal_agenda)
        _remember_owner(request, personal_agenda)
    elif personal_agenda:
        drop_session(session=session, personal_agenda=personal_agenda)
    return remember_agenda(
        respond_to_choice(request, event_obj, session, personal_agenda), event_obj, personal_agenda
    )


def query_chosen_sessions(
    personal_agenda: PersonalAgenda | None, audience: ProgrammeAudience
) -> "QuerySet[Session]":
    """Return the sessions of an agenda that the audience may see, without their long texts."""
    if personal_agenda is None:
        return Session.objects.none()
    rows: QuerySet[Session] = Session.objects.visible_to(audience).filter(personal_agendas=personal_agenda)
    return rows.defer(*DEFERRED_FIELDS)


def respond_to_choice(
    request: "HttpRequest", event: Event, session: Session, personal_agenda: PersonalAgenda | None
) -> HttpResponse:
    """Return JSON for our script, else redirect to the page of the button."""
    if "application/json" in request.headers.get("Accept", ""):
        audience = get_programme_audience(request.user, event)
        chosen_sessions = list(query_chosen_sessions(personal_agenda, audience))
        person = request.user if isinstance(request.user, Person) else None
        # Not `get_own_sessions`: the agenda may be new, and is in no cookie then.
        own_sessions = OwnSessions(event, personal_agenda, person)
        booked_sessions = Session.objects.visible_to(audience).filter(pk__in=own_sessions.booked_ids)
        body = {
            "chosen": session in chosen_sessions,
            "count": len(chosen_sessions),
            "message": describe_choice(session, chosen_sessions, booked_sessions),
        }
        return JsonResponse(body)
    target = get_return_path(request, default=reverse("agenda", args=[event.slug]))
    # To the same place in a long list, for visitors without scripts.
    response = redirect(f"{target.partition('#')[0]}#s{session.number}")
    # 303 makes the browser GET the page, also after a POST by script.
    response.status_code = 303
    return response


def describe_choice(
    session: Session, chosen_sessions: "Collection[Session]", booked_sessions: "Iterable[Session]"
) -> str:
    """Return the sentence that confirms a choice."""
    if session not in chosen_sessions:
        return _("“%(title)s” was removed from your programme.") % {"title": session.title}
    # A session may be chosen and booked.
    own_sessions = dict.fromkeys([*chosen_sessions, *booked_sessions])
    if others := [other.title for other in find_conflicting_sessions(session, own_sessions)]:
        return _("“%(title)s” was added to your programme. It clashes with: %(others)s.") % {
            "title": session.title,
            "others": ", ".join(others),
        }
    return _("“%(title)s” was added to your programme.") % {"title": session.title}


def refuse_cross_site_requests(request: "HttpRequest") -> None:
    """Raise Forbidden for a POST from another site.

    Browsers send Origin with each POST, old ones only Referer; a request with neither comes from no browser
    and carries nobody's cookie. Cached pages carry no CSRF token, so this check takes its place.
    """
    own_origin = f"{request.scheme}://{request.get_host()}"
    page = urlsplit(request.headers.get("Referer", own_origin))
    origin = request.headers.get("Origin", f"{page.scheme}://{page.netloc}")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    # “none” is a request that the user started, such as a reload.
    if origin != own_origin or site not in {"same-origin", "none"}:
        raise Forbidden(
            _("This request came from another site. Open the programme and choose your sessions there.")
        )


def parse_session_guid(text: str) -> uuid.UUID:
    """Parse a session's guid. Raise NotFound."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(_("This session was not found; the programme may have changed.")) from None


def remember_agenda(
    response: HttpResponse, event: Event, personal_agenda: PersonalAgenda | None
) -> HttpResponse:
    """Store the token in an HttpOnly cookie for a year."""
    if personal_agenda:
        response.set_cookie(
            get_agenda_cookie_name(event),
            personal_agenda.link_token,
            max_age=COOKIE_MAX_AGE_SECONDS,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return forbid_shared_caching(response)


@require_safe
def own_agenda_page(request: "HttpRequest", event: str) -> HttpResponse:
    event_obj = get_visible_event(event, request.user)
    own_sessions = get_own_sessions(request, event_obj)
    programme = load_own_programme(request, own_sessions)
    awaited = list_awaited_sessions(request, own_sessions)
    booking_address = _find_useful_booking_address(request, event_obj, programme.audience)
    is_empty = not programme.sessions and not awaited and not booking_address
    response = render_agenda_page(
        request,
        event_obj,
        own_sessions.personal_agenda,
        own_sessions.personal_agenda,
        programme,
        feedback_addresses=find_feedback_addresses(event_obj, request),
        awaited=awaited,
        booking_address=booking_address,
        registration_hint=_describe_way_to_registration(event_obj, programme.audience) if is_empty else "",
    )
    return forbid_shared_caching(response)


@require_safe
def own_agenda_pdf(request: "HttpRequest", event: str) -> HttpResponse:
    """Serve the visitor's programme as a PDF: stars of this device and bookings."""
    event_obj = get_visible_event(event, request.user)
    programme = load_own_programme(request, get_own_sessions(request, event_obj))
    if not programme.sessions:
        raise NotFound(_("Your programme is empty: choose sessions first."))
    file = io.BytesIO()
    title = _("My programme – %(event)s") % {"event": event_obj.title}
    print_personal_programme(event=event_obj, personal_programme=programme, title=title, file=file)
    return forbid_shared_caching(inline_response(file.getvalue(), name=f"{event_obj.slug}.pdf"))


def list_awaited_sessions(request: "HttpRequest", own_sessions: OwnSessions) -> list[tuple[Session, str]]:
    """Return the sessions on whose waiting lists the visitor is, in order of time, with a sentence."""
    texts = own_sessions.awaited_texts
    if not texts:
        return []
    audience = get_programme_audience(request.user, own_sessions.event)
    sessions = Session.objects.visible_to(audience).filter(pk__in=texts).order_by("starts_at", "pk")
    return [(session, texts[session.pk]) for session in sessions]


def _find_useful_booking_address(request: "HttpRequest", event: Event, audience: ProgrammeAudience) -> str:
    """Return where the visitor books seats; "" for strangers, and where no session takes bookings."""
    address = find_booking_address(event, request)
    # After the address: most visitors have none, and need no further query.
    return address if address and _has_bookable_sessions(event, audience) else ""


def _describe_way_to_registration(event: Event, audience: ProgrammeAudience) -> str:
    """Return where strangers find the sessions that they have booked; "" where none takes bookings."""
    if not _has_bookable_sessions(event, audience):
        return ""
    return _("Booked sessions? Open “My programme” from your registration.")


def _has_bookable_sessions(event: Event, audience: ProgrammeAudience) -> bool:
    return Session.objects.published(audience=audience).filter(event=event, is_bookable=True).exists()


@require_POST
def own_agenda_create(request: "HttpRequest", event: str) -> HttpResponse:
    """Create the visitor's agenda, by whose link a calendar can follow bookings without any star."""
    event_obj = get_visible_event(event, request.user)
    personal_agenda = get_own_agenda(event_obj, request) or create_agenda(event=event_obj)
    _remember_owner(request, personal_agenda)
    return remember_agenda(redirect("own-agenda", event_obj.slug), event_obj, personal_agenda)


def _remember_owner(request: "HttpRequest", personal_agenda: PersonalAgenda) -> None:
    if isinstance(request.user, Person):
        for remember_owner in hooks.agenda_used.providers():
            remember_owner(personal_agenda, request.user)


def load_own_programme(request: "HttpRequest", own_sessions: OwnSessions) -> PersonalProgramme:
    """Load the stars of this device, with the bookings of the signed-in person."""
    event = own_sessions.event
    audience = get_programme_audience(request.user, event)
    return load_personal_programme(
        event, own_sessions.personal_agenda, own_sessions.person, audience=audience
    )


@require_safe
def shared_agenda_page(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    event_obj = get_visible_event(event, request.user)
    personal_agenda, own_agenda = get_shared_agenda(event_obj, token), get_own_agenda(event_obj, request)
    # Without the visitor's bookings, since the page belongs to the link, but for the visitor's audience.
    audience = get_programme_audience(request.user, event_obj)
    programme = load_personal_programme(event_obj, personal_agenda, audience=audience)
    response = render_agenda_page(
        request, event_obj, personal_agenda, own_agenda, programme, feedback_addresses={}
    )
    # The address is a secret: search engines must not list it.
    response["X-Robots-Tag"] = "noindex"
    return forbid_shared_caching(response)


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """One session of the page; `conflicts` are sessions with their titles, marked if they are booked."""

    entry: AgendaEntry
    conflicts: list[tuple[Session, str]]
    changed_in: ScheduleVersion | None
    is_booked: bool
    feedback_address: str


def render_agenda_page(
    request: "HttpRequest",
    event: Event,
    personal_agenda: PersonalAgenda | None,
    own_agenda: PersonalAgenda | None,
    programme: PersonalProgramme,
    *,
    feedback_addresses: Mapping[int, str],
    awaited: "Iterable[tuple[Session, str]]" = (),
    booking_address: str = "",
    registration_hint: str = "",
) -> HttpResponse:
    """Render a personal programme by day, with its conflicts; `own_agenda` is the visitor's, perhaps
    the same. `feedback_addresses` are by session id; `awaited` are sessions with a sentence on the wait.
    `registration_hint` is what an empty one says of the booked sessions of a registration.
    """
    version, sessions = get_programme_version(event, audience=programme.audience), programme.sessions
    days: dict[object, list[ProgrammeRow]] = {}
    entries = build_agenda_entries(event, version, sessions, programme.chosen_ids)
    for entry in sorted(entries, key=lambda entry: (entry.starts_at, entry.session.title)):
        feedback_address = feedback_addresses.get(entry.session.pk, "")
        row = build_programme_row(entry, programme, personal_agenda, feedback_address)
        days.setdefault(entry.day, []).append(row)
    context = {
        "event": event,
        "event_path": get_event_path(event),
        "personal_agenda": personal_agenda,
        "is_own": own_agenda == personal_agenda,
        "days": days,
        "unscheduled_sessions": [session for session in sessions if session.starts_at is None],
        "session_count": len(sessions),
        "conflict_count": sum(bool(row.conflicts) for rows in days.values() for row in rows),
        "feedback_page": find_feedback_page(event),
        "awaited": awaited,
        "booking_address": booking_address,
        "registration_hint": registration_hint,
        **build_secret_links(event, personal_agenda),
    }
    return render(request, "schedule/mine.html", context)


def build_programme_row(
    entry: AgendaEntry,
    programme: PersonalProgramme,
    personal_agenda: PersonalAgenda | None,
    feedback_address: str,
) -> ProgrammeRow:
    conflicts = programme.conflicts[entry.session.pk]
    return ProgrammeRow(
        entry,
        [(other, programme.name_conflict(other)) for other in conflicts],
        find_late_change(entry.session, personal_agenda),
        entry.session.pk in programme.booked_ids,
        feedback_address,
    )


def find_feedback_page(event: Event) -> str:
    """Return the address where attendees give feedback on sessions; "" unless it is open."""
    pages = (find_page(event) for find_page in hooks.feedback_page.providers())
    return next(filter(None, pages), "")


def find_late_change(session: Session, personal_agenda: PersonalAgenda | None) -> ScheduleVersion | None:
    """Return the version that changed a published session after the agenda was created, or None."""
    version = session.published_in
    # A session that was published only once has the sequence 0.
    if not version or not session.sequence or not personal_agenda:
        return None
    return version if version.published_at > personal_agenda.created_at else None


def build_secret_links(event: Event, personal_agenda: PersonalAgenda | None) -> dict[str, object]:
    """Return the secret addresses of page and feed, and a QR of the first."""
    if personal_agenda is None:
        return {}
    page = settings.SITE_URL + reverse("shared-agenda", args=[event.slug, personal_agenda.link_token])
    feed = f"{page.removesuffix('/')}.ics"
    # Calendar programs open this scheme and subscribe; a link to the file would import it once.
    webcal = f"webcal:{feed.partition(':')[2]}"
    return {"page_url": page, "feed_url": feed, "webcal_url": webcal, "qr": draw_svg_symbol(page)}


@csrf_exempt  # read-only: other methods get 405 and not a CSRF error
@require_safe
def personal_agenda_feed(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """Serve the agenda as a calendar; 304 if unchanged."""
    event_obj = get_visible_event(event, request.user)
    personal_agenda = get_shared_agenda(event_obj, token)
    # Calendar programs cannot sign in, so the owner of the agenda determines the audience.
    audience = get_agenda_audience(personal_agenda, event_obj)
    programme = load_personal_programme(event_obj, personal_agenda, audience=audience)
    notes = {session.guid: programme.describe_session(session) for session in programme.sessions}
    version = get_programme_version(event_obj, audience=audience)
    tag = compute_calendar_tag(personal_agenda=personal_agenda, programme_version=version, notes=notes)
    etag = f'W/"{tag}-{get_language()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        body = build_personal_calendar(
            personal_agenda=personal_agenda, audience=audience, tag=f"{tag}-{get_language()}", notes=notes
        )
        response = HttpResponse(body, content_type=CALENDAR_TYPE)
        response["Content-Disposition"] = inline_disposition(f"{event_obj.slug}.ics")
        response["X-Robots-Tag"] = "noindex"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def get_agenda_audience(personal_agenda: PersonalAgenda, event: Event) -> ProgrammeAudience:
    """Return the audience of an agenda's owner; PUBLIC for an agenda without an owner."""
    owners = [find_owner(personal_agenda) for find_owner in hooks.agenda_owners.providers()]
    audiences = {get_programme_audience(owner, event) for owner in owners}
    return ProgrammeAudience.MEMBERS if ProgrammeAudience.MEMBERS in audiences else ProgrammeAudience.PUBLIC


@require_POST
def agenda_link_renew(request: "HttpRequest", event: str) -> HttpResponse:
    event_obj = get_visible_event(event, request.user)
    personal_agenda = get_own_agenda(event_obj, request)
    if personal_agenda:
        renew_agenda_link(personal_agenda=personal_agenda)
        messages.success(request, _("Your programme has a new private link; the old one no longer works."))
    return remember_agenda(redirect("own-agenda", event_obj.slug), event_obj, personal_agenda)


@require_POST
def agenda_adopt(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """Use a shared agenda on this device; sessions chosen here before are added to it."""
    event_obj = get_visible_event(event, request.user)
    personal_agenda, own_agenda = get_shared_agenda(event_obj, token), get_own_agenda(event_obj, request)
    if own_agenda and own_agenda != personal_agenda:
        merge_agendas(other_agenda=own_agenda, survivor=personal_agenda)
    response = redirect("own-agenda", event_obj.slug)
    return remember_agenda(response, event_obj, personal_agenda)
