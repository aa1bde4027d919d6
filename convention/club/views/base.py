"""Base of the club's pages."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

ROWS_PER_PAGE: Final = 60


def render_club_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"organize/club/{template}", {"section": "directory", **context})
