"""How many mails one mailbox gets in an hour, whatever they tell of."""

from django.conf import settings
from django.tasks import task_backends

from convention.api.throttles import seconds_to_wait

MAILS_PER_HOUR = 30
"""To one address; those beyond wait for the next hour, and none is lost."""


def wait_for(address: str) -> int:
    """Count a mail to that address; seconds until it may be written to, 0 where it may be now."""
    if settings.RATE_LIMITS == "off" or not task_backends["default"].supports_defer:
        return 0
    return seconds_to_wait("confirmations", address, most=MAILS_PER_HOUR, seconds=3600)
