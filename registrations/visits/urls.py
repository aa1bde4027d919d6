"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.routes import OrganizerPage

from .doors import runs_visit
from .views import applicants, debrief, feedback, members, organize, rides, text

RUN = "organize/<slug:event>/visit"
OWN = "visits/<slug:event>"


def is_site_visit(event: Event) -> bool:
    """Whether an event may have a visit."""
    return event.kind == Event.Kind.SITE_VISIT


day_pages: list[Any] = [
    path("visits/learned/", debrief.learned, name="visits-learned"),
    path(f"{OWN}/rides/", rides.own_rides, name="visit-rides"),
    path(f"{OWN}/rides.ics", rides.own_calendar, name="visit-rides-calendar"),
    path(f"{OWN}/debrief/", debrief.read, name="visit-debrief"),
    path(f"{OWN}/feedback/", feedback.answer, name="visit-feedback"),
    path(f"{RUN}/rides/", rides.rides, name="organize-visit-rides"),
    path(f"{RUN}/rides/new/", rides.new_ride, name="organize-visit-ride-new"),
    path(f"{RUN}/rides/<int:pk>/", rides.ride, name="organize-visit-ride"),
    path(f"{RUN}/rides/<int:pk>/remove/", rides.remove, name="organize-visit-ride-remove"),
    path(f"{RUN}/debrief/", debrief.debrief, name="organize-visit-debrief"),
    path(f"{RUN}/debrief/act/", debrief.act, name="organize-visit-debrief-act"),
    path(f"{RUN}/feedback/", feedback.results, name="organize-visit-feedback"),
    path(f"{RUN}/feedback/questions/", feedback.questions, name="organize-visit-questions"),
    path(f"{RUN}/feedback/usual/", feedback.usual, name="organize-visit-questions-usual"),
]
pages: list[Any] = [
    *day_pages,
    path("visits/", members.visits, name="visits"),
    path("visits/<slug:slug>/", members.visit, name="visit"),
    path("visits/<slug:slug>/apply/", members.ask, name="visit-apply"),
    path("visits/<slug:slug>/withdraw/", members.leave, name="visit-withdraw"),
    path("visits/<slug:slug>/text/", text.read, name="visit-text"),
    path(f"{RUN}/", organize.facts, name="organize-visit"),
    path(f"{RUN}/begin/", organize.begin, name="organize-visit-begin"),
    path(f"{RUN}/step/", organize.step, name="organize-visit-step"),
    path(f"{RUN}/call-off/", organize.end, name="organize-visit-call-off"),
    path(f"{RUN}/text/", text.edit, name="organize-visit-text"),
    path(f"{RUN}/applicants/", applicants.applicants, name="organize-visit-applicants"),
    path(f"{RUN}/applicants.csv", applicants.export, {"kind": "csv"}, name="organize-visit-applicants-csv"),
    path(
        f"{RUN}/applicants.xlsx", applicants.export, {"kind": "xlsx"}, name="organize-visit-applicants-xlsx"
    ),
    path(f"{RUN}/applicants/<int:pk>/", applicants.applicant, name="organize-visit-applicant"),
    path(f"{RUN}/applicants/<int:pk>/decide/", applicants.decide, name="organize-visit-applicant-decide"),
]
organizer_pages = [
    OrganizerPage("organize-visit", _("Visit"), 5, has_content=is_site_visit, opens_to=runs_visit),
]
