"""URLs of visits: members' pages, organizers' pages, hosts' pages, and the season."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.routing import OrganizerPage

from .applications import confidentiality_views, organizer_views
from .applications import views as applications_views
from .debrief import feedback_views
from .debrief import views as debrief_views
from .hosts import decision_views
from .hosts import proposal_views as hosts_proposal_views
from .hosts import views as hosts_views
from .identity import views as identity_views
from .lifecycle import views as lifecycle_views
from .permissions import can_manage_visit
from .planning import proposal_views as planning_proposal_views
from .planning import season_views
from .rides import views as rides_views
from .visitor_list import link_views
from .visitor_list import views as visitor_list_views

ORGANIZE_PREFIX = "organize/<slug:event>/visit"
LISTS_PREFIX = f"{ORGANIZE_PREFIX}/lists"
HOST_PREFIX = "host/visits/<slug:event>"
MEMBER_PREFIX = "visits/<slug:event>"


def is_site_visit(event: Event) -> bool:
    return event.kind == Event.Kind.SITE_VISIT


pages: list[Any] = [
    # Before `visits/<slug:slug>/`, which would match it as a slug.
    path("visits/learned/", debrief_views.lesson_list, name="visits-lessons"),
    path(f"{MEMBER_PREFIX}/rides/", rides_views.own_ride_choice, name="visit-rides"),
    path(f"{MEMBER_PREFIX}/rides.ics", rides_views.own_ride_calendar, name="visit-rides-calendar"),
    path(f"{MEMBER_PREFIX}/debrief/", debrief_views.debrief_page, name="visit-debrief"),
    path(f"{MEMBER_PREFIX}/feedback/", feedback_views.feedback_answer, name="visit-feedback"),
    path(f"{ORGANIZE_PREFIX}/rides/", rides_views.ride_list, name="organize-visit-rides"),
    path(f"{ORGANIZE_PREFIX}/rides/new/", rides_views.ride_create, name="organize-visit-ride-new"),
    path(f"{ORGANIZE_PREFIX}/rides/<int:pk>/", rides_views.ride_edit, name="organize-visit-ride"),
    path(
        f"{ORGANIZE_PREFIX}/rides/<int:pk>/remove/",
        rides_views.ride_remove,
        name="organize-visit-ride-remove",
    ),
    path(
        f"{ORGANIZE_PREFIX}/rides/people/<int:pk>/",
        rides_views.visitor_rides_edit,
        name="organize-visit-seat",
    ),
    path(f"{ORGANIZE_PREFIX}/debrief/", debrief_views.debrief_edit, name="organize-visit-debrief"),
    path(
        f"{ORGANIZE_PREFIX}/debrief/decide/",
        debrief_views.debrief_decide,
        name="organize-visit-debrief-decide",
    ),
    path(f"{ORGANIZE_PREFIX}/feedback/", feedback_views.feedback_results, name="organize-visit-feedback"),
    path(
        f"{ORGANIZE_PREFIX}/feedback/questions/",
        feedback_views.question_list,
        name="organize-visit-questions",
    ),
    path(
        f"{ORGANIZE_PREFIX}/feedback/usual/",
        feedback_views.default_questions_add,
        name="organize-visit-questions-default",
    ),
    path("visits/", applications_views.visit_list, name="visits"),
    path("visits/<slug:slug>/", applications_views.visit_detail, name="visit"),
    path("visits/<slug:slug>/apply/", applications_views.visit_apply, name="visit-apply"),
    path("visits/<slug:slug>/withdraw/", applications_views.visit_withdraw, name="visit-withdraw"),
    path("visits/<slug:slug>/text/", confidentiality_views.nda_text_page, name="visit-confidentiality"),
    path(f"{ORGANIZE_PREFIX}/", lifecycle_views.visit_edit, name="organize-visit"),
    path(f"{ORGANIZE_PREFIX}/begin/", lifecycle_views.visit_create, name="organize-visit-create"),
    path(f"{ORGANIZE_PREFIX}/step/", lifecycle_views.visit_step, name="organize-visit-step"),
    path(f"{ORGANIZE_PREFIX}/call-off/", lifecycle_views.visit_cancel, name="organize-visit-cancel"),
    path(
        f"{ORGANIZE_PREFIX}/text/", confidentiality_views.nda_text_edit, name="organize-visit-confidentiality"
    ),
    path(f"{ORGANIZE_PREFIX}/applicants/", organizer_views.applicant_list, name="organize-visit-applicants"),
    path(
        f"{ORGANIZE_PREFIX}/applicants/new/",
        organizer_views.application_create,
        name="organize-visit-application-new",
    ),
    path(
        f"{ORGANIZE_PREFIX}/applicants.csv",
        organizer_views.applicant_export,
        {"kind": "csv"},
        name="organize-visit-applicants-csv",
    ),
    path(
        f"{ORGANIZE_PREFIX}/applicants.xlsx",
        organizer_views.applicant_export,
        {"kind": "xlsx"},
        name="organize-visit-applicants-xlsx",
    ),
    path(
        f"{ORGANIZE_PREFIX}/applicants/<int:pk>/",
        organizer_views.applicant_detail,
        name="organize-visit-applicant",
    ),
    path(
        f"{ORGANIZE_PREFIX}/applicants/<int:pk>/decide/",
        organizer_views.applicant_decide,
        name="organize-visit-applicant-decide",
    ),
    # the visitor's identity
    path("visits/<slug:event>/identity/", identity_views.identity_edit, name="visit-identity"),
    # the secretary's lists
    path(f"{LISTS_PREFIX}/", visitor_list_views.visitor_list_overview, name="organize-visit-lists"),
    path(f"{LISTS_PREFIX}/remind/", visitor_list_views.visitor_reminder, name="organize-visit-remind"),
    path(f"{LISTS_PREFIX}/make/", visitor_list_views.visitor_list_create, name="organize-visit-list-make"),
    path(f"{LISTS_PREFIX}/<int:number>/", visitor_list_views.visitor_list_detail, name="organize-visit-list"),
    path(
        f"{LISTS_PREFIX}/<int:number>/send/",
        visitor_list_views.visitor_list_send,
        name="organize-visit-list-send",
    ),
    path(
        f"{LISTS_PREFIX}/<int:number>/revoke/",
        visitor_list_views.visitor_list_revoke,
        name="organize-visit-list-revoke",
    ),
    path(f"{ORGANIZE_PREFIX}/host/", visitor_list_views.host_contact_list, name="organize-visit-host"),
    path(
        f"{ORGANIZE_PREFIX}/host/<int:contact>/end/",
        visitor_list_views.host_contact_end,
        name="organize-visit-host-end",
    ),
    path(
        f"{ORGANIZE_PREFIX}/replace/<int:pk>/",
        decision_views.replacement_create,
        name="organize-visit-replace",
    ),
    path(
        f"{ORGANIZE_PREFIX}/propose/",
        decision_views.additional_visitor_create,
        name="organize-visit-propose",
    ),
    path(f"{ORGANIZE_PREFIX}/refuse/<int:pk>/", decision_views.visitor_refuse, name="organize-visit-refuse"),
    path(
        f"{ORGANIZE_PREFIX}/approve/<int:pk>/",
        decision_views.replacement_approve,
        name="organize-visit-approve",
    ),
    # the host's own pages
    path("host/", hosts_views.host_home, name="host"),
    path("host/enter/<str:token>/", hosts_views.host_sign_in, name="host-sign-in"),
    path("host/sign-out/", hosts_views.host_sign_out, name="host-sign-out"),
    path("host/lists/<str:token>/", link_views.linked_list, name="host-list"),
    path("host/proposals/", hosts_proposal_views.host_proposal_list, name="host-proposals"),
    path(
        "host/proposals/<int:pk>/back/",
        hosts_proposal_views.host_proposal_withdraw,
        name="host-proposal-withdraw",
    ),
    path(f"{HOST_PREFIX}/", hosts_views.host_visit_detail, name="host-visit"),
    path(f"{HOST_PREFIX}/list/", hosts_views.host_visitor_list, name="host-visit-list"),
    path(f"{HOST_PREFIX}/people/<int:pk>/", hosts_views.host_visitor_detail, name="host-person"),
    path(f"{HOST_PREFIX}/briefing/", hosts_views.briefing_edit, name="host-briefing"),
    path("season/", season_views.season_calendar, name="season"),
    path("season/proposals/", planning_proposal_views.proposal_list, name="proposals"),
    path("season/proposals/new/", planning_proposal_views.proposal_create, name="proposal-new"),
    path("season/proposals/<int:pk>/", planning_proposal_views.proposal_respond, name="proposal-respond"),
    path("organize/season/", season_views.season_plan, name="organize-season"),
    path("organize/season/visits/new/", season_views.visit_create, name="organize-visit-new"),
    path("organize/season/turns/", season_views.company_history_list, name="organize-company-history"),
    path(
        "organize/season/turns.csv",
        season_views.company_history_export,
        {"kind": "csv"},
        name="organize-company-history-csv",
    ),
    path(
        "organize/season/turns.xlsx",
        season_views.company_history_export,
        {"kind": "xlsx"},
        name="organize-company-history-xlsx",
    ),
    path(
        "organize/season/proposals/",
        planning_proposal_views.proposal_planning_list,
        name="organize-proposals",
    ),
    path(
        "organize/season/proposals/new/",
        planning_proposal_views.proposal_record,
        name="organize-proposal-new",
    ),
    path(
        "organize/season/proposals/<int:pk>/",
        planning_proposal_views.proposal_detail,
        name="organize-proposal",
    ),
    path(
        "organize/season/proposals/<int:pk>/date/",
        planning_proposal_views.proposal_set_date,
        name="organize-proposal-date",
    ),
    path(
        "organize/season/proposals/<int:pk>/decide/",
        planning_proposal_views.proposal_decide,
        name="organize-proposal-decide",
    ),
]
organizer_pages = [
    OrganizerPage("organize-visit", _("Visit"), 5, has_content=is_site_visit, can_open=can_manage_visit),
]
