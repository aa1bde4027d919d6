from typing import Any

from django.urls import path

from . import views

pages: list[Any] = [
    path("scan/", views.scanner_page, name="scan"),
    path("scan/manifest.webmanifest", views.web_manifest, name="scanner-manifest"),
]
endpoints: list[Any] = []
unlocalized_pages: list[Any] = [path("scan/sw.js", views.service_worker, name="scanner-worker")]
