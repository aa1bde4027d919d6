"""What templates about registrations need: `{% load registrations %}`, `{{ registration|state_tag }}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registrations.models import Registration

register = template.Library()

LOOKS = {
    Registration.State.CANCELLED.value: "tag struck",
    Registration.State.EXPIRED.value: "tag struck",
    Registration.State.PENDING.value: "tag dashed",
    Registration.State.CONFIRMED.value: "tag",
}


@register.filter
def state_tag(registration: Registration) -> SafeString:
    """The state in words, drawn as what it is."""
    state = Registration.State(registration.state)
    return format_html('<span class="{}">{}</span>', LOOKS[state], state.label)
