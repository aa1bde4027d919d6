"""Addresses."""

from typing import Any

from django.urls import path

from . import views

pages: list[Any] = [
    path("organize/<slug:event>/jobs/", views.jobs, name="organize-jobs"),
    path("organize/<slug:event>/jobs/<int:pk>/", views.job, name="organize-job"),
    path("organize/<slug:event>/jobs/<int:pk>/file/", views.job_file, name="organize-job-file"),
]
