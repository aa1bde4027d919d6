"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.routes import OrganizerPage

from .doors import runs_visit
from .views import applicants, members, organize, proposals, season, text

RUN = "organize/<slug:event>/visit"


def is_site_visit(event: Event) -> bool:
    """Whether an event may have a visit."""
    return event.kind == Event.Kind.SITE_VISIT


pages: list[Any] = [
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
pages += [
    path("season/", season.season, name="season"),
    path("season/proposals/", proposals.proposals, name="proposals"),
    path("season/proposals/new/", proposals.new, name="proposal-new"),
    path("season/proposals/<int:pk>/", proposals.act, name="proposal-act"),
    path("organize/season/", season.plan, name="organize-season"),
    path("organize/season/turns/", season.whose_turn, name="organize-turns"),
    path("organize/season/turns.csv", season.export, {"kind": "csv"}, name="organize-turns-csv"),
    path("organize/season/turns.xlsx", season.export, {"kind": "xlsx"}, name="organize-turns-xlsx"),
    path("organize/season/proposals/", proposals.to_plan, name="organize-proposals"),
    path("organize/season/proposals/<int:pk>/", proposals.proposal, name="organize-proposal"),
    path("organize/season/proposals/<int:pk>/date/", proposals.set_date, name="organize-proposal-date"),
    path("organize/season/proposals/<int:pk>/decide/", proposals.decide, name="organize-proposal-decide"),
]
organizer_pages = [
    OrganizerPage("organize-visit", _("Visit"), 5, has_content=is_site_visit, opens_to=runs_visit),
]
