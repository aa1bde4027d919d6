"""A speaker's own page at a secret link; no account is needed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.errors import ConventionError, NotFound
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from schedule.editing.programme_parts import save_programme_item
from schedule.models import Speaker, SpeakerPhoto
from schedule.permissions import get_programme_audience, get_public_speaker, get_speaker_by_link

from .availability import (
    PostedLevels,
    describe_conflicting_times,
    load_grid,
    save_posted_availability,
)
from .forms import PhotoForm, SlidesForm, SpeakerProfileForm
from .own_page import (
    confirm_session,
    decline_session,
    list_appearances,
    list_feedback_summaries,
    throttle_changes,
)
from .photos import (
    CONSENT_TEXTS,
    CURRENT_CONSENT_VERSION,
    PhotoUploader,
    find_photo,
    give_photo_consent,
    remove_photo,
    save_photo,
    withdraw_photo_consent,
)
from .slides import CONSENT_TEXTS as SLIDES_CONSENT_TEXTS
from .slides import CURRENT_CONSENT_VERSION as SLIDES_CONSENT_VERSION
from .slides import list_own_files

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest


@require_safe_or_post
def speaker_own_page(request: "HttpRequest", token: str) -> HttpResponse:
    """Show the speaker's page; a POST runs the action that the button sends as `action`."""
    speaker = get_speaker_by_link(token)
    profile = SpeakerProfileForm(instance=speaker)
    photo_form = PhotoForm()
    if request.method == "POST":
        throttle_changes(speaker)
        action = request.POST.get("action", "")
        if action == "profile":
            profile = SpeakerProfileForm(request.POST, instance=speaker)
            if profile.is_valid():
                save_profile(speaker, profile)
                return redirect_to_section(request, token, _("Your details have been saved."), "profile")
        elif action == "photo":
            photo_form = PhotoForm(request.POST, request.FILES)
            if photo_form.is_valid() and upload_photo(speaker, photo_form):
                return redirect_to_section(request, token, _("Your photograph has been saved."), "photo")
        else:
            return run_action(request, speaker, token, action)
    return render_own_page(request, speaker, token, profile=profile, photo_form=photo_form)


def save_profile(speaker: Speaker, form: SpeakerProfileForm) -> None:
    save_programme_item(
        event=speaker.event, item=form.save(commit=False), changed_fields=sorted(form.changed_data)
    )


def upload_photo(
    speaker: Speaker, form: PhotoForm, *, uploader: PhotoUploader = PhotoUploader.SPEAKER
) -> bool:
    """Save photograph and consent; return False if the file was refused, with the reason at its field."""
    set_consent = give_photo_consent if form.cleaned_data["has_consent"] else withdraw_photo_consent
    try:
        save_photo(
            speaker=speaker, upload=form.cleaned_data["photo"], set_consent=set_consent, uploader=uploader
        )
    except ConventionError as error:
        form.add_error("photo", str(error))
        return False
    return True


def run_action(request: "HttpRequest", speaker: Speaker, token: str, action: str) -> HttpResponse:
    """Run a button's action, and return to its section of the page. Raise NotFound for an unknown one."""
    actions: dict[str, tuple[Callable[[], None], str, str]] = {
        "confirm": (lambda: confirm_session(speaker=speaker, session_id=get_session_id(request)),
                    _("Thank you: the session has been confirmed."), "sessions"),
        "decline": (lambda: decline_session(speaker=speaker, session_id=get_session_id(request)),
                    _("Thank you for letting us know that you cannot give this session. The "
                        "organizers will contact you."),
                    "sessions"),
        "availability": (lambda: save_posted_grid(request, speaker),
                         _("Your availability has been saved."), "availability"),
        "photo-remove": (lambda: remove_photo(speaker=speaker), _(
            "Your photograph has been removed."
        ), "photo"),
        "photo-consent": (lambda: give_photo_consent(speaker=speaker),
                          _("Your photograph is now shown in the programme."), "photo"),
        "photo-withdraw": (lambda: withdraw_photo_consent(speaker=speaker),
                           _("Your photograph is no longer shown."), "photo"),
    }  # fmt: skip
    if action not in actions:
        raise NotFound(_("This page has changed. Open it again from the link in our e-mail."))
    run, sentence, section = actions[action]
    run()
    return redirect_to_section(request, token, sentence, section)


def get_session_id(request: "HttpRequest") -> int:
    """Return the posted key of a session; 0, which is none, for anything else."""
    return parse_digits(request.POST.get("session", "")) or 0


def save_posted_grid(request: "HttpRequest", speaker: Speaker) -> None:
    """Save the availability of a posted grid, in the step in which it was shown; warn of conflicts."""
    conflicting_times = save_posted_availability(
        speaker=speaker,
        posted=PostedLevels(request.POST.dict()),
        step_minutes=parse_step(request.POST.get("step", "")),
    )
    if conflicting_times:
        sentence = describe_conflicting_times(conflicting_times, speaker.event.zone)
        messages.warning(request, sentence, extra_tags="availability")


def parse_step(text: str) -> int | None:
    """Return 30 or 60; None for anything else, so that the grid chooses."""
    return {"30": 30, "60": 60}.get(text)


def redirect_to_section(request: "HttpRequest", token: str, sentence: str, section: str) -> HttpResponse:
    """Redirect to a section of the page, with a success message."""
    messages.success(request, sentence, extra_tags=section)
    response = redirect(f"{reverse('speaker-page', args=[token])}#{section}")
    response.status_code = 303
    return response


def render_own_page(
    request: "HttpRequest",
    speaker: Speaker,
    token: str,
    *,
    profile: SpeakerProfileForm,
    photo_form: PhotoForm,
) -> HttpResponse:
    event, photo = speaker.event, find_photo(speaker)
    appearances, files = list_appearances(speaker), list_own_files(speaker)
    context: dict[str, Any] = {
        "event": event,
        "is_event_public": event.visibility != Event.Visibility.DRAFT,
        "speaker": speaker,
        "link": speaker.link,
        "token": token,
        "appearances": appearances,
        "slide_rows": [(row.session, files.get(row.session_id, [])) for row in appearances],
        "slides_form": SlidesForm(auto_id=False),
        "slides_consent_text": SLIDES_CONSENT_TEXTS[SLIDES_CONSENT_VERSION],
        "profile": profile,
        "photo": photo,
        "photo_form": photo_form,
        "consent_text": CONSENT_TEXTS[CURRENT_CONSENT_VERSION],
        # Shown in their section, which the address scrolls to: at the top nobody would see them.
        "saved": [(message.extra_tags, message) for message in messages.get_messages(request)],
        "feedback": list_feedback_summaries(speaker),
        "grid": load_grid(speaker, step_minutes=parse_step(request.GET.get("step", ""))),
    }
    response = render(request, "schedule/speaker_page.html", context)
    # The address is a secret, and the page is personal.
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def speaker_own_photo(request: "HttpRequest", token: str) -> HttpResponse:
    """Return the speaker's own photograph, published or not."""
    photo = SpeakerPhoto.objects.filter(speaker=get_speaker_by_link(token)).first()
    return serve_photo(photo, cache="private, no-store")


@require_safe
def speaker_public_photo(request: "HttpRequest", event: str, guid: "uuid.UUID") -> HttpResponse:
    """Return a published photograph; its address carries the digest."""
    event_obj = get_visible_event(event, request.user)
    audience = get_programme_audience(request.user, event_obj)
    speaker = get_public_speaker(event_obj, guid, audience=audience)
    photo = SpeakerPhoto.objects.public().filter(speaker=speaker).first()
    # Short: a withdrawn photograph must not be shown for long.
    return serve_photo(photo, cache="private, max-age=600")


def serve_photo(photo: SpeakerPhoto | None, *, cache: str) -> HttpResponse:
    """Return the redrawn JPEG. Raise NotFound without a photograph."""
    if photo is None:
        raise NotFound(_("This photograph was not found; it may have been removed."))
    # The type is ours whatever was uploaded, and must not be guessed by browsers.
    headers = {"Cache-Control": cache, "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}
    return HttpResponse(bytes(photo.content), content_type="image/jpeg", headers=headers)
