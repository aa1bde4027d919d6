"""Organizers' pages of speakers: list, form, link."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from schedule.editing.programme_parts import remove_programme_item, save_programme_item
from schedule.editing.views import ask_removal, render_organizer_page
from schedule.models import Speaker, SpeakerPhoto
from schedule.programme.agenda_filter import clean_query_value

from .addresses import PastedAddress, preview_addresses, save_addresses
from .availability import load_grid
from .forms import AddressesForm, PhotoForm, SpeakerForm
from .links import revoke_link
from .mailings import resend_link
from .overview import STATE_LABELS, count_states, filter_rows, load_speaker_rows
from .own_page import list_appearances
from .photos import PhotoUploader, find_photo, remove_photo
from .views import parse_step, save_posted_grid, serve_photo, upload_photo

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE_SIZE = 100


@require_safe
def speaker_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the speakers: who confirmed, who gave their availability, who has no address."""
    event_obj = get_event_to_organize(event, request.user)
    query, state = (clean_query_value(request.GET.get(name, "")) for name in ("q", "state"))
    rows = load_speaker_rows(event_obj)
    page = Paginator(filter_rows(rows, words=query, state=state), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = count_states(rows)
    states = [(value, label, counts[value]) for value, label in STATE_LABELS.items()]
    context = {"page_obj": page, "q": query, "state": state, "states": states, "total": len(rows)}
    return render_organizer_page(request, "speakers", event_obj, **context)


def get_speaker(event: Event, pk: int) -> Speaker:
    """Return the event's speaker with this key. Raise NotFound."""
    speaker = event.speakers.filter(pk=pk).first()
    if speaker is None:
        raise NotFound(_("This speaker was not found; they may have been deleted."))
    speaker.event = event
    return speaker


@require_safe_or_post
def speaker_edit(request: "HttpRequest", event: str, pk: int | None = None) -> HttpResponse:
    """Change a speaker, or add one if `pk` is None."""
    event_obj = get_event_to_organize(event, request.user)
    speaker = get_speaker(event_obj, pk) if pk else Speaker(event=event_obj)
    form = SpeakerForm(get_posted_data(request), instance=speaker)
    if form.is_valid():
        with transaction.atomic():
            saved_speaker = form.save(commit=False)
            save_programme_item(event=event_obj, item=saved_speaker, changed_fields=form.changed_data)
            has_new_address = bool(pk) and "email" in form.changed_data
            if has_new_address:
                # A mistyped address may be somebody else's, whose link must not open the page.
                revoke_link(speaker=saved_speaker)
        messages.success(request, _("The speaker has been saved."))
        if has_new_address:
            messages.info(request, _("Links sent to the former address no longer work. Send a new one."))
        return redirect("organize-speakers", event_obj.slug)
    if pk is None:
        return render_organizer_page(request, "speaker", event_obj, form=form, speaker=speaker)
    # Loaded again, since validation has set the form's values on its instance.
    return render_speaker_page(request, get_speaker(event_obj, pk), form=form)


def render_speaker_page(request: "HttpRequest", speaker: Speaker, **forms: BaseForm) -> HttpResponse:
    """Render the page of a saved speaker; `forms` replace the unfilled ones."""
    context: dict[str, Any] = {
        "form": SpeakerForm(instance=speaker),
        "photo_form": PhotoForm(),
        "speaker": speaker,
        "link": getattr(speaker, "link", None),
        "appearances": list_appearances(speaker),
        "photo": find_photo(speaker),
        "grid": load_grid(speaker, step_minutes=parse_step(request.GET.get("step", ""))),
        **forms,
    }
    return render_organizer_page(request, "speaker", speaker.event, **context)


@require_safe_or_post
def speaker_addresses(request: "HttpRequest", event: str) -> HttpResponse:
    """Preview the addresses that a pasted list sets, then save them."""
    event_obj = get_event_to_organize(event, request.user)
    form, rows = AddressesForm(get_posted_data(request)), list[PastedAddress]()
    if form.is_valid():
        text = form.cleaned_data["addresses"]
        try:
            rows = preview_addresses(event=event_obj, text=text)
            if "save" in request.POST:
                count = save_addresses(event=event_obj, text=text)
                sentence = ngettext("%(count)s address was saved.", "%(count)s addresses were saved.", count)
                messages.success(request, sentence % {"count": count})
                return redirect("organize-speakers", event_obj.slug)
        except ConventionError as error:
            form.add_error("addresses", str(error))
    context = {
        "new_count": sum(row.is_new for row in rows),
        "error_count": sum(bool(row.error) for row in rows),
    }
    return render_organizer_page(request, "speaker_addresses", event_obj, form=form, rows=rows, **context)


@require_safe_or_post
def speaker_photo(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Save a speaker's photograph, which is public only with the speaker's consent, or remove it."""
    speaker = get_speaker(get_event_to_organize(event, request.user), pk)
    # The language switch of a refused file leads here by GET.
    if request.method != "POST":
        return redirect("organize-speaker", event, pk)
    if request.POST.get("action") == "remove":
        remove_photo(speaker=speaker)
        messages.success(request, _("The photograph has been removed."))
        return redirect("organize-speaker", event, pk)
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid() and upload_photo(speaker, form, uploader=PhotoUploader.ORGANIZER):
        messages.success(request, _("The photograph has been saved."))
        return redirect("organize-speaker", event, pk)
    return render_speaker_page(request, speaker, photo_form=form)


@require_safe
def speaker_photo_file(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Return a speaker's photograph, published or not."""
    speaker = get_speaker(get_event_to_organize(event, request.user), pk)
    return serve_photo(SpeakerPhoto.objects.filter(speaker=speaker).first(), cache="private, no-store")


@require_POST
def speaker_availability(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Save a speaker's availability as entered by an organizer."""
    event_obj = get_event_to_organize(event, request.user)
    save_posted_grid(request, get_speaker(event_obj, pk))
    messages.success(request, _("The availability has been saved."))
    return redirect("organize-speaker", event_obj.slug, pk)


@require_POST
def speaker_link_send(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    speaker, sent_by = get_speaker(event_obj, pk), require_signed_in(request.user)
    with report_refusals(request):
        resend_link(speaker=speaker, sent_by=sent_by)
        messages.success(request, _("The link is on its way to the speaker."))
    return redirect("organize-speaker", event_obj.slug, pk)


@require_POST
def speaker_link_revoke(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    revoke_link(speaker=get_speaker(event_obj, pk))
    messages.success(request, _("The links sent so far no longer work. Send a new one when it is needed."))
    return redirect("organize-speaker", event_obj.slug, pk)


@require_safe_or_post
def speaker_remove(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Ask before a speaker is deleted; a POST deletes them."""
    event_obj = get_event_to_organize(event, request.user)
    speaker = get_speaker(event_obj, pk)
    if request.method != "POST":
        return ask_removal(
            request,
            event_obj,
            speaker,
            title=_("Delete the speaker “%(name)s”?") % {"name": speaker.name},
            consequence=_(
                "The sessions remain, without this speaker. The biography, photograph and availability are "
                "deleted, and the link to the speaker’s own page stops working."
            ),
            button=_("Delete the speaker"),
            item_url=reverse("organize-speaker", args=[event_obj.slug, pk]),
        )
    with report_refusals(request):
        remove_programme_item(event=event_obj, item=speaker)
        messages.success(request, _("The speaker has been deleted; their sessions remain."))
    return redirect("organize-speakers", event_obj.slug)
