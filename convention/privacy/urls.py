"""URLs of a person's own data and of privacy requests."""

from typing import Any

from django.urls import path

from . import desk_views, own_views
from .blockers.views import organizer_request

CASE_URL = "organize/privacy/<int:pk>"

pages: list[Any] = [
    path("me/privacy/", own_views.my_data, name="my-privacy"),
    path("me/privacy/file/", own_views.my_data_export, name="my-privacy-file"),
    path("me/privacy/agree/<slug:key>/", own_views.agreement_give, name="my-privacy-agree"),
    path("me/privacy/disagree/<slug:key>/", own_views.agreement_withdraw, name="my-privacy-disagree"),
    path("me/privacy/forget/", own_views.erasure_request, name="my-privacy-erase"),
    path("me/privacy/stay/", own_views.erasure_withdraw, name="my-privacy-withdraw"),
    path("organize/privacy/", desk_views.case_list, name="privacy"),
    path("organize/privacy/new/", desk_views.case_create, name="privacy-case-new"),
    path("organize/privacy/retention/", desk_views.retention_overview, name="privacy-retention"),
    path("organize/privacy/retention/run/", desk_views.retention_run, name="privacy-retention-run"),
    path("organize/privacy/retention/<slug:slug>/", desk_views.retention_edit, name="privacy-retention-edit"),
    path("organize/privacy/texts/", desk_views.purpose_text_list, name="privacy-purpose-texts"),
    path("organize/privacy/texts/<slug:slug>/", desk_views.purpose_text_create, name="privacy-purpose-text"),
    path(f"{CASE_URL}/", desk_views.case_detail, name="privacy-case"),
    path(f"{CASE_URL}/file/", desk_views.case_export, name="privacy-case-file"),
    path(f"{CASE_URL}/erase/", desk_views.case_erase, name="privacy-case-erase"),
    path(f"{CASE_URL}/refuse/", desk_views.case_refuse, name="privacy-case-refuse"),
    path(f"{CASE_URL}/person/", desk_views.case_link, name="privacy-case-person"),
    path(f"{CASE_URL}/ask/<slug:event>/", organizer_request, name="privacy-case-ask"),
    path(f"{CASE_URL}/answered/", desk_views.case_answer, name="privacy-case-answered"),
]
