"""Limit the number of mails to one address in an hour, whatever they are about."""

from django.conf import settings
from django.tasks import task_backends

from convention.api.throttles import seconds_until_allowed

# For one address: nobody can flood a stranger's mailbox with orders in their name. Mails beyond it wait for
# the next hour; none is lost.
CONFIRMATIONS_PER_HOUR = 30


def seconds_until_mail_allowed(address: str) -> int:
    """Count a mail to that address; return seconds until it may be sent, 0 if it may be sent now."""
    # A backend that cannot defer tasks (as in tests) would retry at once, without end.
    if settings.RATE_LIMITS == "off" or not task_backends["default"].supports_defer:
        return 0
    return seconds_until_allowed("confirmations", address, limit=CONFIRMATIONS_PER_HOUR, window_seconds=3600)
