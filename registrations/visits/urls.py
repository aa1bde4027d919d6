"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.routes import OrganizerPage

from .doors import runs_visit
from .views import (
    applicants,
    debrief,
    feedback,
    host,
    host_proposals,
    identity,
    link,
    lists,
    members,
    organize,
    proposals,
    rides,
    season,
    text,
    words,
)  # fmt: skip

RUN = "organize/<slug:event>/visit"
LISTS = f"{RUN}/lists"
HOST = "host/visits/<slug:event>"
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
    path(f"{RUN}/rides/people/<int:pk>/", rides.seat, name="organize-visit-seat"),
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
    # one's own identity
    path("visits/<slug:event>/identity/", identity.identity, name="visit-identity"),
    # the secretary's lists
    path(f"{LISTS}/", lists.lists, name="organize-visit-lists"),
    path(f"{LISTS}/make/", lists.make, name="organize-visit-list-make"),
    path(f"{LISTS}/<int:number>/", lists.version, name="organize-visit-list"),
    path(f"{LISTS}/<int:number>/send/", lists.send, name="organize-visit-list-send"),
    path(f"{LISTS}/<int:number>/revoke/", lists.revoke, name="organize-visit-list-revoke"),
    path(f"{RUN}/host/", lists.contacts, name="organize-visit-host"),
    path(f"{RUN}/host/<int:contact>/end/", lists.end_contact, name="organize-visit-host-end"),
    path(f"{RUN}/replace/<int:pk>/", words.replace, name="organize-visit-replace"),
    path(f"{RUN}/refuse/<int:pk>/", words.refuse, name="organize-visit-refuse"),
    path(f"{RUN}/approve/<int:pk>/", words.approve, name="organize-visit-approve"),
    # the host's own pages
    path("host/", host.home, name="host"),
    path("host/enter/<str:token>/", host.enter, name="host-enter"),
    path("host/sign-out/", host.leave, name="host-sign-out"),
    path("host/lists/<str:token>/", link.host_list, name="host-list"),
    path("host/proposals/", host_proposals.proposals, name="host-proposals"),
    path("host/proposals/<int:pk>/back/", host_proposals.take_back, name="host-proposal-back"),
    path(f"{HOST}/", host.visit, name="host-visit"),
    path(f"{HOST}/list/", host.host_list, name="host-visit-list"),
    path(f"{HOST}/people/<int:pk>/", host.person, name="host-person"),
    path(f"{HOST}/briefing/", host.briefing, name="host-briefing"),
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
