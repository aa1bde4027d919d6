"""Slides on a speaker's own page, for organizers, and for everybody after the session."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.errors import ConventionError, NotFound, UnreadableFile
from convention.events.permissions import get_event_to_organize, get_visible_event
from convention.tables.downloads import attachment_response
from convention.text.normalize import parse_digits
from schedule.models import SessionFile, Speaker
from schedule.permissions import get_programme_audience, get_public_session, get_speaker_by_link

from .forms import SlidesForm
from .own_page import throttle_changes
from .slides import (
    CURRENT_CONSENT_VERSION,
    find_file,
    get_own_file,
    publish_slides,
    remove_slides,
    toggle_slides,
    upload_slides,
    withdraw_slides,
)

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_POST
def speaker_slides(request: "HttpRequest", token: str) -> HttpResponse:
    """Upload slides, or publish, withdraw or remove a file: the button sends which as `action`."""
    speaker = get_speaker_by_link(token)
    throttle_changes(speaker)
    try:
        messages.success(request, run_slides_action(request, speaker), extra_tags="slides")
    except ConventionError as error:
        messages.error(request, str(error), extra_tags="slides")
    response = redirect(f"{reverse('speaker-page', args=[token])}#slides")
    response.status_code = 303
    return response


def run_slides_action(request: "HttpRequest", speaker: Speaker) -> str:
    """Run the action of the button and return its success message. Raise ConventionError."""
    action = request.POST.get("action", "")
    if action == "upload":
        return upload_posted_slides(request, speaker)
    actions: dict[str, tuple[Callable[..., None], str]] = {
        "publish": (publish_slides, _("Your slides will be published after the session.")),
        "withdraw": (withdraw_slides, _("Your slides are not published.")),
        "remove": (remove_slides, _("Your slides have been removed.")),
    }
    if action not in actions:
        raise NotFound(_("This page has changed. Open it again from the link in our e-mail."))
    run, sentence = actions[action]
    run(file=get_own_file(speaker, parse_digits(request.POST.get("file", "")) or 0))
    return sentence


def upload_posted_slides(request: "HttpRequest", speaker: Speaker) -> str:
    form = SlidesForm(request.POST, request.FILES)
    if not form.is_valid():
        raise UnreadableFile(str(form.errors["slides"][0]))
    upload_slides(
        speaker=speaker,
        session_id=parse_digits(request.POST.get("session", "")) or 0,
        upload=form.cleaned_data["slides"],
        consent_version=CURRENT_CONSENT_VERSION if form.cleaned_data["has_consent"] else None,
    )
    return _("Your slides have been saved.")


@require_safe
def speaker_slides_file(request: "HttpRequest", token: str, pk: int) -> HttpResponse:
    """Return a file to the speaker who uploaded it."""
    return serve_file(get_own_file(get_speaker_by_link(token), pk))


@require_safe
def session_file(request: "HttpRequest", event: str, guid: uuid.UUID, pk: int) -> HttpResponse:
    """Return published slides of a public session, after its end."""
    visible_event = get_visible_event(event, request.user)
    audience = get_programme_audience(request.user, visible_event)
    session = get_public_session(visible_event, guid, audience=audience)
    return serve_file(find_file(SessionFile.objects.public().filter(session=session), pk))


@require_safe
def organizer_session_file(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return serve_file(find_file(SessionFile.objects.filter(session__event=event_obj), pk))


@require_POST
def session_file_toggle(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Hide slides from the public, or show them again."""
    event_obj = get_event_to_organize(event, request.user)
    file = toggle_slides(file=find_file(SessionFile.objects.filter(session__event=event_obj), pk))
    messages.success(
        request,
        _("The slides have been hidden.") if file.hidden_at else _("The slides are no longer hidden."),
    )
    return redirect("organize-session", event_obj.slug, file.session.number)


def serve_file(file: SessionFile) -> HttpResponse:
    """Return a file to save: browsers must neither show nor guess what a stranger uploaded."""
    response = attachment_response(bytes(file.content), name=file.name, mimetype=file.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response
