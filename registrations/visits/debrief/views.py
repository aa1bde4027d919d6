"""Pages of the debrief: the organizer's editor, the reader's page with notes, and lessons of all visits."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.errors import InvalidFields, NotFound, NotOpenNow
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.visits.models import Debrief, DebriefNote
from registrations.visits.permissions import get_current_member, get_readable_visit, get_visit_to_debrief

from .debriefs import (
    add_note,
    approve_debrief,
    get_debrief,
    get_debrief_reader,
    get_debrief_terms,
    hash_debrief,
    list_signatories,
    publish_debrief,
    remove_note,
    save_debrief,
    withdraw_debrief,
)
from .forms import DebriefForm, DebriefNoteForm
from .rules import DebriefReader, can_read_debrief, can_read_lessons, is_debrief_open

DEBRIEF_ACTIONS: dict[str, Callable[..., None]] = {
    "publish": publish_debrief,
    "withdraw": withdraw_debrief,
    "approve": approve_debrief,
}
DEBRIEFS_PER_PAGE = 20


@require_safe_or_post
def debrief_edit(request: HttpRequest, event: str) -> HttpResponse:
    """Edit the debrief, and show who reads it and from when."""
    visit = get_visit_to_debrief(event, request.user)
    debrief = get_debrief(visit)
    form = DebriefForm(request.POST or None, instance=debrief)
    if request.method == "POST" and form.is_valid():
        save_debrief(debrief=form.save(commit=False), changed=form.changed_data)
        messages.success(request, _("The debrief has been saved."))
        return redirect("organize-visit-debrief", event)
    terms = get_debrief_terms(debrief)
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "form": form,
        "debrief": debrief,
        "terms": terms,
        "is_open": is_debrief_open(terms, at=timezone.now()),
        "seen_hash": hash_debrief(debrief),
        "is_over": visit.event.is_over(),
        "signatory_count": len(list_signatories(visit)),
        "notes": list_notes(debrief),
    }
    return render(request, "visits/organize_debrief.html", context)


@require_POST
def debrief_decide(request: HttpRequest, event: str) -> HttpResponse:
    """Publish or withdraw the debrief, or record the host's approval."""
    visit = get_visit_to_debrief(event, request.user)
    action = request.POST.get("action", "")
    if action not in DEBRIEF_ACTIONS:
        raise InvalidFields(_("Choose an action."), {"action": [_("Choose an action.")]})
    debrief = get_debrief(visit)
    if debrief.pk is None:
        raise NotOpenNow(_("There is nothing to publish yet. Enter the debrief first."))
    # Only an approval depends on the text that was on the page.
    arguments = {"seen_hash": request.POST.get("seen_hash", "")} if action == "approve" else {}
    DEBRIEF_ACTIONS[action](debrief=debrief, **arguments)
    confirmations = {
        "publish": _("The debrief has been published. Everyone who attended can read it now."),
        "withdraw": _("The debrief is no longer published."),
        "approve": _("The host’s approval has been recorded."),
    }
    messages.success(request, confirmations[action])
    return redirect("organize-visit-debrief", event)


def list_notes(debrief: Debrief) -> list[DebriefNote]:
    if debrief.pk is None:
        return []
    return list(debrief.notes.select_related("application__registration", "application__person"))


@never_cache
@require_safe_or_post
def debrief_page(request: HttpRequest, event: str) -> HttpResponse:
    """Show what the reader may read now; those who were present add and remove their own notes."""
    visit = get_readable_visit(event, request.user)
    person = get_current_member(request.user)
    debrief, reader = get_debrief(visit), get_debrief_reader(visit, person)
    terms, now = get_debrief_terms(debrief), timezone.now()
    if not (
        can_read_debrief(terms, reader, at=now)
        or reader.is_signatory
        or can_read_lessons(terms, reader, at=now)
    ):
        # 404 for both cases, so that the page does not tell whether a debrief exists.
        raise NotFound(_("There is no debrief of this visit yet, or it is reserved for those who attended."))
    form = DebriefNoteForm(request.POST or None)
    if request.method == "POST":
        response = _handle_note_post(request, debrief, form, reader)
        if response:
            return response
    context = {
        "event": visit.event, "debrief": debrief, "terms": terms, "form": form,
        "is_signatory": reader.is_signatory,
        "can_read": can_read_debrief(terms, reader, at=now), "is_open": is_debrief_open(terms, at=now),
        "notes": list_notes(debrief) if reader.is_signatory else [], "person": person,
    }  # fmt: skip
    return render(request, "visits/debrief.html", context)


def _handle_note_post(
    request: HttpRequest, debrief: Debrief, form: DebriefNoteForm, reader: DebriefReader
) -> HttpResponse | None:
    """Add or remove a note; return None if the form has errors."""
    own_applications = [
        application
        for application in list_signatories(debrief.visit)
        if application.person_id == request.user.pk
    ]
    if not reader.is_signatory or not own_applications:
        raise NotFound(_("Notes are reserved for those who attended."))
    # Only the reader's own notes; for others the redirect looks the same, and nothing is deleted.
    if pk := parse_digits(request.POST.get("remove", "")):
        own_notes = DebriefNote.objects.select_related("debrief__visit__event").filter(
            debrief__visit=debrief.visit, application__person=request.user.pk
        )
        if note := own_notes.filter(pk=pk).first():
            remove_note(note=note)
        return redirect("visit-debrief", debrief.visit.event.slug)
    if not form.is_valid():
        return None
    try:
        add_note(debrief=debrief, application=own_applications[0], text=form.cleaned_data["text"])
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return None
    messages.success(request, _("Your note has been saved."))
    return redirect("visit-debrief", debrief.visit.event.slug)


@never_cache
@require_GET
def lesson_list(request: HttpRequest) -> HttpResponse:
    """List the lessons of all visits whose debrief is open, the latest visit first."""
    get_current_member(request.user)
    # Never as a signatory: before a debrief opens, signatories read its lessons on its own page.
    now, reader = timezone.now(), DebriefReader(is_member=True)
    rows = Debrief.objects.filter(published_at__isnull=False, host_approved_at__isnull=False).exclude(
        lessons_learned=""
    )
    rows = rows.select_related("visit__event__host").order_by("-visit__event__starts_at", "-pk")
    # By `rules.py` and not in SQL, so that the rule exists once.
    readable = [debrief for debrief in rows if can_read_lessons(get_debrief_terms(debrief), reader, at=now)]
    page = Paginator(readable, DEBRIEFS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "visits/lessons.html", {"page_obj": page})
