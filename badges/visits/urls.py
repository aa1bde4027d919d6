"""URLs of the day of a visit."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.tables.downloads import build_list_paths
from convention.web.routing import OrganizerPage, PageGroup
from registrations.visits.permissions import can_staff_visit, has_visit

from .views import day, downloads, evacuation

ATTENDANCE_PATH = "organize/<slug:event>/attendance"
DAY_PATH = "organize/<slug:event>/visit/day"

pages: list[Any] = [
    path(f"{DAY_PATH}/", day.visit_day, name="organize-visit-day"),
    path(f"{DAY_PATH}/doors/", day.visit_checkpoints_create, name="organize-visit-day-checkpoints"),
    path(f"{DAY_PATH}/roster.pdf", downloads.roster_pdf, name="organize-visit-roster-pdf"),
    *build_list_paths(DAY_PATH, downloads.roster_file, ["visit-roster"]),
    path(f"{DAY_PATH}/evacuation/", day.evacuation_list, name="organize-visit-evacuation"),
    path(f"{DAY_PATH}/evacuation.pdf", downloads.evacuation_pdf, name="organize-visit-evacuation-pdf"),
    path(f"{ATTENDANCE_PATH}/evacuation/", evacuation.event_evacuation_list, name="organize-evacuation"),
    path(
        f"{ATTENDANCE_PATH}/evacuation.pdf", evacuation.event_evacuation_pdf, name="organize-evacuation-pdf"
    ),
    path(f"{DAY_PATH}/coaches/<int:pk>/", day.coach_manifest, name="organize-visit-manifest"),
    path(f"{DAY_PATH}/coaches/<int:pk>.pdf", downloads.manifest_pdf, name="organize-visit-manifest-pdf"),
    path(f"{DAY_PATH}/certificates.pdf", downloads.certificates_pdf, name="organize-visit-certificates"),
    path(
        f"{DAY_PATH}/certificates/<slug:reference>.pdf",
        downloads.certificate_pdf,
        name="organize-visit-certificate",
    ),
    path("visits/<slug:event>/certificate.pdf", downloads.own_certificate_pdf, name="visit-certificate"),
]
unlocalized_pages: list[Any] = [
    path("visits/evacuation-worker.js", downloads.evacuation_worker, name="visit-evacuation-worker"),
]
organizer_pages = [
    OrganizerPage(
        "organize-visit-day",
        _("On the day"),
        48,
        PageGroup.ON_SITE,
        has_content=has_visit,
        can_open=can_staff_visit,
    ),
]
