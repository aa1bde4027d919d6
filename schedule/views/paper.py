"""The printed agenda for anybody: made once for each revision, kind and language, then kept."""

import hashlib
import io
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.http import HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from convention.downloads import PDF, to_look_at
from convention.events.doors import visible_event
from convention.events.models import Event
from schedule.paper.make import print_agenda
from schedule.pulse import pulse_of

if TYPE_CHECKING:
    from django.http import HttpRequest

KEPT_SECONDS = 24 * 3600


@csrf_exempt  # nothing is changed: another method is told so
@require_safe
def agenda_pdf(request: "HttpRequest", event: str) -> HttpResponse:
    """Booklet, or with `?format=` grid or doors, in the language of the address; 304 while unchanged.

    `?paper=` a4 or a3 is for the grid.
    """
    shown = visible_event(event, request.user)
    kind, paper = request.GET.get("format", "booklet"), request.GET.get("paper", "auto")
    language = translation.get_language() or "fr"
    state = f"{shown.pk} {pulse_of(shown).key} {shown.title} {kind} {paper} {language}"
    key = hashlib.sha256(state.encode()).hexdigest()[:32]
    response = get_conditional_response(request, etag=f'"{key}"')
    if response is None:
        response = HttpResponse(printed(shown, (kind, paper, language), key), content_type=PDF)
        response["Content-Disposition"] = to_look_at(f"{shown.slug}-{kind}-{language}.pdf")
    response["ETag"] = f'"{key}"'
    response["Cache-Control"] = "no-cache"
    return response


def printed(event: Event, asked: tuple[str, str, str], key: str) -> bytes:
    """The kept PDF, or a new one: of a kind, on a paper, in a language."""
    kept: bytes | None = cache.get(f"paper-{key}")
    if kept is None:
        file = io.BytesIO()
        kind, paper, language = asked
        print_agenda(event, file=file, format_name=kind, paper=paper, language=language)
        kept = file.getvalue()
        cache.set(f"paper-{key}", kept, KEPT_SECONDS)
    return kept
