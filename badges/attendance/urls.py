"""Addresses."""

from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from . import api
from .views import attendance, checkpoints, conflicts, devices, merge

EVENT = "organize/<slug:event>"
PERSON = f"{EVENT}/attendance/people/<slug:reference>"
DOORS = f"{EVENT}/checkpoints"

pages: list[Any] = [
    path(f"{EVENT}/attendance/", attendance.attendance, name="organize-attendance"),
    re_path(
        r"^organize/(?P<event>[-\w]+)/attendance\.(?P<kind>csv|xlsx|pdf)$",
        attendance.attendance_file,
        name="organize-attendance-file",
    ),
    path(f"{EVENT}/attendance/doors/<int:door>/", attendance.door, name="organize-attendance-door"),
    path(f"{PERSON}/", attendance.person, name="organize-attendance-person"),
    path(f"{PERSON}/check-in/", attendance.check_in_person, name="organize-check-in"),
    path(f"{EVENT}/attendance/conflicts/", conflicts.conflict_list, name="organize-conflicts"),
    path(
        f"{EVENT}/attendance/conflicts/<slug:reference>/<int:door>/",
        conflicts.resolve_conflict,
        name="organize-conflict-resolve",
    ),
    path(
        f"{EVENT}/registrations/<slug:reference>/merge/<slug:other>/",
        merge.merge_two,
        name="organize-registration-merge",
    ),
    path(f"{EVENT}/devices/", devices.devices, name="organize-devices"),
    path(f"{EVENT}/devices/<int:device>/revoke/", devices.revoke_device, name="organize-device-revoke"),
    path(f"{DOORS}/", checkpoints.checkpoints, name="organize-checkpoints"),
    path(f"{DOORS}/new/", checkpoints.new_checkpoint, name="organize-checkpoint-new"),
    path(f"{DOORS}/sessions/", checkpoints.for_sessions, name="organize-checkpoints-sessions"),
    path(f"{DOORS}/<int:door>/", checkpoints.checkpoint, name="organize-checkpoint"),
    path(f"{DOORS}/<int:door>/remove/", checkpoints.remove, name="organize-checkpoint-remove"),
]
endpoints: list[Any] = [
    path("scanner/snapshot/", api.snapshot, name="scanner-snapshot"),
    path("scanner/scans/", api.scans, name="scanner-scans"),
]
organizer_pages = [
    OrganizerPage("organize-attendance", _("Attendance"), 50),
    OrganizerPage("organize-checkpoints", _("Checkpoints"), 60),
    OrganizerPage("organize-devices", _("Devices"), 65),
]
