"""Organizers' pages of mail to speakers: compose, preview, send, and list mailings and recipients."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, InvalidFields, NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from schedule.editing.views import render_organizer_page
from schedule.models import SpeakerMailing

from .forms import SpeakerMailingForm, clean_kind
from .mail_texts import PLACEHOLDERS, choose_language, write_preview
from .mailings import (
    DEFAULT_AUDIENCES,
    build_mailing,
    find_recipients,
    get_default_texts,
    send_speaker_mailing,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE_SIZE = 100
# One in each language is enough to see what the placeholders become.
MAX_PREVIEWS = 2


@require_safe_or_post
def speaker_mailing_compose(request: "HttpRequest", event: str) -> HttpResponse:
    """Compose a mail to speakers; `preview` shows who gets it, `send` sends it."""
    event_obj = get_event_to_organize(event, request.user)
    kind = clean_kind((request.POST or request.GET).get("kind", ""))
    if request.method != "POST":
        initial = {**get_initial_filters(request, kind), **get_default_texts(kind)}
        return render_compose_page(
            request, event_obj, kind, SpeakerMailingForm(event=event_obj, initial=initial)
        )
    form = SpeakerMailingForm(request.POST, event=event_obj)
    mailing = validate_mailing(event_obj, kind, form) if form.is_valid() else None
    if mailing is None or "edit" in request.POST:
        return render_compose_page(request, event_obj, kind, form)
    if "send" not in request.POST:
        return render_preview_page(request, mailing, form)
    try:
        send_speaker_mailing(
            mailing=mailing,
            sent_by=require_signed_in(request.user),
            # 0 is never right; None would skip the check.
            expected_count=parse_digits(request.POST.get("count", "")) or 0,
        )
    except ConventionError as error:
        # The preview then shows the current recipients, so that nothing is sent unseen.
        messages.error(request, str(error))
        return render_preview_page(request, mailing, form)
    messages.success(request, _("The e-mails are on their way."))
    return redirect("organize-speaker-mailing", event_obj.slug, mailing.pk)


def get_initial_filters(request: "HttpRequest", kind: str) -> dict[str, Any]:
    """Return the filters of the address, such as ?session=12, else those usual for the kind."""
    audience = DEFAULT_AUDIENCES[SpeakerMailing.Kind(kind)].to_json()
    return {name: request.GET.get(name, value) for name, value in audience.items()}


def validate_mailing(event: Event, kind: str, form: SpeakerMailingForm) -> SpeakerMailing | None:
    """Return the unsaved mailing of a valid form; None, with errors in the form, if its texts are refused."""
    try:
        return build_mailing(event=event, kind=kind, audience=form.get_audience(), texts=form.get_texts())
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return None


def render_compose_page(
    request: "HttpRequest", event: Event, kind: str, form: SpeakerMailingForm
) -> HttpResponse:
    context = {
        "form": form,
        "kind": kind,
        "kind_label": SpeakerMailing.Kind(kind).label,
        "placeholders": PLACEHOLDERS.items(),
    }
    return render_organizer_page(request, "speaker_mailing_compose", event, **context)


def render_preview_page(
    request: "HttpRequest", mailing: SpeakerMailing, form: SpeakerMailingForm
) -> HttpResponse:
    """Show the number and names of the recipients, and the mail as the first of each language gets it."""
    recipients = find_recipients(mailing)
    examples = {choose_language(mailing, speaker): speaker for speaker in reversed(recipients.speakers)}
    previews = [write_preview(mailing, speaker) for speaker in list(examples.values())[:MAX_PREVIEWS]]
    context = {
        "mailing": mailing,
        "posted": [(name, value) for name, value in form.data.items() if name in form.fields],
        "recipients": recipients,
        "previews": previews,
    }
    return render_organizer_page(request, "speaker_mailing_preview", mailing.event, **context)


@require_safe
def speaker_mailing_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the mails that were sent to speakers."""
    event_obj = get_event_to_organize(event, request.user)
    mailings = event_obj.speaker_mailings.select_related("sent_by").annotate(
        total_count=Count("mails"),
        sent_count=Count("mails", filter=Q(mails__accepted_at__isnull=False)),
        refused_count=Count("mails", filter=Q(mails__refused_at__isnull=False)),
    )
    # Ordered explicitly: grouping drops the default order of the model.
    page = Paginator(mailings.order_by("-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render_organizer_page(request, "speaker_mailings", event_obj, page_obj=page)


@require_safe
def speaker_mailing_detail(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Show a mailing's texts, and each recipient with the state of their mail."""
    event_obj = get_event_to_organize(event, request.user)
    mailing = event_obj.speaker_mailings.select_related("sent_by").filter(pk=pk).first()
    if mailing is None:
        raise NotFound(_("This e-mail was not found."))
    rows = mailing.mails.select_related("speaker").order_by("speaker__name", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    # Nobody got the text of the other language.
    used = {choose_language(mailing, mail.speaker) for mail in rows}
    texts = [
        (getattr(mailing, f"subject_{code}"), getattr(mailing, f"text_{code}"), code)
        for code in ("fr", "en")
        if code in used
    ]
    return render_organizer_page(
        request, "speaker_mailing", event_obj, mailing=mailing, page_obj=page, texts=texts
    )
