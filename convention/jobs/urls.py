"""Addresses of jobs."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from . import views
from .job_queue import has_jobs

pages: list[Any] = [
    path("organize/<slug:event>/jobs/", views.job_list, name="organize-jobs"),
    path("organize/<slug:event>/jobs/<int:pk>/", views.job_detail, name="organize-job"),
    path("organize/<slug:event>/jobs/<int:pk>/file/", views.job_file, name="organize-job-file"),
    path("organize/club/long-jobs/", views.club_job_list, name="club-long-jobs"),
    path("organize/club/long-jobs/<int:pk>/", views.club_job_detail, name="club-long-job"),
]

organizer_pages = [OrganizerPage("organize-jobs", _("Jobs"), 95, PageGroup.SETTINGS, has_content=has_jobs)]
