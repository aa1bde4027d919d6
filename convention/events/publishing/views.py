"""Pages to create, copy, publish and delete an event."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.club.models import WorkingGroup
from convention.club.permissions import can_read_directory
from convention.codes.qr import draw_svg_symbol
from convention.errors import InvalidFields, NotFound, NotOpenNow
from convention.events.forms import CopyEventForm, PublishEventForm, StartEventForm
from convention.events.models import Event
from convention.events.permissions import (
    can_organize,
    check_event_creation,
    get_event_to_delete,
    get_event_to_organize,
)
from convention.events.slugs import make_event_slug
from convention.web.routing import require_safe_or_post

from .copy_event import copy_event
from .drafts import delete_draft, list_deletion_obstacles
from .publish import describe_opening, list_readiness, open_registration, publish_event
from .start_event import KINDS_TO_START, start_event

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MAX_COPY_SOURCES = 5


@require_safe_or_post
def event_publication(request: "HttpRequest", event: str) -> "HttpResponse":
    """Show what is missing; a POST publishes the event. Once published, show its address."""
    event_row = get_event_to_organize(event, request.user)
    is_draft = event_row.visibility == Event.Visibility.DRAFT
    for_members = event_row.kind == Event.Kind.GROUP_MEETING
    default_visibility = Event.Visibility.MEMBERS if for_members else Event.Visibility.PUBLIC
    form = PublishEventForm(request.POST or None, initial={"visibility": default_visibility})
    if request.method == "POST" and is_draft and form.is_valid():
        try:
            publish_event(event=event_row, visibility=form.cleaned_data["visibility"], actor=request.user)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except NotOpenNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"{_('The event has been published.')} {describe_opening(event_row)}".rstrip()
            )
            return redirect("organize-event-publish", event_row.slug)
    context = _build_context(event_row, form)
    # To the group or to all members: whom else somebody may write to, the form of the mailing offers.
    context["can_announce"] = event_row.cancelled_at is None and (
        (for_members and event_row.group_id is not None) or can_read_directory(request.user)
    )
    return render(request, "organize/event_publish.html", context)


@require_POST
def registration_opening(request: "HttpRequest", event: str) -> "HttpResponse":
    """Open registration without waiting for the date in the settings."""
    event_row = get_event_to_organize(event, request.user)
    try:
        open_registration(event=event_row, actor=request.user)
    except InvalidFields as error:
        sentences = [sentence for errors in error.field_errors.values() for sentence in errors]
        messages.error(request, " ".join(sentences))
    except NotOpenNow as error:
        messages.error(request, str(error))
    else:
        is_draft = event_row.visibility == Event.Visibility.DRAFT
        messages.success(
            request,
            _("Registration will open when the event is published.")
            if is_draft
            else _("Registration is open."),
        )
    return redirect("organize-event-publish", event_row.slug)


@require_safe_or_post
def event_delete(request: "HttpRequest", event: str) -> "HttpResponse":
    """Ask before a draft is deleted, or say why it cannot be; a POST deletes it."""
    event_row = get_event_to_delete(event, request.user)
    runs_event = can_organize(request.user, event_row)
    # A secretary who added a meeting for the leads cannot open its settings.
    group_path = reverse("club-group", args=[event_row.group.slug]) if event_row.group else ""
    obstacles = list_deletion_obstacles(event_row)
    if request.method == "POST":
        try:
            delete_draft(event=event_row)
        except NotOpenNow as error:
            obstacles = [str(error)]
        else:
            messages.success(request, _("The draft has been deleted: %(title)s") % {"title": event_row.title})
            # Not to the organizers' home: this may have been the person's only event.
            return redirect("landing") if runs_event else redirect(group_path)
    context = {
        "event": event_row,
        "section": "organize",
        "obstacles": obstacles,
        "back_path": reverse("organize-settings", args=[event]) if runs_event else group_path,
    }
    return render(request, "organize/event_delete.html", context)


@login_required
@require_safe
def event_new(request: "HttpRequest") -> "HttpResponse":
    """Offer the ways to begin an event: by its kind, as a copy, or from scratch."""
    check_event_creation(request.user)
    rows = Event.objects.exclude(kind=Event.Kind.SITE_VISIT).order_by("-starts_at")
    sources = list(rows[: MAX_COPY_SOURCES + 1])
    context = {
        "section": "organize",
        "sources": sources[:MAX_COPY_SOURCES],
        "has_more": len(sources) > MAX_COPY_SOURCES,
    }
    return render(request, "organize/event_choose.html", context)


@login_required
@require_safe_or_post
def event_start(request: "HttpRequest", kind: str) -> "HttpResponse":
    """Create a draft of one kind with the content that it starts with."""
    check_event_creation(request.user)
    if kind not in KINDS_TO_START:
        raise NotFound(_("There is no such type of event."))
    form = StartEventForm(request.POST or None, kind=Event.Kind(kind))
    if request.method == "POST" and form.is_valid():
        event = start_event(kind=Event.Kind(kind), **form.get_event_values())
        messages.success(request, _("The draft has been created. Check it here before you publish it."))
        return redirect("organize-event-publish", event.slug)
    is_meeting = kind == Event.Kind.GROUP_MEETING
    heading = _("New group meeting") if is_meeting else _("New convention")
    context = {
        "form": form,
        "heading": heading,
        "section": "organize",
        "has_groups": not is_meeting or WorkingGroup.objects.exists(),
        "can_add_group": can_read_directory(request.user),
    }
    return render(request, "organize/event_start.html", context)


@login_required
@require_safe_or_post
def event_copy(request: "HttpRequest") -> "HttpResponse":
    """Create a draft with the settings of another event."""
    check_event_creation(request.user)
    form = CopyEventForm(request.POST or None, initial={"source": request.GET.get("source", "")})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        new_event = copy_event(**values, slug=make_event_slug(values["name"]))
        messages.success(request, _("The event has been copied. Check it here before you publish it."))
        return redirect("organize-event-publish", new_event.slug)
    return render(request, "organize/event_copy.html", {"form": form, "section": "organize"})


def _build_context(event: Event, form: PublishEventForm) -> dict[str, object]:
    items = list_readiness(event)
    address = f"{settings.SITE_URL}{event.get_absolute_url()}"
    is_draft = event.visibility == Event.Visibility.DRAFT
    return {
        "event": event,
        "section": "organize",
        "form": form,
        "is_draft": is_draft,
        "missing_items": [item for item in items if not item.is_done],
        "done_items": [item for item in items if item.is_done],
        "is_blocked": any(item.is_required and not item.is_done for item in items),
        "address": address,
        "symbol": "" if is_draft else draw_svg_symbol(address, size=180),
    }
