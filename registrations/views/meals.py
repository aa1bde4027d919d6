"""Organizers' pages: what the caterer must know."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.audit.record import record
from convention.downloads import CSV, XLSX
from convention.events.doors import event_to_organize

from ..meals import meals_of, to_csv, to_xlsx
from ..meals_paper import to_pdf

FILES = {
    "csv": (to_csv, CSV),
    "xlsx": (to_xlsx, XLSX),
    "pdf": (to_pdf, "application/pdf"),
}


@never_cache
@require_safe
def meals(request: HttpRequest, event: str) -> HttpResponse:
    """Each meal with its numbers."""
    found = event_to_organize(event, request.user)
    context = {"event": found, "section": "organize", "meals": meals_of(found)}
    return render(request, "registrations/organize_meals.html", context)


@never_cache
@require_safe
def export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """The same for spreadsheets, or on paper."""
    found = event_to_organize(event, request.user)
    write, mimetype = FILES[kind]
    record("meals.export", found, event=found, fields=[kind])
    name = f"{found.slug}-{_('meals')}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(write(found), content_type=mimetype, headers=headers)
