from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from .conflicts_api import DeviceConflictsView
from .devices.api import PairDeviceView
from .devices.checkpoint_api import DeviceCheckpointView
from .reports.api import AttendanceFiguresView, AttendanceListView, HeadcountView
from .scanning import api
from .views import attendance, checkpoints, conflicts, devices, figures, merge, sheets

EVENT_PATH = "organize/<slug:event>"
PERSON_PATH = f"{EVENT_PATH}/attendance/people/<slug:reference>"
CONFLICTS_PATH = f"{EVENT_PATH}/attendance/conflicts"
SHEETS_PATH = f"{EVENT_PATH}/attendance/sheets"
CHECKPOINTS_PATH = f"{EVENT_PATH}/checkpoints"

pages: list[Any] = [
    path(f"{EVENT_PATH}/attendance/", attendance.attendance_overview, name="organize-attendance"),
    re_path(
        r"^organize/(?P<event>[-\w]+)/attendance\.(?P<kind>csv|xlsx|pdf)$",
        attendance.attendance_file,
        name="organize-attendance-file",
    ),
    path(
        f"{EVENT_PATH}/attendance/doors/<int:checkpoint>/",
        attendance.checkpoint_attendance,
        name="organize-attendance-checkpoint",
    ),
    path(f"{EVENT_PATH}/attendance/figures/", figures.attendance_figures, name="organize-attendance-figures"),
    path(
        f"{EVENT_PATH}/attendance/doors/<int:checkpoint>/no-shows/",
        figures.checkpoint_no_shows,
        name="organize-no-shows",
    ),
    path(f"{SHEETS_PATH}/", sheets.sheet_list, name="organize-sheets"),
    path(f"{SHEETS_PATH}/<int:checkpoint>/<slug:day>.pdf", sheets.sheet_pdf, name="organize-sheet-pdf"),
    path(f"{SHEETS_PATH}/<int:checkpoint>/<slug:day>/", sheets.sheet_entry, name="organize-sheet"),
    path(f"{PERSON_PATH}/", attendance.person_attendance, name="organize-attendance-person"),
    path(f"{PERSON_PATH}/check-in/", attendance.person_check_in, name="organize-check-in"),
    path(f"{CONFLICTS_PATH}/", conflicts.conflict_list, name="organize-conflicts"),
    path(f"{CONFLICTS_PATH}/resolve/", conflicts.conflicts_resolve, name="organize-conflicts-resolve"),
    path(
        f"{CONFLICTS_PATH}/<int:resolution>/reopen/",
        conflicts.conflict_reopen,
        name="organize-conflict-reopen",
    ),
    path(
        f"{CONFLICTS_PATH}/<slug:reference>/<int:checkpoint>/",
        conflicts.conflict_resolve,
        name="organize-conflict-resolve",
    ),
    path(
        f"{EVENT_PATH}/registrations/selection/merge/", merge.selection_merge, name="organize-selection-merge"
    ),
    path(
        f"{EVENT_PATH}/registrations/<slug:reference>/merge/<slug:other>/",
        merge.registration_merge,
        name="organize-registration-merge",
    ),
    path(f"{EVENT_PATH}/ready/", devices.show_readiness, name="organize-ready"),
    path(f"{EVENT_PATH}/devices/", devices.device_list, name="organize-devices"),
    path(
        f"{EVENT_PATH}/devices/codes/<int:invitation>/",
        devices.pairing_code,
        name="organize-device-pairing-code",
    ),
    path(f"{EVENT_PATH}/devices/<int:device>/revoke/", devices.device_revoke, name="organize-device-revoke"),
    path(f"{CHECKPOINTS_PATH}/", checkpoints.checkpoint_list, name="organize-checkpoints"),
    path(f"{CHECKPOINTS_PATH}/new/", checkpoints.checkpoint_create, name="organize-checkpoint-new"),
    path(
        f"{CHECKPOINTS_PATH}/sessions/",
        checkpoints.session_checkpoints_create,
        name="organize-checkpoints-sessions",
    ),
    path(f"{CHECKPOINTS_PATH}/<int:checkpoint>/", checkpoints.checkpoint_edit, name="organize-checkpoint"),
    path(
        f"{CHECKPOINTS_PATH}/<int:checkpoint>/remove/",
        checkpoints.checkpoint_remove,
        name="organize-checkpoint-remove",
    ),
]
endpoints: list[Any] = [
    path("events/<slug:event>/attendance/", AttendanceListView.as_view(), name="api-attendance"),
    path(
        "events/<slug:event>/attendance/figures/",
        AttendanceFiguresView.as_view(),
        name="api-attendance-figures",
    ),
    path("events/<slug:event>/headcount/", HeadcountView.as_view(), name="api-headcount"),
    path("scanner/pair/", PairDeviceView.as_view(), name="scanner-pair"),
    path("scanner/snapshot/", api.SnapshotView.as_view(), name="scanner-snapshot"),
    path("scanner/checkpoint/", DeviceCheckpointView.as_view(), name="scanner-checkpoint"),
    path("scanner/conflicts/", DeviceConflictsView.as_view(), name="scanner-conflicts"),
    path("scanner/scans/", api.ScanListView.as_view(), name="scanner-scans"),
]


organizer_pages = [
    OrganizerPage("organize-attendance", _("Attendance"), 50, PageGroup.ON_SITE, is_for_desk=True),
    OrganizerPage("organize-checkpoints", _("Checkpoints"), 60, PageGroup.ON_SITE),
    OrganizerPage("organize-devices", _("Devices"), 65, PageGroup.ON_SITE, has_content=devices.shows_devices),
    OrganizerPage(
        "organize-ready", _("Ready for doors"), 66, PageGroup.ON_SITE, has_content=devices.shows_readiness
    ),
]
