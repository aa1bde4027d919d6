"""Organizers' pages: conflicts and their fixes, levels of kinds, times of rooms and speakers."""

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.errors import NotFound
from convention.events.models import Room
from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_digits
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from schedule.drafts.slot_state import SlotState
from schedule.editing.views import get_author, render_organizer_page, report_refusals
from schedule.models import ConflictLevel, ProgrammeAudience, Speaker
from schedule.programme.agenda_filter import clean_query_value
from schedule.programme.programme_version import get_programme_version
from schedule.speakers.organizer_views import get_speaker

from .apply_fix import apply_fix, undo_fix
from .conflict_list import ConflictFilter, build_conflict_list, describe_rows
from .describe import KIND_LABELS
from .forms import (
    AvailabilityFormSet,
    PlanningRuleForms,
    RoomPlanningForm,
    SpeakerTimesForm,
    read_periods,
)
from .load import load_working_timetable
from .planning_rules import (
    save_availabilities,
    save_kind_rules,
    save_planning_hours,
    save_room_planning,
    save_walking_times,
)

if TYPE_CHECKING:
    from django.forms import BaseFormSet
    from django.http import HttpRequest, HttpResponse

# Each row's fix is computed: about 10 ms in a programme of 300 sessions.
ROWS_PER_PAGE: Final = 20


@require_safe
def conflict_list(request: "HttpRequest", event: str) -> "HttpResponse":
    event_obj = get_event_to_organize(event, request.user)
    values = {name: clean_query_value(request.GET.get(name, "")) for name in ("kind", "level", "day")}
    version = get_programme_version(event_obj, audience=ProgrammeAudience.MEMBERS)

    def get_day(state: SlotState) -> datetime.date:
        return state.day or version.get_programme_day(state.starts_at)

    timetable = load_working_timetable(event_obj)
    listing = build_conflict_list(timetable, ConflictFilter(**values), get_day)
    page = Paginator(listing.matching, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render_organizer_page(
        request,
        "conflicts",
        event_obj,
        listing=listing,
        page_obj=page,
        rows=describe_rows(event_obj, timetable, [*page.object_list]),
        conflict_filter=values,
        kinds=[(kind, KIND_LABELS[kind], count) for kind, count in listing.kinds],
        levels=[level for level in ConflictLevel.Level.choices if level[0] != ConflictLevel.Level.IGNORE],
        undo_batch=parse_digits(request.GET.get("undo", "")),
    )


@require_POST
def conflict_fix(request: "HttpRequest", event: str) -> "HttpResponse":
    """Apply the fix that was shown; the list then offers to undo it."""
    event_obj = get_event_to_organize(event, request.user)
    address = reverse("organize-schedule-conflicts", args=[event_obj.slug])
    with report_refusals(request):
        moves = apply_fix(
            event=event_obj,
            code=clean_query_value(request.POST.get("conflict", "")),
            digest=clean_query_value(request.POST.get("fix", "")),
            author=get_author(request),
        )
        messages.success(
            request, _("The conflict has been resolved in the draft. It becomes public when you publish.")
        )
        if moves:
            address += f"?undo={moves[0].batch}"
    return redirect(address)


@require_POST
def conflict_undo(request: "HttpRequest", event: str) -> "HttpResponse":
    event_obj = get_event_to_organize(event, request.user)
    with report_refusals(request):
        skipped = undo_fix(
            event=event_obj,
            batch=parse_digits(request.POST.get("batch", "")) or 0,
            author=get_author(request),
        )
        if skipped:
            messages.warning(
                request, _("Undone, except for sessions moved again since then, which stay where they are.")
            )
        else:
            messages.success(request, _("The sessions are back in their previous places."))
    return redirect("organize-schedule-conflicts", event_obj.slug)


@require_safe_or_post
def planning_rules(request: "HttpRequest", event: str) -> "HttpResponse":
    """Change the hours of the days, the level of each kind of conflict, and the walking times."""
    event_obj = get_event_to_organize(event, request.user)
    forms = PlanningRuleForms(get_posted_data(request), event=event_obj)
    if forms.is_valid():
        with transaction.atomic():
            save_kind_rules(event=event_obj, rules={form.kind: form.get_rule() for form in forms.kinds})
            if forms.hours.has_changed():
                save_planning_hours(
                    event=event_obj,
                    opens_at=forms.hours.cleaned_data["planning_opens_at"],
                    closes_at=forms.hours.cleaned_data["planning_closes_at"],
                    single_days=forms.hours.get_single_days(),
                )
            if forms.walking.has_changed():
                save_walking_times(event=event_obj, minutes=forms.walking.get_minutes())
        messages.success(request, _("The rules have been saved."))
        return redirect("organize-schedule-conflicts", event_obj.slug)
    return render_organizer_page(
        request,
        "planning_rules",
        event_obj,
        forms=forms,
        rooms=[*event_obj.rooms.all()],
    )


@require_safe_or_post
def room_planning(request: "HttpRequest", event: str, pk: int) -> "HttpResponse":
    """Change turnover, zone, equipment and times of a room."""
    event_obj = get_event_to_organize(event, request.user)
    room = event_obj.rooms.filter(pk=pk).first()
    if room is None:
        raise NotFound(_("This room was not found; it may have been deleted."))
    with timezone.override(event_obj.zone):
        periods = make_period_forms(get_posted_data(request), room)
        form = RoomPlanningForm(get_posted_data(request), instance=room, event=event_obj, periods=periods)
        if form.is_valid() and periods.is_valid():
            with transaction.atomic():
                if form.has_changed():
                    save_room_planning(room=room, changed_fields=form.changed_data)
                if form.has_changed_periods:
                    save_availabilities(owner=room, periods=read_periods(periods))
            messages.success(request, _("The room has been saved."))
            return redirect("organize-schedule-rules", event_obj.slug)
        return render_organizer_page(
            request, "room_planning", event_obj, form=form, periods=periods, room=room
        )


@require_safe_or_post
def speaker_times(request: "HttpRequest", event: str, pk: int) -> "HttpResponse":
    """Change when a speaker can come."""
    event_obj = get_event_to_organize(event, request.user)
    speaker = get_speaker(event_obj, pk)
    with timezone.override(event_obj.zone):
        periods = make_period_forms(get_posted_data(request), speaker)
        form = SpeakerTimesForm(get_posted_data(request), instance=speaker, periods=periods)
        if form.is_valid() and periods.is_valid():
            if form.has_changed_periods:
                save_availabilities(owner=speaker, periods=read_periods(periods))
            messages.success(request, _("The speaker’s times have been saved."))
            return redirect("organize-speaker", event_obj.slug, pk)
        return render_organizer_page(
            request, "speaker_times", event_obj, form=form, periods=periods, speaker=speaker
        )


def make_period_forms(data: Mapping[str, Any] | None, owner: Room | Speaker) -> "BaseFormSet[Any]":
    """Return the forms of the times of a room or speaker; valid only with data."""
    initial = [*owner.availabilities.values("level", "starts_at", "ends_at")]
    return AvailabilityFormSet(data, initial=initial, prefix="time")
