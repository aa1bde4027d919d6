"""Serve the printed agenda, cached for each revision, format and language."""

import hashlib
import io
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.http import HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.tables.downloads import PDF_TYPE, inline_disposition
from schedule.programme.programme_version import get_programme_version

from .logos import fingerprint_printed_logos
from .print_agenda import print_agenda

if TYPE_CHECKING:
    from django.http import HttpRequest

PDF_CACHE_SECONDS = 24 * 3600


@csrf_exempt  # read-only: other methods get 405 and not a CSRF error
@require_safe
def agenda_pdf(request: "HttpRequest", event: str) -> HttpResponse:
    """Serve the booklet or, with `?format=`, grid or doors, in the active language.

    `?paper=` (a4 or a3) applies to the grid. Unchanged files are answered by 304.
    """
    event_obj = get_visible_event(event, request.user)
    kind, paper = request.GET.get("format", "booklet"), request.GET.get("paper", "auto")
    language = translation.get_language() or "fr"
    version = get_programme_version(event_obj).cache_key
    # Sponsors come and go without a new version of the programme.
    logos = fingerprint_printed_logos(event_obj)
    state = f"{event_obj.pk} {version} {logos} {event_obj.title} {kind} {paper} {language}"
    key = hashlib.sha256(state.encode()).hexdigest()[:32]
    response = get_conditional_response(request, etag=f'"{key}"')
    if response is None:
        response = HttpResponse(
            get_cached_pdf(event_obj, (kind, paper, language), key), content_type=PDF_TYPE
        )
        response["Content-Disposition"] = inline_disposition(f"{event_obj.slug}-{kind}-{language}.pdf")
    response["ETag"] = f'"{key}"'
    # Browsers may store it, but must ask each time: a printed agenda must not be out of date.
    response["Cache-Control"] = "no-cache"
    return response


def get_cached_pdf(event: Event, print_options: tuple[str, str, str], cache_key: str) -> bytes:
    cached: bytes | None = cache.get(f"paper-{cache_key}")
    if cached is None:
        file = io.BytesIO()
        kind, paper, language = print_options
        print_agenda(event, file=file, format_name=kind, paper=paper, language=language)
        cached = file.getvalue()
        cache.set(f"paper-{cache_key}", cached, PDF_CACHE_SECONDS)
    return cached
