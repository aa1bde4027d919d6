"""Pages of an event's pictures: the organizers' page, and the pictures themselves."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.errors import NotFound, UnreadableFile
from convention.events.models import Event, EventPicture
from convention.events.permissions import get_event_to_organize, get_visible_event
from convention.web.routing import require_safe_or_post

from .forms import PictureForm
from .save_pictures import remove_picture, save_picture

if TYPE_CHECKING:
    from django.http import HttpRequest

HOUR, YEAR = 3600, 365 * 24 * 3600


@require_safe_or_post
def event_pictures(request: "HttpRequest", event: str) -> HttpResponse:
    """Show the event's pictures; a POST saves or removes the one that it names."""
    event_row = get_event_to_organize(event, request.user)
    posted_kind = request.POST.get("kind", "")
    if posted_kind in EventPicture.Kind.values and "remove" in request.POST:
        remove_picture(event=event_row, kind=posted_kind)
        messages.success(request, _("The picture has been removed."))
        return redirect("organize-pictures", event)
    stored = {picture.kind: picture for picture in event_row.pictures.defer("content")}
    forms = [_make_form(request, kind, stored.get(kind)) for kind in EventPicture.Kind]
    bound_form = next((form for form in forms if form.is_bound), None)
    if bound_form and bound_form.is_valid() and _save_form(event_row, bound_form):
        messages.success(request, _("The picture has been saved."))
        return redirect("organize-pictures", event)
    context = {"event": event_row, "section": "organize", "forms": forms, "bound_form": bound_form}
    return render(request, "organize/event_pictures.html", context)


def _make_form(request: "HttpRequest", kind: EventPicture.Kind, stored: EventPicture | None) -> PictureForm:
    is_posted = request.POST.get("kind") == kind
    data, files = (request.POST, request.FILES) if is_posted else (None, None)
    return PictureForm(data, files, kind=kind, stored=stored)


def _save_form(event: Event, form: PictureForm) -> bool:
    """Save the picture and return True; a file that cannot be read is an error of the form."""
    values = form.cleaned_data
    try:
        save_picture(
            event=event,
            kind=form.kind,
            alt_text=values["alt_text"],
            alt_text_en=values["alt_text_en"],
            upload=values["picture"],
        )
    except UnreadableFile as error:
        form.add_error("picture", str(error))
        return False
    return True


@require_safe
def event_picture(request: "HttpRequest", slug: str, kind: str) -> HttpResponse:
    """Return a picture of the event; its address carries the digest."""
    event = get_visible_event(slug, request.user)
    picture = event.pictures.filter(kind=kind).defer("content").first()
    if picture is None:
        raise NotFound(_("This picture was not found; it may have been removed."))
    # The type is ours whatever was uploaded, and must not be guessed by browsers.
    headers = {"ETag": f'"{picture.digest}"', "X-Content-Type-Options": "nosniff"}
    response = HttpResponse(content_type=picture.mimetype, headers=headers)
    set_picture_caching(request, response, event, version=picture.digest)
    conditional_response = get_conditional_response(request, etag=headers["ETag"], response=response)
    if conditional_response is None or conditional_response is response:
        # Read last: a browser that has the picture costs no megabytes from the database.
        response.content = bytes(picture.content)
        return response
    return conditional_response


def set_picture_caching(
    request: "HttpRequest", response: HttpResponse, event: Event, *, version: str
) -> None:
    """Let caches store a picture; for a year if the event is public and the address has this version."""
    if event.visibility == Event.Visibility.PUBLIC and request.GET.get("v") == version:
        # The version is part of the address, so the response never changes.
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    else:
        patch_cache_control(response, private=True, max_age=HOUR)
