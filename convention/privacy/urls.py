"""Addresses."""

from typing import Any

from django.urls import path

from . import desk_views, own_views

CASE = "organize/privacy/<int:pk>"

pages: list[Any] = [
    path("me/privacy/", own_views.mine, name="my-privacy"),
    path("me/privacy/file/", own_views.download, name="my-privacy-file"),
    path("me/privacy/agree/<slug:key>/", own_views.agree, name="my-privacy-agree"),
    path("me/privacy/disagree/<slug:key>/", own_views.disagree, name="my-privacy-disagree"),
    path("me/privacy/forget/", own_views.ask, name="my-privacy-forget"),
    path("me/privacy/stay/", own_views.stay, name="my-privacy-stay"),
    path("organize/privacy/", desk_views.desk, name="privacy"),
    path("organize/privacy/new/", desk_views.note, name="privacy-note"),
    path("organize/privacy/retention/", desk_views.retention, name="privacy-retention"),
    path("organize/privacy/retention/run/", desk_views.run, name="privacy-run"),
    path("organize/privacy/retention/<slug:slug>/", desk_views.days, name="privacy-days"),
    path("organize/privacy/texts/", desk_views.texts, name="privacy-texts"),
    path("organize/privacy/texts/<slug:slug>/", desk_views.new_text, name="privacy-text"),
    path(f"{CASE}/", desk_views.case, name="privacy-case"),
    path(f"{CASE}/file/", desk_views.download, name="privacy-case-file"),
    path(f"{CASE}/erase/", desk_views.erase_case, name="privacy-case-erase"),
    path(f"{CASE}/refuse/", desk_views.refuse_case, name="privacy-case-refuse"),
    path(f"{CASE}/answered/", desk_views.answer_case, name="privacy-case-answered"),
]
