"""Organizers' pages: the jobs of an event, one of them, and its file."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.errors import Expired, NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event

from .models import Job

SHOWN = 50


@never_cache
@require_safe
def jobs(request: HttpRequest, event: str) -> HttpResponse:
    """The latest jobs, the newest first."""
    found = event_to_organize(event, request.user)
    rows = Job.objects.filter(event=found).defer("given").select_related("asked_by")[:SHOWN]
    return render(request, "jobs/jobs.html", {"event": found, "section": "organize", "jobs": rows})


@never_cache
@require_safe
def job(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """How far one job is, or what came of it."""
    found = event_to_organize(event, request.user)
    context = {"event": found, "section": "organize", "job": _job(found, pk)}
    return render(request, "jobs/job.html", context)


@never_cache
@require_safe
def job_file(request: HttpRequest, event: str, pk: int) -> FileResponse:
    """What a job made."""
    one = _job(event_to_organize(event, request.user), pk)
    if not one.file.name or not one.file.storage.exists(one.file.name):
        raise Expired(_("This file is no longer kept: ask for it again."))
    return FileResponse(one.file.open(), as_attachment=True, filename=one.file_name)


def _job(event: Event, pk: int) -> Job:
    one = Job.objects.filter(event=event, pk=pk).defer("given").select_related("asked_by").first()
    if one is None:
        raise NotFound(_("There is no such job; its result is kept for seven days."))
    return one
