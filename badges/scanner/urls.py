"""Addresses."""

from typing import Any

from django.urls import path

from . import views

pages: list[Any] = [
    path("scan/", views.scan, name="scan"),
    path("scan/manifest.webmanifest", views.manifest, name="scanner-manifest"),
]
endpoints: list[Any] = []
plain: list[Any] = [path("scan/sw.js", views.worker, name="scanner-worker")]
