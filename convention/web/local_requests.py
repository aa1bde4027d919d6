"""Recognize requests that were made on this machine."""

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost

from convention.serve.local_network import is_own_address, list_host_names

if TYPE_CHECKING:
    from django.http import HttpRequest

FORWARDING_HEADERS: Final = (
    *("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP"),
    *("X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto"),
    *("X-Forwarded-Server", "CF-Connecting-IP", "CF-Ray", "Fly-Client-IP", "X-Original-Forwarded-For"),
)


def is_from_this_machine(request: "HttpRequest") -> bool:
    """Return whether a program on this machine sent the request directly to the server.

    The address is that of the connection, which no header changes. A proxy or tunnel on this machine also
    connects from here, on behalf of strangers: the headers that such programs add make the result false. No
    header makes it true.
    """
    if any(header in request.headers for header in FORWARDING_HEADERS):
        return False
    return is_own_address(request.META.get("REMOTE_ADDR", ""))


def has_local_name(request: "HttpRequest") -> bool:
    """Return whether Host is a name that only leads here: a local address or name, or SITE_URL's.

    A malicious page, open in a browser on this machine, can make its own public name point to this machine
    and then read the responses (DNS rebinding). The Host header reveals this.
    """
    try:
        name = urlsplit(f"//{request.get_host()}").hostname or ""
    except (DisallowedHost, ValueError):
        return False
    # Public DNS has no names of one label.
    is_single_label = bool(name) and "." not in name and ":" not in name
    own_names = {*list_host_names(), urlsplit(settings.SITE_URL).hostname}
    return is_single_label or name.endswith(".localhost") or name in own_names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
