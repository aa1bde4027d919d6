"""Pages of organizers and desk: badges admitted twice, how each conflict was resolved, and by whom."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from badges.attendance.conflict_list import (
    ScanConflictFilter,
    filter_open_conflicts,
    filter_resolutions,
    load_conflicts,
)
from badges.attendance.conflicts import (
    Resolver,
    reopen_conflict,
    resolve_badge_conflicts,
)
from badges.attendance.forms import ResolutionForm, ScanConflictFilterForm
from badges.attendance.models import Checkpoint, ConflictResolution, Presence
from convention.club.permissions import require_signed_in
from convention.events.models import Event
from convention.events.permissions import can_organize, get_event_to_organize, get_event_to_staff
from convention.text.normalize import parse_digits
from registrations.models import Registration

CONFLICTS_PER_PAGE = 50
MAX_NAMES_SHOWN = 20


@require_safe
def conflict_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show one page of the open conflicts, or of the resolved ones with `state=resolved`."""
    event_obj = get_event_to_staff(event, request.user)
    form = ScanConflictFilterForm(request.GET or None, event=event_obj)
    conflict_filter = form.build_filter() if form.is_valid() else ScanConflictFilter()
    is_resolved = request.GET.get("state") == "resolved"
    open_conflicts = filter_open_conflicts(event_obj, conflict_filter)
    resolutions = filter_resolutions(event_obj, conflict_filter)
    context: dict[str, Any] = {
        "event": event_obj,
        "section": "organize",
        "is_organizer": can_organize(request.user, event_obj),
        "form": form,
        "is_resolved": is_resolved,
        "is_filtered": conflict_filter != ScanConflictFilter(),
        "kinds": ConflictResolution.Kind.choices,
        "open_count": open_conflicts.count(),
        "resolved_count": resolutions.count(),
    }
    if is_resolved:
        context["page_obj"] = Paginator(resolutions, CONFLICTS_PER_PAGE).get_page(request.GET.get("page"))
    else:
        rows = open_conflicts.select_related("registration", "checkpoint")
        page = Paginator(rows, CONFLICTS_PER_PAGE).get_page(request.GET.get("page"))
        context |= {"page_obj": page, "conflicts": load_conflicts(event_obj, list(page))}
    return render(request, "attendance/conflicts.html", context)


@require_POST
def conflict_resolve(request: HttpRequest, event: str, reference: str, checkpoint: int) -> HttpResponse:
    event_obj = get_event_to_staff(event, request.user)
    registration = get_object_or_404(Registration, event=event_obj, reference=reference)
    checkpoint_obj = get_object_or_404(Checkpoint, event=event_obj, pk=checkpoint)
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Choose an explanation for the conflict."))
        return _redirect_to_list(request, event_obj)
    resolved = resolve_badge_conflicts(
        event=event_obj,
        keys=[(registration.pk, checkpoint_obj.pk)],
        kind=form.cleaned_data["kind"],
        resolver=Resolver(person=require_signed_in(request.user)),
    )
    if resolved:
        messages.success(request, _("The conflict has been resolved. The scans do not change."))
    else:
        messages.info(request, _("This conflict has already been resolved."))
    return _redirect_to_list(request, event_obj)


@require_POST
def conflicts_resolve(request: HttpRequest, event: str) -> HttpResponse:
    """Preview how the chosen conflicts would be resolved; with `confirmed`, resolve them."""
    event_obj = get_event_to_staff(event, request.user)
    form = ResolutionForm(request.POST)
    presences = list(_find_chosen_conflicts(request, event_obj).select_related("registration", "checkpoint"))
    if not form.is_valid() or not presences:
        messages.warning(request, _("Choose open conflicts and an explanation."))
        return _redirect_to_list(request, event_obj)
    kind = form.cleaned_data["kind"]
    if "confirmed" not in request.POST:
        context = {
            "event": event_obj,
            "section": "organize",
            "kind": kind,
            "kind_label": ConflictResolution.Kind(kind).label,
            "presences": presences[:MAX_NAMES_SHOWN],
            "count": len(presences),
            "more_count": max(0, len(presences) - MAX_NAMES_SHOWN),
            "chosen": " ".join(str(presence.pk) for presence in presences),
            "filter_query": request.POST.get("filter", ""),
        }
        return render(request, "attendance/conflicts_preview.html", context)
    resolved = resolve_badge_conflicts(
        event=event_obj,
        keys=[(presence.registration_id, presence.checkpoint_id) for presence in presences],
        kind=kind,
        resolver=Resolver(person=require_signed_in(request.user)),
    )
    sentence = ngettext("%(count)d conflict resolved.", "%(count)d conflicts resolved.", len(resolved))
    messages.success(request, sentence % {"count": len(resolved)})
    return _redirect_to_list(request, event_obj)


def _find_chosen_conflicts(request: HttpRequest, event: Event) -> QuerySet[Presence]:
    """Return the open conflicts that were ticked, or with `all` those that match the list's filter."""
    if "all" in request.POST:
        form = ScanConflictFilterForm(QueryDict(request.POST.get("filter", "")), event=event)
        if not form.is_valid():
            return Presence.objects.none()
        return filter_open_conflicts(event, form.build_filter())
    # One field for all ids: the number of fields in a request is limited.
    texts = [text for value in request.POST.getlist("conflict") for text in value.split()]
    ids = [number for number in map(parse_digits, texts) if number]
    return filter_open_conflicts(event, ScanConflictFilter()).filter(pk__in=ids)


@require_POST
def conflict_reopen(request: HttpRequest, event: str, resolution: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    rows = ConflictResolution.objects.select_related("scan__event", "scan__checkpoint", "scan__registration")
    reopen_conflict(resolution=get_object_or_404(rows, scan__event=event_obj, pk=resolution))
    messages.success(request, _("The conflict is open again."))
    return _redirect_to_list(request, event_obj)


def _redirect_to_list(request: HttpRequest, event: Event) -> HttpResponse:
    """Redirect to the list with the filter it had."""
    # Parsed and encoded again: what was posted stays a query and cannot lead to another address.
    query = QueryDict(request.POST.get("filter", ""))
    response = redirect("organize-conflicts", event.slug)
    if query:
        response["Location"] += f"?{query.urlencode()}"
    return response
