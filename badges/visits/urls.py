"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.downloads import list_paths
from convention.routes import OrganizerPage
from registrations.visits.day_doors import is_visit, staffs_visit

from .views import day, papers, worker

DAY = "organize/<slug:event>/visit/day"

pages: list[Any] = [
    path(f"{DAY}/", day.day, name="organize-visit-day"),
    path(f"{DAY}/doors/", day.doors, name="organize-visit-day-doors"),
    path(f"{DAY}/roster.pdf", papers.roster, name="organize-visit-roster-pdf"),
    *list_paths(DAY, papers.roster_file, ["visit-roster"]),
    path(f"{DAY}/evacuation/", day.evacuation, name="organize-visit-evacuation"),
    path(f"{DAY}/evacuation.pdf", papers.evacuation, name="organize-visit-evacuation-pdf"),
    path(f"{DAY}/coaches/<int:pk>/", day.manifest, name="organize-visit-manifest"),
    path(f"{DAY}/coaches/<int:pk>.pdf", papers.manifest, name="organize-visit-manifest-pdf"),
    path(f"{DAY}/certificates.pdf", papers.certificates, name="organize-visit-certificates"),
    path(f"{DAY}/certificates/<slug:reference>.pdf", papers.certificate, name="organize-visit-certificate"),
    path("visits/<slug:event>/certificate.pdf", papers.own_certificate, name="visit-certificate"),
]
plain: list[Any] = [
    path("visits/evacuation-worker.js", worker.worker, name="visit-evacuation-worker"),
]
organizer_pages = [
    OrganizerPage("organize-visit-day", _("The day"), 48, has_content=is_visit, opens_to=staffs_visit),
]
