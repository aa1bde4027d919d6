"""The organizers' first page, and the overview of one event."""

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.club.doors import administers
from convention.errors import Forbidden
from convention.events.doors import event_to_organize, may_create_events, organized_events
from convention.templatetags.convention import page_url

from ..attention import matters, queue_matters
from ..facts import facts_of, queue_now
from ..figures import figures_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

NEXT_SHOWN, PAST_SHOWN = 20, 20
LISTS = ("registrations", "tickets", "schedule", "attendance", "badges", "settings")


@login_required
@require_safe
def home(request: "HttpRequest") -> "HttpResponse":
    """What needs attention, who is inside, what comes next; only of the events this person runs."""
    now = timezone.now()
    events = organized_events(request.user).select_related("venue")
    coming = list(events.filter(ends_at__gte=now).order_by("starts_at")[:NEXT_SHOWN])
    past = list(events.filter(ends_at__lt=now).order_by("-starts_at")[:PAST_SHOWN])
    may_create = may_create_events(request.user)
    if not (coming or past or may_create):
        raise Forbidden(_("This page is for those who run an event."))
    facts = facts_of(coming, at=now)
    found = queue_matters(queue_now(at=now)) if may_create else []
    found += [matter for one in facts for matter in matters(one, at=now)]
    context = {
        "section": "organize",
        "may_create": may_create,
        "administers": administers(request.user),
        "matters": sorted(found, key=lambda matter: -matter.gravity),
        "facts": facts,
        "running": [one for one in facts if one.event.starts_at <= now],
        "past": past,
    }
    return render(request, "reports/home.html", context)


@require_safe
def overview(request: "HttpRequest", event: str) -> "HttpResponse":
    """One event: what needs attention, then its figures, each opening its list."""
    found = event_to_organize(event, request.user)
    now = timezone.now()
    facts = facts_of([found], at=now)[0]
    urls = {name: page_url(f"organize-{name}", found.slug) for name in LISTS}
    context = {
        "section": "organize",
        "event": found,
        "facts": facts,
        "matters": matters(facts, at=now),
        "figures": figures_of(facts, urls=urls, at=now),
        "urls": urls,
        "has_begun": found.starts_at <= now or facts.arrived,
        "is_over": found.ends_at < now,
    }
    return render(request, "reports/overview.html", context)
