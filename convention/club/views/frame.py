"""The frame of the club's pages."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

ROWS: Final = 60
"""Of one page of a list."""
read_or_write = require_http_methods(["GET", "HEAD", "POST"])


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page of the club."""
    return render(request, f"organize/club/{template}", {"section": "organize", **context})
