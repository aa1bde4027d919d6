"""Organizers' pages: what the caterer must know."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.audit.record import record
from convention.downloads import PDF, attachment, download
from convention.events.doors import event_to_organize

from ..meals import meals_of, sheet_of
from ..meals_paper import to_pdf


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
    record("meals.export", found, event=found, fields=[kind])
    name = f"{found.slug}-{_('meals')}"
    if kind == "pdf":
        return attachment(to_pdf(found), name=f"{name}.pdf", mimetype=PDF)
    return download(sheet_of(found), name=name, kind=kind)
