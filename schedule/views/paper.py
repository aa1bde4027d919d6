"""The printed agenda for anybody: made once for each revision, kind and language, then kept."""

import hashlib
import io
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.http import HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from convention.events.doors import visible_event
from convention.events.models import Event
from schedule.paper.make import print_agenda
from schedule.pulse import pulse_of

if TYPE_CHECKING:
    from django.http import HttpRequest

KEPT_SECONDS = 24 * 3600


@require_safe
def agenda_pdf(request: "HttpRequest", event: str) -> HttpResponse:
    """Booklet, or with `?format=` grid or doors, in the language of the address; 304 while unchanged."""
    shown = visible_event(event, request.user)
    kind = request.GET.get("format", "booklet")
    language = translation.get_language() or "fr"
    state = f"{shown.pk} {pulse_of(shown).key} {shown.title} {kind} {language}"
    key = hashlib.sha256(state.encode()).hexdigest()[:32]
    response = get_conditional_response(request, etag=f'"{key}"')
    if response is None:
        response = HttpResponse(printed(shown, kind, language, key), content_type="application/pdf")
        name = f"{shown.slug}-{kind}-{language}.pdf"
        response["Content-Disposition"] = f'inline; filename="{name}"'
    response["ETag"] = f'"{key}"'
    response["Cache-Control"] = "no-cache"
    return response


def printed(event: Event, kind: str, language: str, key: str) -> bytes:
    """The kept PDF, or a new one."""
    kept: bytes | None = cache.get(f"paper-{key}")
    if kept is None:
        file = io.BytesIO()
        print_agenda(event, file=file, format_name=kind, language=language)
        kept = file.getvalue()
        cache.set(f"paper-{key}", kept, KEPT_SECONDS)
    return kept
