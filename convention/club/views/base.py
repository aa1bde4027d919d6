"""Base of the club's pages."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

ROWS_PER_PAGE: Final = 60
read_or_write = require_http_methods(["GET", "HEAD", "POST"])


def render_club_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"organize/club/{template}", {"section": "organize", **context})
