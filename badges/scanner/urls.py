from typing import Any

from django.urls import path

from . import api, views

pages: list[Any] = [
    path("scan/", views.scanner_page, name="scan"),
    path("scan/manifest.webmanifest", views.web_manifest, name="scanner-manifest"),
]
endpoints: list[Any] = [
    path("scanner/search/", api.AttendeeSearchView.as_view(), name="scanner-search"),
    path("scanner/attendees/", api.AttendeeListView.as_view(), name="scanner-attendees"),
]
unlocalized_pages: list[Any] = [path("scan/sw.js", views.service_worker, name="scanner-worker")]
