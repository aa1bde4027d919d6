"""Organizers' pages: the checkpoints of an event."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from badges.attendance.devices.checkpoints import (
    create_session_checkpoints,
    describe_checkpoint_use,
    get_checkpoint,
    is_checkpoint_used,
    list_sessions_without_checkpoint,
    remove_checkpoint,
    save_checkpoint,
    suggest_checkpoint,
)
from badges.attendance.forms import CheckpointForm
from badges.attendance.models import Checkpoint, Device
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.web.forms import report_refusals
from convention.web.routing import require_safe_or_post

# Checkpoints of sessions are created from the list, those of coaches on the page of a visit's day.
SUGGESTED_KINDS = [
    (kind.value, kind.label)
    for kind in (
        Checkpoint.Kind.ENTRANCE,
        Checkpoint.Kind.MEAL,
        Checkpoint.Kind.VISIT,
        Checkpoint.Kind.ASSEMBLY,
        Checkpoint.Kind.EXIT,
    )
]


@require_GET
def checkpoint_list(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    checkpoints = (
        event_obj.checkpoints.select_related("session", "counts_as", "addon")
        .prefetch_related("tickets")
        .annotate(phones=Count("devices", filter=Q(devices__in=Device.objects.valid())))
    )
    sessions = list_sessions_without_checkpoint(event_obj)
    context = {
        "event": event_obj,
        "section": "organize",
        "checkpoints": checkpoints,
        "sessions_without_checkpoint": sessions.count(),
        "bookable_without_checkpoint": sessions.filter(is_bookable=True).count(),
    }
    return render(request, "attendance/checkpoints.html", context)


@require_safe_or_post
def checkpoint_create(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_checkpoint(
        request, event_obj, Checkpoint(event=event_obj, position=event_obj.checkpoints.count())
    )


@require_safe_or_post
def checkpoint_edit(request: HttpRequest, event: str, checkpoint: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_checkpoint(request, event_obj, get_checkpoint(event_obj, checkpoint))


def _edit_checkpoint(request: HttpRequest, event: Event, checkpoint: Checkpoint) -> HttpResponse:
    name = checkpoint.name
    kind = request.GET.get("kind", "")
    is_suggested = checkpoint.pk is None and kind in Checkpoint.Kind.values
    initial = suggest_checkpoint(event, kind) if is_suggested else None
    form = CheckpointForm(request.POST or None, instance=checkpoint, event=event, initial=initial)
    if request.method == "POST" and form.is_valid():
        with report_refusals(request):
            save_checkpoint(
                checkpoint=form.save(commit=False),
                changed_fields=form.changed_data,
                tickets=form.cleaned_data["tickets"],
            )
            messages.success(
                request, _("The checkpoint has been saved; devices update within a few seconds.")
            )
        return redirect("organize-checkpoints", event.slug)
    context = {
        "event": event,
        "section": "organize",
        "form": form,
        "checkpoint": checkpoint,
        "name": name,
        "kind": kind,
        "kinds": SUGGESTED_KINDS,
    }
    # By the saved name: the form may have written another one to the checkpoint.
    if checkpoint.pk and is_checkpoint_used(checkpoint):
        context["removal_objection"] = describe_checkpoint_use(Checkpoint(name=name))
    return render(request, "attendance/checkpoint.html", context)


@require_POST
def checkpoint_remove(request: HttpRequest, event: str, checkpoint: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    checkpoint_to_remove = get_checkpoint(event_obj, checkpoint)
    with report_refusals(request):
        remove_checkpoint(checkpoint=checkpoint_to_remove)
        messages.success(request, _("The checkpoint has been removed."))
        return redirect("organize-checkpoints", event_obj.slug)
    return redirect("organize-checkpoint", event_obj.slug, checkpoint)


@require_POST
def session_checkpoints_create(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    sessions = list_sessions_without_checkpoint(event_obj)
    if request.POST.get("sessions") == "bookable":
        sessions = sessions.filter(is_bookable=True)
    count = create_session_checkpoints(event=event_obj, sessions=sessions)
    sentence = ngettext("%(count)d checkpoint created.", "%(count)d checkpoints created.", count)
    messages.success(request, sentence % {"count": count})
    return redirect("organize-checkpoints", event_obj.slug)
