"""Organizers' pages: the jobs of an event, one of them, and its file; and the jobs of the club."""

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.club.doors import administrator
from convention.errors import Expired, NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.worker import worker_is_late

from .models import Job

SHOWN = 50


@never_cache
@require_safe
def jobs(request: HttpRequest, event: str) -> HttpResponse:
    """The latest jobs, the newest first."""
    found = event_to_organize(event, request.user)
    context = {"event": found, "zone": found.zone, "section": "organize", "jobs": _latest(found)}
    return render(request, "jobs/jobs.html", context)


def _latest(event: Event | None) -> list[Job]:
    """The latest jobs of an event, or of the club."""
    return list(Job.objects.filter(event=event).defer("given").select_related("asked_by")[:SHOWN])


@never_cache
@require_safe
def job(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """How far one job is, or what came of it."""
    found = event_to_organize(event, request.user)
    context = {"event": found, "zone": found.zone, "section": "organize", **_looked_at(found, pk)}
    return render(request, "jobs/job.html", context)


@never_cache
@require_safe
def club_jobs(request: HttpRequest) -> HttpResponse:
    """The latest jobs of the club itself, for its administrators."""
    administrator(request.user)
    return render(
        request, "jobs/club_jobs.html", {"section": "organize", "zone": None, "jobs": _latest(None)}
    )


@never_cache
@require_safe
def club_job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one of them is, or what came of it."""
    administrator(request.user)
    context = {"section": "organize", "zone": None, **_looked_at(None, pk)}
    return render(request, "jobs/club_job.html", context)


@never_cache
@require_safe
def job_file(request: HttpRequest, event: str, pk: int) -> FileResponse:
    """What a job made."""
    one = _job(event_to_organize(event, request.user), pk)
    if not one.file.name or not one.file.storage.exists(one.file.name):
        raise Expired(_("This file is no longer kept: ask for it again."))
    return FileResponse(one.file.open(), as_attachment=True, filename=one.file_name)


def _looked_at(event: Event | None, pk: int) -> dict[str, Any]:
    """One job, and whether nobody is there to do it."""
    one = _job(event, pk)
    return {"job": one, "is_late": one.finished_at is None and worker_is_late(at=timezone.now())}


def _job(event: Event | None, pk: int) -> Job:
    one = Job.objects.filter(event=event, pk=pk).defer("given").select_related("asked_by").first()
    if one is None:
        raise NotFound(_("There is no such job; its result is kept for seven days."))
    return one
