"""Organizers' lists as files."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from convention.audit.record import record
from convention.downloads import download
from convention.events.doors import event_to_organize

from ..lists import LISTS


@require_GET
def export(request: HttpRequest, event: str, name: str, kind: str) -> HttpResponse:
    """One list of an event, whole."""
    found = event_to_organize(event, request.user)
    record(f"{name}.export", found, event=found, fields=[kind])
    return download(LISTS[name](found), name=f"{found.slug}-{name}", kind=kind)
