"""Pages to add a meeting of a working group, and to correct the draft that a secretary added."""

import json
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from convention.club.permissions import can_read_group, require_signed_in
from convention.errors import InvalidFields, NotOpenNow
from convention.events.forms import FirstMeetingForm, NextMeetingForm
from convention.events.models import Event
from convention.events.permissions import (
    can_organize,
    get_group_for_meeting,
    get_meeting_draft,
    runs_for_club,
)
from convention.web.edit_conflicts import compute_fingerprints, parse_seen_fingerprints
from convention.web.routing import require_safe_or_post

from .copy_event import copy_meeting, find_last_meeting
from .draft_mails import queue_draft_mails
from .drafts import CHANGED_MEANWHILE_REASON, DRAFT_FIELDS, change_meeting_draft
from .meeting_forms import MeetingDraftForm
from .start_event import start_event

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from convention.club.models import Person, WorkingGroup


@require_safe_or_post
def meeting_new(request: "HttpRequest", group: str) -> "HttpResponse":
    """Create a draft of the group's next meeting: a copy of the last one, or a first one."""
    group_row = get_group_for_meeting(group, request.user)
    source = find_last_meeting(group_row)
    form = _build_form(request, source)
    if request.method == "POST" and form.is_valid():
        actor = require_signed_in(request.user)
        event = _create_meeting(group_row, source, form, actor)
        if can_organize(request.user, event):
            messages.success(request, _("The draft has been created. Check it here before you publish it."))
            return redirect("organize-event-publish", event.slug)
        # The secretary adds meetings, and does not run them.
        messages.success(request, _notify_leads(event))
        return redirect("club-group", group)
    context = {
        "form": form,
        "group": group_row,
        "source": source,
        "copies_team": source is not None and runs_for_club(request.user, source),
        "section": "organize",
        "reads_group": can_read_group(request.user, group_row),
    }
    return render(request, "organize/meeting_new.html", context)


def _notify_leads(event: Event) -> str:
    """E-mail the leads to check and publish the draft; return the sentence for the secretary."""
    if queue_draft_mails(event):
        return _("The draft has been created. The group’s leads are asked by e-mail to check and publish it.")
    return _("The draft has been created. The group has no lead with an e-mail address to publish it.")


def _build_form(request: "HttpRequest", source: Event | None) -> FirstMeetingForm | NextMeetingForm:
    if source is None:
        return FirstMeetingForm(request.POST or None)
    initial = {"name": source.name, "name_en": source.name_en, "venue": source.venue_id}
    return NextMeetingForm(request.POST or None, initial=initial)


def _create_meeting(
    group: "WorkingGroup",
    source: Event | None,
    form: FirstMeetingForm | NextMeetingForm,
    actor: "Person",
) -> Event:
    values = form.get_event_values()
    if source:
        return copy_meeting(source=source, actor=actor, **values)
    return start_event(kind=Event.Kind.GROUP_MEETING, group=group, **values)


@require_safe_or_post
def meeting_draft(request: "HttpRequest", event: str) -> "HttpResponse":
    """Correct the draft of a meeting, for the secretary who added it."""
    event_row = get_meeting_draft(event, request.user)
    form = MeetingDraftForm(request.POST or None, event=event_row)
    stored = compute_fingerprints({name: getattr(event_row, name) for name in DRAFT_FIELDS})
    if request.method == "POST" and form.is_valid():
        # A lead may prepare the meeting at the same time, and their changes must stay.
        if parse_seen_fingerprints(request.POST.get("seen", "")) != stored:
            form.add_error(None, CHANGED_MEANWHILE_REASON)
        elif (response := _save_draft(request, event_row, form)) is not None:
            return response
    context = {
        "form": form,
        "event": event_row,
        "section": "organize",
        "seen_fingerprints": request.POST.get("seen", json.dumps(stored)),
    }
    return render(request, "organize/meeting_draft.html", context)


def _save_draft(request: "HttpRequest", event: Event, form: MeetingDraftForm) -> "HttpResponse | None":
    """Save the draft and return to its group; None with the errors in the form if it is refused."""
    try:
        lead_count = change_meeting_draft(
            event=event, actor=require_signed_in(request.user), **form.get_event_values()
        )
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except NotOpenNow as error:
        form.add_error(None, str(error))
    else:
        sentence = _("The draft has been saved.")
        if lead_count:
            sentence = _("The draft has been saved. The group’s leads receive an e-mail.")
        messages.success(request, sentence)
        return redirect("club-group", event.group.slug if event.group else "")
    return None
