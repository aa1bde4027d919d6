"""The frame of a company's pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from convention.club.models import Company


def page(request: HttpRequest, template: str, company: Company, **context: Any) -> HttpResponse:
    """A page of one company."""
    return render(request, template, {"company": company, "section": "company", **context})
