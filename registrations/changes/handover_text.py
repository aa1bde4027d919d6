"""Describe who gets which e-mail when a place is given to another attendee, for all pages that do it."""

from django.utils.translation import gettext as _

from convention.text.email_addresses import is_same_email
from registrations.models import Registration


def has_own_mailbox(registration: Registration) -> bool:
    """Return whether the attendee has an address, and another one than the buyer."""
    return bool(registration.email) and not is_same_email(registration.email, registration.order.email)


def is_announced_with_badge(registration: Registration) -> bool:
    """Return whether a mail with badge and link goes to the attendee as the new holder of the place."""
    is_handed_over = registration.holder_count > 1 and registration.confirmed_at is not None
    return is_handed_over and has_own_mailbox(registration)


def describe_handover(registration: Registration) -> str:
    """Return who gets badge and link of a place that was just named or given to another attendee."""
    names = {"name": registration.name, "email": registration.email, "buyer": registration.order.email}
    return _choose_sentence(registration) % names


def _choose_sentence(registration: Registration) -> str:
    # A place that is not confirmed yet has no badge.
    if not registration.confirmed_at:
        return _("The place is now in the name of %(name)s. The badge follows once the place is confirmed.")
    # Of a place that never changed hands, only the buyer gets the badge.
    if registration.is_private or is_announced_with_badge(registration):
        if registration.is_private or not registration.order.email:
            return _(
                "The place is now in the name of %(name)s. We are e-mailing the badge and the link to "
                "%(email)s."
            )
        return _(
            "The place is now in the name of %(name)s. We are e-mailing the badge and the link to %(email)s, "
            "and a copy of the badge to the buyer."
        )
    if registration.order.email:
        return _("The place is now in the name of %(name)s. We are e-mailing the badge to the buyer.")
    return _("The place is now in the name of %(name)s.")
