"""For templates about visits: `{% load visits %}`, `{{ state|application_tag }}`, `{{ code|reason }}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registrations.visits.models import Application
from registrations.visits.standing import State

register = template.Library()

LOOKS = {
    State.REFUSED: "tag struck",
    State.WITHDRAWN: "tag struck",
    State.HOST_REFUSED: "tag struck",
    State.WAITING: "tag dashed",
    State.APPLIED: "tag dashed",
    State.OFFERED: "tag accent",
}


@register.filter
def application_tag(state: State) -> SafeString:
    """The state in words, drawn as what it is."""
    return format_html('<span class="{}">{}</span>', LOOKS.get(state, "tag"), state.label)


@register.filter
def reason(code: str) -> str:
    """What spoke against an application, in a few words."""
    return str(Application.Refusal(code).label) if code in Application.Refusal.values else ""
