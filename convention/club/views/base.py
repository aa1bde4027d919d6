"""Base of the club's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

ROWS_PER_PAGE: Final = 60


def render_club_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"organize/club/{template}", {"section": "directory", **context})


@dataclass(frozen=True)
class EndQuestion:
    """The question before a seat or a role ends, with what follows from it and the page to return to."""

    title: str
    heading: str
    effects: Sequence[str]
    back_label: str
    back_path: str
    # The entry of `tabs.html` that the page belongs to.
    tab: str = "companies"


def render_end_question(request: HttpRequest, question: EndQuestion, **context: Any) -> HttpResponse:
    """Ask before something ends; the form posts to the same address, which then ends it."""
    return render_club_page(request, "end_question.html", question=question, **context)
