"""Page to add a meeting of a working group, for its leads, the secretary and organizers."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from convention.club.permissions import can_read_group, require_signed_in
from convention.events.forms import FirstMeetingForm, NextMeetingForm
from convention.events.models import Event
from convention.events.permissions import can_organize, get_group_for_meeting, runs_for_club
from convention.web.routing import require_safe_or_post

from .copy_event import copy_meeting, find_last_meeting
from .draft_mails import queue_draft_mails
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
