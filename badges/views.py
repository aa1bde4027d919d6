"""Pages: what an organizer prints, what a badge's code opens, and one's own badge."""

import tempfile
from typing import Any

from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.audit.record import record
from convention.club.models import Person
from convention.downloads import PDF, attachment, inline
from convention.errors import NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.jobs.ask import ask
from registrations.doors import order_by_link
from registrations.models import Registration

from .apple_pass import apple_pass
from .codes import Holder, NoBadge, event_of_code
from .google_pass import google_pass_url
from .pdf import Problem, badge_pdf, badge_picture, draw_picture, event_badges, preflight, tickets_of
from .print import AT_ONCE, TITLES

SHOWN = 100
KEPT_SECONDS = 60


@require_safe
def organize_badges(request: HttpRequest, event: str) -> HttpResponse:
    """What will be printed: a badge as it will look, what to look at first, the files."""
    found = event_to_organize(event, request.user)
    count = Registration.objects.filter(event=found).confirmed().count()
    problems, in_all = _looked_at(found, count)
    context: dict[str, Any] = {
        "event": found,
        "count": count,
        "layouts": TITLES,
        "is_job": count > AT_ONCE,
        "problems": problems,
        "more": in_all - len(problems),
        "section": "organize",
    }
    return render(request, "badges/organize.html", context)


def _looked_at(event: Event, badges: int) -> tuple[list[Problem], int]:
    """The first problems and how many there are; kept until a registration changes."""
    key = f"badges.preflight:{event.pk}:{event.sequence}:{badges}:{get_language()}"
    if (kept := cache.get(key)) is None:
        problems = preflight(event)
        kept = problems[:SHOWN], len(problems)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


@require_safe
def organize_badges_pdf(request: HttpRequest, event: str, layout: str) -> FileResponse:
    """All badges as one file; drawn to disk, so that ten thousand do not fill the memory."""
    found = event_to_organize(event, request.user)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    event_badges(file, found, layout=layout)
    record("badges.print", found, event=found, fields=[layout])
    file.seek(0)
    name = f"badges-{found.slug}-{layout}.pdf"
    response = FileResponse(file, content_type=PDF, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def organize_badges_print(request: HttpRequest, event: str, layout: str) -> HttpResponse:
    """Ask for all badges as a job, and show how far it is."""
    found = event_to_organize(event, request.user)
    if layout not in TITLES:
        raise NotFound(_("There is no such layout."))
    assert isinstance(request.user, Person)
    title = _("Badges: %(layout)s") % {"layout": TITLES[layout]}
    job = ask(event=found, kind="badges", title=title, asked_by=request.user, argument=layout)
    return redirect("organize-job", event, job.pk)


@require_safe
def organize_preview(request: HttpRequest, event: str) -> HttpResponse:
    """The first badge as printed, or a sample where nobody is registered yet."""
    found = event_to_organize(event, request.user)
    registration = Registration.objects.filter(event=found).confirmed().select_related("event").first()
    return _picture(badge_picture(registration) if registration else _sample(found))


@never_cache
@require_safe
def order_badge(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """The badge of one registration, behind the link of its order."""
    registration = order_by_link(reference, secret).registration(person)
    return inline(badge_pdf(registration), name=f"badge-{registration.reference.lower()}.pdf")


@never_cache
@require_safe
def order_apple_pass(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """The same badge as a pass for Apple Wallet."""
    grant = order_by_link(reference, secret)
    registration = grant.registration(person)
    content = apple_pass(registration, link=grant.url if grant.is_of_one else "")
    name = f"badge-{registration.reference.lower()}.pkpass"
    return attachment(content, name=name, mimetype="application/vnd.apple.pkpass")


@never_cache
@require_safe
def order_google_pass(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """To Google, where the same badge is saved as a pass."""
    return redirect(google_pass_url(order_by_link(reference, secret).registration(person)))


@require_safe
def order_badge_picture(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """The same badge as a picture for the page: printed exactly as shown."""
    return _picture(badge_picture(order_by_link(reference, secret).registration(person)))


@require_safe
def badge_page(request: HttpRequest, token: str) -> HttpResponse:
    """What an ordinary camera sees: the event at most, never who wears the badge or whether it is valid."""
    return render(request, "badges/badge.html", {"event": event_of_code(token)})


def _picture(svg: str) -> HttpResponse:
    response = HttpResponse(svg, content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-store"
    return response


def _sample(event: Event) -> str:
    tickets = tickets_of(event)
    if not tickets:
        raise NoBadge(_("This event has no ticket yet: make one, and its badge is shown here."))
    holder = Holder(
        "A" * 13, 1, _("First name"), _("Last name"), _("Company"), next(iter(tickets)), no_photo=True
    )
    return draw_picture(event, holder, _("SAMPLE"))
