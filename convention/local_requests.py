"""Tell requests that were made on this machine from all others."""

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost

from .serve.network import host_names, is_own_address

if TYPE_CHECKING:
    from django.http import HttpRequest

FORWARDING_HEADERS: Final = (
    *("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP"),
    *("X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto"),
    *("X-Forwarded-Server", "CF-Connecting-IP", "CF-Ray", "Fly-Client-IP", "X-Original-Forwarded-For"),
)


def is_from_this_machine(request: "HttpRequest") -> bool:
    """Whether a browser or program on this machine sent the request to the server itself.

    The address is that of the connection, which no header changes. A proxy or tunnel on this machine connects
    from here too, for strangers: a header that such programs add makes the answer no, and none makes it yes.
    """
    if any(header in request.headers for header in FORWARDING_HEADERS):
        return False
    return is_own_address(request.META.get("REMOTE_ADDR", ""))


def has_local_name(request: "HttpRequest") -> bool:
    """Whether the site is called by a name that only leads here: an address, a local name, or SITE_URL's.

    A page of a stranger, open in a browser on this machine, can make its own public name lead to this machine
    and then read what it answers (DNS rebinding). The name gives it away.
    """
    try:
        name = urlsplit(f"//{request.get_host()}").hostname or ""
    except (DisallowedHost, ValueError):
        return False
    is_single_label = bool(name) and "." not in name and ":" not in name
    own_names = {*host_names(), urlsplit(settings.SITE_URL).hostname}
    return is_single_label or name.endswith(".localhost") or name in own_names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
