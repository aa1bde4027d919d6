"""Pages: the organizers' home and the overview of one event."""

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from badges.reports.attention import (
    list_draft_items,
    list_event_items,
    list_queue_items,
)
from badges.reports.charts import build_charts
from badges.reports.event_facts import (
    count_queue_problems,
    count_recent_registrations,
    load_event_facts,
    sum_charges,
)
from convention.club.models import ClubRole, WorkingGroup
from convention.club.permissions import get_led_groups, has_club_role, is_club_administrator
from convention.errors import Forbidden
from convention.events.attention import AttentionItem
from convention.events.models import Event
from convention.events.permissions import (
    can_create_events,
    get_event_to_organize,
    get_organized_events,
    runs_for_club,
)
from convention.events.publishing.cancel_event import has_cancellation_page
from convention.events.publishing.publish import list_readiness
from convention.privacy.requests import list_privacy_items
from convention.templatetags.convention import page_url
from registrations.visits.models import Visit
from registrations.visits.planning.attention import list_season_items, list_visit_items
from registrations.visits.planning.permissions import can_plan_season

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from convention.club.permissions import RequestUser

MAX_UPCOMING_SHOWN, MAX_PAST_SHOWN = 20, 20
LINKED_PAGES = ("registrations", "tickets", "schedule", "attendance", "badges", "settings")


@login_required
@require_safe
def organizer_home(request: "HttpRequest") -> "HttpResponse":
    """Show the events that this person organizes, the groups that they lead, and what needs attention."""
    now = timezone.now()
    events = get_organized_events(request.user).select_related("venue")
    coming = list(events.filter(ends_at__gte=now).order_by("starts_at")[:MAX_UPCOMING_SHOWN])
    past = list(events.filter(ends_at__lt=now).order_by("-starts_at")[:MAX_PAST_SHOWN])
    can_create = can_create_events(request.user)
    led_groups = list(WorkingGroup.objects.filter(pk__in=get_led_groups(request.user)))
    if not (coming or past or can_create or led_groups):
        if has_club_role(request.user, ClubRole.Role.SECRETARY):
            # Secretaries plan all visits without being organizers of an event.
            return redirect("organize-season")
        raise Forbidden(_("This page is for event organizers."))
    facts = load_event_facts(coming, at=now)
    items = _list_club_items(request.user, at=now)
    items += [item for fact in facts for item in list_event_items(fact, at=now)]
    context = {
        "section": "organize",
        "can_create": can_create,
        "is_administrator": is_club_administrator(request.user),
        # Sorted again: each event's items are sorted, but not those of all events together.
        "attention_items": sorted(items, key=lambda item: -item.gravity),
        "upcoming": facts,
        "running": [fact for fact in facts if fact.event.starts_at <= now and not fact.event.cancelled_at],
        "past": past,
        "led_groups": led_groups,
    }
    return render(request, "reports/home.html", context)


def _list_club_items(reader: "RequestUser", *, at: datetime.datetime) -> list[AttentionItem]:
    """Return the items of no single event that this reader may act on."""
    # The queue concerns the whole site, so it is shown only to people who run all events.
    items = list_queue_items(count_queue_problems(at=at)) if can_create_events(reader) else []
    items += list_privacy_items(reader)
    if can_plan_season(reader):
        items += list_season_items(reader, at=at)
    return items


@require_safe
def event_overview(request: "HttpRequest", event: str) -> "HttpResponse":
    event_obj = get_event_to_organize(event, request.user)
    now = timezone.now()
    facts = load_event_facts([event_obj], at=now)[0]
    urls = {name: page_url(f"organize-{name}", event_obj.slug) for name in LINKED_PAGES}
    context = {
        "section": "organize",
        "event": event_obj,
        "facts": facts,
        "attention_items": [
            *list_event_items(facts, at=now),
            *_list_visit_items(event_obj, request.user, at=now),
            *_list_draft_items(event_obj),
        ],
        "charts": build_charts(facts, urls=urls, at=now),
        "urls": urls,
        "week_count": count_recent_registrations(event_obj, at=now),
        # Outside firms and a group's leads must not see the club's revenue.
        "revenue": sum_charges(event_obj) if runs_for_club(request.user, event_obj) else [],
        "can_copy": can_create_events(request.user) and event_obj.kind != Event.Kind.SITE_VISIT,
        "has_cancellation_page": runs_for_club(request.user, event_obj) and has_cancellation_page(event_obj),
        "has_begun": event_obj.starts_at <= now or facts.arrived_count,
        "is_over": event_obj.is_over(at=now),
    }
    return render(request, "reports/overview.html", context)


def _list_visit_items(event: Event, reader: "RequestUser", *, at: datetime.datetime) -> list[AttentionItem]:
    """Return what is left to do for the visitor list of a site visit, for those who may open it."""
    if event.kind != Event.Kind.SITE_VISIT:
        return []
    visits = list(Visit.objects.filter(event=event).select_related("event"))
    return list_visit_items(reader, visits, at=at)


def _list_draft_items(event: Event) -> list[AttentionItem]:
    """Return the number of open checklist items of a draft as an item; [] for a published event."""
    if event.visibility != Event.Visibility.DRAFT:
        return []
    items = list_draft_items(sum(not item.is_done for item in list_readiness(event)))
    return [replace(item, event=event) for item in items]
