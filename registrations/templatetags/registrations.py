"""Template filters for registrations."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from convention.text.address_suggestions import list_mail_domains, suggest_address
from registrations.models import Registration

register = template.Library()

STATE_CLASSES = {
    Registration.State.CANCELLED.value: "tag struck",
    Registration.State.EXPIRED.value: "tag struck",
    Registration.State.PENDING.value: "tag dashed",
    Registration.State.CONFIRMED.value: "tag",
}


@register.filter(name="suggest_address")
def suggest_corrected_address(typed: str | None) -> str:
    """Return the address that was probably meant; "" if the typed one does not look mistyped."""
    return suggest_address(typed or "")


@register.simple_tag
def mail_domains() -> dict[str, list[str]]:
    """Return what a script needs to suggest addresses."""
    return list_mail_domains()


@register.filter
def state_tag(registration: Registration) -> SafeString:
    """Return the state of a registration as a styled label, which names a card payment that it awaits."""
    if registration.state == Registration.State.PENDING and _awaits_card_payment(registration):
        return format_html(
            '<span class="{}">{}</span>', STATE_CLASSES[Registration.State.PENDING], _("payment pending")
        )
    return format_state_tag(registration.state)


def _awaits_card_payment(registration: Registration) -> bool:
    """Return whether the payment alone confirms it, and no mailed link is to be opened first."""
    order = registration.order
    return order.is_by_card and not (order.awaits_verification or registration.awaits_member_verification)


def format_state_tag(value: str) -> SafeString:
    state = Registration.State(value)
    return format_html('<span class="{}">{}</span>', STATE_CLASSES[state], state.label)
