"""Pages of jobs: of an event for its organizers, of the club for its secretary and administrators."""

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention import hooks
from convention.club.permissions import require_directory_manager
from convention.errors import LinkExpired, NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.tasks.worker import is_worker_late

from .job_queue import JobPage
from .models import Job

MAX_JOBS_SHOWN = 50


@never_cache
@require_safe
def job_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the latest jobs of an event, newest first."""
    event_row = get_event_to_organize(event, request.user)
    context = {
        "event": event_row,
        "zone": event_row.zone,
        "section": "organize",
        "jobs": _latest_jobs(event_row),
    }
    return render(request, "jobs/jobs.html", context)


def _latest_jobs(event: Event | None) -> list[Job]:
    """Return the latest jobs of an event, or of the club."""
    return list(
        # The payload may be a list of 20,000 rows, which no page shows.
        Job.objects.filter(event=event).defer("payload").select_related("requested_by")[:MAX_JOBS_SHOWN]
    )


@never_cache
@require_safe
def job_detail(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Show the progress or outcome of a job."""
    event_row = get_event_to_organize(event, request.user)
    context: dict[str, Any] = {
        "event": event_row,
        "zone": event_row.zone,
        "section": "organize",
        **_job_context(event_row, pk),
    }
    return render(request, "jobs/job.html", context | _find_start_page(context["job"]))


def _find_start_page(job: Job) -> dict[str, Any]:
    """Return the link to the page that starts such jobs, whose entry in the navigation is the current one."""
    if job.kind not in hooks.job_pages.paths:
        return {}
    page: JobPage = hooks.job_pages.provider(job.kind)
    path = reverse(page.name, args=[job.required_event.slug])
    return {"start_page_label": page.label, "navigation_path": path}


@never_cache
@require_safe
def club_job_list(request: HttpRequest) -> HttpResponse:
    """List the latest jobs of the club."""
    require_directory_manager(request.user)
    return render(
        request, "jobs/club_jobs.html", {"section": "organize", "zone": None, "jobs": _latest_jobs(None)}
    )


@never_cache
@require_safe
def club_job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the progress or outcome of a job of the club."""
    require_directory_manager(request.user)
    context = {"section": "organize", "zone": None, **_job_context(None, pk)}
    return render(request, "jobs/club_job.html", context)


@never_cache
@require_safe
def job_file(request: HttpRequest, event: str, pk: int) -> FileResponse:
    """Download the file that a job made. Raise LinkExpired once it is deleted."""
    job = _get_job(get_event_to_organize(event, request.user), pk)
    # Cleanup deletes the file before its row.
    if not job.file.name or not job.file.storage.exists(job.file.name):
        raise LinkExpired(_("This file has been deleted. Prepare it again."))
    return FileResponse(job.file.open(), as_attachment=True, filename=job.file_name)


def _job_context(event: Event | None, pk: int) -> dict[str, Any]:
    """Return the job, and whether it waits because no worker runs."""
    job = _get_job(event, pk)
    return {"job": job, "is_late": job.finished_at is None and is_worker_late(at=timezone.now())}


def _get_job(event: Event | None, pk: int) -> Job:
    # Filtered by event: organizers must not reach jobs of other events by their id.
    job = Job.objects.filter(event=event, pk=pk).defer("payload").select_related("requested_by").first()
    if job is None:
        raise NotFound(_("We could not find this job. Results are only stored for seven days."))
    return job
