"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from . import api
from .views import agenda, feeds, paper, selection
from .views.organize import imports, sessions, settings, speakers, tracks

pages: list[Any] = [
    path("organize/<slug:event>/schedule/", sessions.sessions, name="organize-schedule"),
    path("organize/<slug:event>/schedule/new/", sessions.add_session, name="organize-session-new"),
    path("organize/<slug:event>/schedule/<int:number>/", sessions.edit_session, name="organize-session"),
    path(
        "organize/<slug:event>/schedule/<int:number>/cancel/",
        sessions.cancel_session,
        name="organize-session-cancel",
    ),
    path(
        "organize/<slug:event>/schedule/<int:number>/restore/",
        sessions.restore_session,
        name="organize-session-restore",
    ),
    path(
        "organize/<slug:event>/schedule/<int:number>/remove/",
        sessions.remove_session,
        name="organize-session-remove",
    ),
    path("organize/<slug:event>/schedule/tracks/", tracks.tracks, name="organize-tracks"),
    path("organize/<slug:event>/schedule/tracks/<int:pk>/", tracks.track, name="organize-track"),
    path(
        "organize/<slug:event>/schedule/tracks/<int:pk>/move/", tracks.move_track, name="organize-track-move"
    ),
    path(
        "organize/<slug:event>/schedule/tracks/<int:pk>/remove/",
        tracks.remove_track,
        name="organize-track-remove",
    ),
    path("organize/<slug:event>/schedule/speakers/", speakers.speakers, name="organize-speakers"),
    path("organize/<slug:event>/schedule/speakers/new/", speakers.speaker, name="organize-speaker-new"),
    path("organize/<slug:event>/schedule/speakers/<int:pk>/", speakers.speaker, name="organize-speaker"),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/remove/",
        speakers.remove_speaker,
        name="organize-speaker-remove",
    ),
    path("organize/<slug:event>/schedule/version/", settings.settings, name="organize-schedule-settings"),
    path("organize/<slug:event>/schedule/import/", imports.choose_file, name="organize-import"),
    path(
        "organize/<slug:event>/schedule/import/<str:token>/", imports.preview, name="organize-import-preview"
    ),
    path("events/<slug:event>/agenda/", agenda.agenda_page, name="agenda"),
    path("events/<slug:event>/agenda.ics", feeds.feed, {"fmt": "ics"}, name="agenda-ics"),
    path("events/<slug:event>/agenda.xml", feeds.feed, {"fmt": "frab-xml"}, name="agenda-xml"),
    path("events/<slug:event>/agenda.json", feeds.feed, {"fmt": "frab-json"}, name="agenda-json"),
    path("events/<slug:event>/agenda.pdf", paper.agenda_pdf, name="agenda-pdf"),
    path("events/<slug:event>/agenda/choose/", selection.choose_page, name="choose"),
    path("events/<slug:event>/agenda/mine/", selection.mine, name="my-agenda"),
    path("events/<slug:event>/agenda/mine/renew/", selection.renew_address, name="renew-agenda"),
    path("events/<slug:event>/agenda/mine/<str:token>.ics", selection.feed, name="my-agenda-feed"),
    path("events/<slug:event>/agenda/mine/<str:token>/", selection.shared, name="shared-agenda"),
    path("events/<slug:event>/agenda/mine/<str:token>/keep/", selection.keep, name="keep-agenda"),
    path("events/<slug:event>/sessions/<uuid:guid>/", agenda.session_page, name="session"),
    path("events/<slug:event>/speakers/", agenda.speakers_page, name="speakers"),
    path("events/<slug:event>/speakers/<uuid:guid>/", agenda.speaker_page, name="speaker"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/sessions/", api.SessionList.as_view(), name="api-sessions"),
]
organizer_pages = [OrganizerPage("organize-schedule", _("Programme"), 30)]
