"""Addresses of jobs."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.events.models import Event
from convention.web.routing import OrganizerPage, PageGroup

from . import views
from .models import Job

pages: list[Any] = [
    path("organize/<slug:event>/jobs/", views.job_list, name="organize-jobs"),
    path("organize/<slug:event>/jobs/<int:pk>/", views.job_detail, name="organize-job"),
    path("organize/<slug:event>/jobs/<int:pk>/file/", views.job_file, name="organize-job-file"),
    path("organize/club/long-jobs/", views.club_job_list, name="club-long-jobs"),
    path("organize/club/long-jobs/<int:pk>/", views.club_job_detail, name="club-long-job"),
]


# Compiled, since the menu asks on every organizer's page.
JOBS_QUERY = CompiledQuery(lambda event: Job.objects.filter(event=event), PLACEHOLDER_ID)


def _has_jobs(event: Event) -> bool:
    # The menu shows jobs only once there is one: most events never have any.
    return JOBS_QUERY.exists(event.pk)


organizer_pages = [OrganizerPage("organize-jobs", _("Jobs"), 95, PageGroup.SETTINGS, has_content=_has_jobs)]
