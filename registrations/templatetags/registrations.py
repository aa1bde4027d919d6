"""Template filters for registrations."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registrations.models import Registration

register = template.Library()

STATE_CLASSES = {
    Registration.State.CANCELLED.value: "tag struck",
    Registration.State.EXPIRED.value: "tag struck",
    Registration.State.PENDING.value: "tag dashed",
    Registration.State.CONFIRMED.value: "tag",
}


@register.filter
def state_tag(registration: Registration) -> SafeString:
    """Return the state of a registration as a styled label."""
    return format_state_tag(registration.state)


def format_state_tag(value: str) -> SafeString:
    state = Registration.State(value)
    return format_html('<span class="{}">{}</span>', STATE_CLASSES[state], state.label)
