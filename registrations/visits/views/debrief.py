"""Pages of what comes after: the debrief as it is kept and read, and what the club learned."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import Closed, InvalidFields, NotFound
from convention.text import whole_number

from ..day_doors import member_to_read, visit_to_debrief, visit_to_read
from ..debrief import (
    add_note,
    approve_debrief,
    debrief_of,
    publish_debrief,
    reader_of,
    remove_note,
    save_debrief,
    signatories,
    terms_of,
    withdraw_debrief,
    words_of,
)
from ..debrief_rules import Reader, is_open, may_learn, may_read
from ..forms.debrief import DebriefForm, NoteForm
from ..models import Debrief, DebriefNote

ACTS: dict[str, Callable[..., None]] = {
    "publish": publish_debrief,
    "withdraw": withdraw_debrief,
    "approve": approve_debrief,
}
ON_A_PAGE = 20


@require_http_methods(["GET", "POST"])
def debrief(request: HttpRequest, event: str) -> HttpResponse:
    """Write it; what is said below tells who reads it, and from when."""
    visit = visit_to_debrief(event, request.user)
    one = debrief_of(visit)
    form = DebriefForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        save_debrief(debrief=form.save(commit=False), changed=form.changed_data)
        messages.success(request, _("The debrief is saved."))
        return redirect("organize-visit-debrief", event)
    terms = terms_of(one)
    context = {
        "event": visit.event, "visit": visit, "section": "organize", "form": form, "debrief": one,
        "terms": terms, "is_open": is_open(terms, at=timezone.now()), "seen": words_of(one),
        "is_over": visit.event.ends_at < timezone.now(),
        "signatories": len(signatories(visit)), "notes": notes_of(one),
    }  # fmt: skip
    return render(request, "visits/organize_debrief.html", context)


@require_POST
def act(request: HttpRequest, event: str) -> HttpResponse:
    """Publish it, take it back, or note the host's approval."""
    visit = visit_to_debrief(event, request.user)
    chosen = request.POST.get("act", "")
    if chosen not in ACTS:
        raise InvalidFields(_("Choose what is to be done."), {"act": [_("Choose what is to be done.")]})
    one = debrief_of(visit)
    if one.pk is None:
        raise Closed(_("Write the debrief first: there is nothing to publish."))
    seen = {"seen": request.POST.get("seen", "")} if chosen == "approve" else {}
    ACTS[chosen](debrief=one, **seen)
    said = {
        "publish": _("The debrief is published: those who were there read it now."),
        "withdraw": _("Nobody reads the debrief any more."),
        "approve": _("The host’s approval is noted."),
    }
    messages.success(request, said[chosen])
    return redirect("organize-visit-debrief", event)


def notes_of(one: Debrief) -> list[DebriefNote]:
    """What the group added, in its order."""
    if one.pk is None:
        return []
    return list(one.notes.select_related("application__registration", "application__person"))


@never_cache
@require_http_methods(["GET", "POST"])
def read(request: HttpRequest, event: str) -> HttpResponse:
    """The debrief, for whoever may read it now; those who were there add and take back notes."""
    visit = visit_to_read(event, request.user)
    person = member_to_read(request.user)
    one, reader = debrief_of(visit), reader_of(visit, person)
    terms, now = terms_of(one), timezone.now()
    if not (may_read(terms, reader, at=now) or reader.is_signatory or may_learn(terms, reader, at=now)):
        raise NotFound(_("There is nothing to read of this visit yet, or it is for those who were there."))
    form = NoteForm(request.POST or None)
    if request.method == "POST":
        answer = _noted(request, one, form, reader)
        if answer:
            return answer
    context = {
        "event": visit.event, "debrief": one, "terms": terms, "form": form,
        "is_signatory": reader.is_signatory,
        "may_read": may_read(terms, reader, at=now), "is_open": is_open(terms, at=now),
        "notes": notes_of(one) if reader.is_signatory else [], "person": person,
    }  # fmt: skip
    return render(request, "visits/debrief.html", context)


def _noted(request: HttpRequest, one: Debrief, form: NoteForm, reader: Reader) -> HttpResponse | None:
    """Add a note or take one's own back; None where the form needs another look."""
    own = [found for found in signatories(one.visit) if found.person_id == request.user.pk]
    if not reader.is_signatory or not own:
        raise NotFound(_("Notes are for those who were there."))
    if pk := whole_number(request.POST.get("remove", "")):
        note = DebriefNote.objects.select_related("debrief__visit__event").filter(
            pk=pk, debrief__visit=one.visit, application__person=request.user.pk
        )
        if found := note.first():
            remove_note(note=found)
        return redirect("visit-debrief", one.visit.event.slug)
    if not form.is_valid():
        return None
    try:
        add_note(debrief=one, application=own[0], text=form.cleaned_data["text"])
    except InvalidFields as error:
        form.add_errors(error.fields)
        return None
    messages.success(request, _("Your note is kept."))
    return redirect("visit-debrief", one.visit.event.slug)


@never_cache
@require_GET
def learned(request: HttpRequest) -> HttpResponse:
    """What the club learned at its visits, the latest first: for members, once each debrief is open."""
    member_to_read(request.user)
    now, reader = timezone.now(), Reader(is_member=True)
    rows = Debrief.objects.filter(published_at__isnull=False, vendor_approved_at__isnull=False).exclude(
        learned=""
    )
    rows = rows.select_related("visit__event__host").order_by("-visit__event__starts_at", "-pk")
    opened = [one for one in rows if may_learn(terms_of(one), reader, at=now)]
    shown = Paginator(opened, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "visits/learned.html", {"shown": shown})
