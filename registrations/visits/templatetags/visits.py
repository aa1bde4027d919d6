"""Tags and filters of pages about visits: states, refusals, and who may see visitor lists."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registrations.visits.applications.state import ApplicationState
from registrations.visits.models import Application
from registrations.visits.permissions import can_read_identities

register = template.Library()

STATE_CSS_CLASSES = {
    ApplicationState.REFUSED: "tag struck",
    ApplicationState.OFFER_EXPIRED: "tag struck",
    ApplicationState.WITHDRAWN: "tag struck",
    ApplicationState.REVOKED: "tag struck",
    ApplicationState.REPLACED: "tag struck",
    ApplicationState.HOST_REFUSED: "tag struck",
    ApplicationState.CALLED_OFF: "tag struck",
    ApplicationState.WAITING: "tag dashed",
    ApplicationState.APPLIED: "tag dashed",
    ApplicationState.AWAITING_HOST: "tag dashed",
    ApplicationState.OFFERED: "tag accent",
}


@register.filter
def application_tag(state: ApplicationState) -> SafeString:
    """Return the state of an application as a styled label."""
    return format_html('<span class="{}">{}</span>', STATE_CSS_CLASSES.get(state, "tag"), state.label)


@register.filter
def refusal_label(code: str) -> str:
    """Return the short label of a refusal code."""
    return str(Application.Refusal(code).label) if code in Application.Refusal.values else ""


@register.simple_tag(takes_context=True)
def can_see_lists(context: template.Context, visit: Any) -> bool:
    """Return whether the reader may see visitor lists; organizers of the event may not."""
    return can_read_identities(context["request"].user)
