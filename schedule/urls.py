"""Addresses."""

from typing import Any

from django.urls import path

from .views import agenda, selection

pages: list[Any] = [
    path("events/<slug:event>/agenda/", agenda.agenda_page, name="agenda"),
    path("events/<slug:event>/agenda/choose/", selection.choose_page, name="choose"),
    path("events/<slug:event>/agenda/mine/", selection.mine, name="my-agenda"),
    path("events/<slug:event>/agenda/mine/<str:token>/", selection.shared, name="shared-agenda"),
    path("events/<slug:event>/agenda/mine/<str:token>/keep/", selection.keep, name="keep-agenda"),
    path("events/<slug:event>/sessions/<uuid:guid>/", agenda.session_page, name="session"),
    path("events/<slug:event>/speakers/", agenda.speakers_page, name="speakers"),
    path("events/<slug:event>/speakers/<uuid:guid>/", agenda.speaker_page, name="speaker"),
]
endpoints: list[Any] = []
