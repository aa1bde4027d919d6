"""Addresses."""

from typing import Any

from django.urls import path

from . import api

pages: list[Any] = []
endpoints: list[Any] = [
    path("scanner/snapshot/", api.snapshot, name="scanner-snapshot"),
    path("scanner/scans/", api.scans, name="scanner-scans"),
]
