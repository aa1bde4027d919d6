"""The network that a request comes from, as far as it is told: what limits besides names are counted by."""

from typing import TYPE_CHECKING

from allauth.core.internal import ratelimit
from django.core.exceptions import ImproperlyConfigured, PermissionDenied

if TYPE_CHECKING:
    from django.http import HttpRequest


def network_of(request: "HttpRequest") -> str:
    """Return the address, of IPv6 its first 64 bits, which belong to one household or office; or nothing.

    The proxy in front is believed where BEHIND_PROXY says that there is one.
    """
    try:
        return ratelimit.get_ip(request)
    except (PermissionDenied, ImproperlyConfigured, ValueError):
        return ""
