"""Pages: printing badges, one's own badge, and the public page behind a badge's code."""

import io
import json
import tempfile
from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.audit.record import record_action
from convention.club.models import Person
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.jobs.job_queue import request_job
from convention.tables.downloads import PDF_TYPE, attachment_response, inline_response
from convention.tasks.queue_names import DOCUMENT_QUEUE
from registrations.changes.selections import RegistrationSelection, SkippedRegistrations
from registrations.models import Registration
from registrations.organizer.selection_forms import with_selection
from registrations.permissions import get_order_by_link

from .codes import BadgeHolder, NoBadge, find_event_by_token
from .printing.cancelled_badges import get_letter, query_cancelled_badges, record_removed_badges
from .printing.pdf import (
    A6,
    BadgePrintOptions,
    BadgeProblem,
    draw_badge_svg,
    find_badge_problems,
    load_event_tickets,
    print_event_badges,
    render_badge_pdf,
    render_badge_svg,
    write_event_badges,
)
from .printing.print_job import BACK_LABELS, FLIP_LABELS, LAYOUT_TITLES, MAX_IMMEDIATE_BADGES
from .printing.print_states import (
    NO_PRINT_CHOICE,
    describe_print_choices,
    has_outdated_designs,
    select_badges_to_print,
)
from .wallet.apple import build_apple_pass
from .wallet.google import build_google_pass_url

MAX_PROBLEMS_SHOWN = 100
PROBLEMS_CACHE_SECONDS = 60
# The columns that the page of a selection shows, and those from which the state is derived.
SELECTION_COLUMNS = (
    "reference",
    "first_name",
    "last_name",
    "cancelled_at",
    "confirmed_at",
    "hold_expires_at",
)


@require_safe
def badge_printing(request: HttpRequest, event: str) -> HttpResponse:
    """Show a preview, problems to check and the files to print."""
    event_obj = get_event_to_organize(event, request.user)
    count = Registration.objects.filter(event=event_obj).with_badge().count()
    problems, total = _load_problems(event_obj, count)
    choices = describe_print_choices(event_obj)
    context: dict[str, Any] = {
        "event": event_obj,
        "count": count,
        "choices": choices,
        "is_up_to_date": NO_PRINT_CHOICE in choices,
        "has_outdated_designs": has_outdated_designs(event_obj),
        "layouts": LAYOUT_TITLES,
        "backs": BACK_LABELS,
        "flips": FLIP_LABELS,
        "has_many": count > MAX_IMMEDIATE_BADGES,
        "max_immediate": MAX_IMMEDIATE_BADGES,
        "problems": problems,
        "more": total - len(problems),
        "cancelled": [(get_letter(row), row) for row in query_cancelled_badges(event_obj)],
        "section": "organize",
    }
    return render(request, "badges/organize.html", context)


@require_POST
def badges_removed(request: HttpRequest, event: str) -> HttpResponse:
    """Record that the listed badges of cancelled registrations were removed from the pile."""
    event_obj = get_event_to_organize(event, request.user)
    # Those that the page listed: one that is cancelled meanwhile is still in the pile.
    count = record_removed_badges(event=event_obj, references=request.POST.getlist("registration"))
    sentence = ngettext(
        "%(count)d badge has been removed from the pile.",
        "%(count)d badges have been removed from the pile.",
        count,
    )
    messages.success(request, sentence % {"count": count})
    return redirect("organize-badges", event)


def _load_problems(event: Event, badge_count: int) -> tuple[list[BadgeProblem], int]:
    """Return the first problems and how many there are, cached until a registration changes."""
    # Fitting the names of ten thousand badges takes seconds. The sequence rises with each change of a
    # registration.
    key = f"badges.problems:{event.pk}:{event.sequence}:{badge_count}:{get_language()}"
    if (cached := cache.get(key)) is None:
        problems = find_badge_problems(event)
        cached = problems[:MAX_PROBLEMS_SHOWN], len(problems)
        cache.set(key, cached, PROBLEMS_CACHE_SECONDS)
    return cached


def _download_badges(
    event: Event, options: BadgePrintOptions, registration_ids: Collection[int] | None = None
) -> FileResponse:
    # On disk, so that hundreds of badges do not fill the memory.
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    print_event_badges(file, event, options=options, registration_ids=registration_ids)
    record_action("badges.print", event, event=event, fields=[options.to_argument()])
    file.seek(0)
    name = f"badges-{event.slug}-{options.layout}.pdf"
    response = FileResponse(file, content_type=PDF_TYPE, as_attachment=True, filename=name)
    # The code in a badge admits at checkpoints, so no copy may stay in a cache.
    response["Cache-Control"] = "no-store"
    return response


def read_print_options(layout: str, data: QueryDict) -> BadgePrintOptions:
    """Return layout, back and flip as chosen on the page. Raise UnknownLayout."""
    options = BadgePrintOptions(layout, data.get("back", ""), data.get("flip", "long"))
    options.check()
    return options


@require_POST
def badge_print(request: HttpRequest, event: str, layout: str) -> HttpResponseBase:
    """Download the chosen badges and record them as printed; as a background job if they are many."""
    event_obj = get_event_to_organize(event, request.user)
    options = read_print_options(layout, request.POST)
    registration_ids = select_badges_to_print(event_obj, request.POST.get("only", "all"))
    if _count_badges(event_obj, registration_ids) <= MAX_IMMEDIATE_BADGES:
        return _download_badges(event_obj, options, registration_ids)
    payload = "" if registration_ids is None else json.dumps(registration_ids)
    return _request_print_job(request, event_obj, options, payload)


def _count_badges(event: Event, registration_ids: list[int] | None) -> int:
    if registration_ids is not None:
        return len(registration_ids)
    return Registration.objects.filter(event=event).with_badge().count()


def _request_print_job(
    request: HttpRequest, event: Event, options: BadgePrintOptions, payload: str = ""
) -> HttpResponse:
    assert isinstance(request.user, Person)
    job = request_job(
        event=event,
        kind="badges",
        title=lambda: _("Badges: %(layout)s") % {"layout": LAYOUT_TITLES[options.layout]},
        requested_by=request.user,
        argument=options.to_argument(),
        payload=payload,
        queue=DOCUMENT_QUEUE,
    )
    return redirect("organize-job", event.slug, job.pk)


@with_selection
def badges_of_selection(request: HttpRequest, selection: RegistrationSelection) -> HttpResponseBase:
    """Print the badges of the registrations selected in the list, as a job if they are too many."""
    event, layout = selection.event, request.POST.get("layout", "")
    rows = list(selection.find_registrations().only(*SELECTION_COLUMNS))
    confirmed = [row for row in rows if row.state == Registration.State.CONFIRMED]
    printable_ids = [row.pk for row in confirmed if row.has_name]
    if layout and printable_ids:
        options = read_print_options(layout, request.POST)
        if len(printable_ids) > MAX_IMMEDIATE_BADGES:
            return _request_print_job(request, event, options, json.dumps(printable_ids))
        return _download_badges(event, options, printable_ids)
    skipped = SkippedRegistrations()
    skipped.add(
        (row for row in rows if row.state != Registration.State.CONFIRMED), _("not confirmed, so no badge")
    )
    skipped.add((row for row in confirmed if not row.has_name), _("name to follow, so no badge"))
    context = {
        "event": event,
        "section": "organize",
        "selection": selection,
        "count": len(printable_ids),
        "skipped": skipped,
        "layouts": LAYOUT_TITLES,
        "backs": BACK_LABELS,
        "flips": FLIP_LABELS,
    }
    return render(request, "badges/selection.html", context)


@require_safe
def badge_preview(request: HttpRequest, event: str) -> HttpResponse:
    """Show the first badge as printed, or a sample if nobody is registered."""
    event_obj = get_event_to_organize(event, request.user)
    registration = Registration.objects.filter(event=event_obj).with_badge().select_related("event").first()
    return _svg_response(render_badge_svg(registration) if registration else _draw_sample(event_obj))


@never_cache
@require_safe
def order_badge(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Show the badge of one registration, behind the link of its order."""
    registration = get_order_by_link(reference, secret).get_registration(person)
    return inline_response(render_badge_pdf(registration), name=f"badge-{registration.reference.lower()}.pdf")


@never_cache
@require_safe
def order_badges(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show all badges that the order's link opens, one on a page."""
    access = get_order_by_link(reference, secret)
    file = io.BytesIO()
    write_event_badges(
        file, access.order.event, options=A6, registration_ids=[row.pk for row in access.registrations]
    )
    return inline_response(file.getvalue(), name=f"badges-{access.order.reference.lower()}.pdf")


@never_cache
@require_safe
def order_apple_pass(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Download the same badge as a pass for Apple Wallet."""
    access = get_order_by_link(reference, secret)
    registration = access.get_registration(person)
    # A pass is shown at checkpoints: the link of a whole order would open other people's places, too.
    content = build_apple_pass(registration, link=access.url if access.opens_single_registration else "")
    name = f"badge-{registration.reference.lower()}.pkpass"
    return attachment_response(content, name=name, mimetype="application/vnd.apple.pkpass")


@never_cache
@require_safe
def order_google_pass(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Redirect to Google, which saves the same badge as a pass."""
    return redirect(build_google_pass_url(get_order_by_link(reference, secret).get_registration(person)))


@require_safe
def order_badge_picture(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Return the same badge as a picture for the page, exactly as it is printed."""
    return _svg_response(render_badge_svg(get_order_by_link(reference, secret).get_registration(person)))


@require_safe
def badge_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the event of a badge code; never who wears the badge or whether it is valid."""
    return render(request, "badges/badge.html", {"event": find_event_by_token(token)})


def _svg_response(svg: str) -> HttpResponse:
    response = HttpResponse(svg, content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-store"
    return response


def _draw_sample(event: Event) -> str:
    tickets = load_event_tickets(event)
    if not tickets:
        raise NoBadge(_("This event has no tickets yet. Create one to preview its badge here."))
    holder = BadgeHolder(
        "A" * 13, 1, _("First name"), _("Last name"), _("Company"), next(iter(tickets)), no_photo=True
    )
    return draw_badge_svg(event, holder, _("SAMPLE"))
