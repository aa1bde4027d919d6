"""The network that a request comes from, for rate limits."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings

# Networks instead of addresses: a customer has many, and IPv6 privacy extensions (RFC 8981) change them.
IPV4_PREFIX = 24
IPV6_PREFIX = 48


def get_client_network(request_meta: Mapping[str, Any]) -> str:
    """Return the client's network, such as `203.0.113.0/24`, from a request's `META`.

    Behind a proxy it is the last address of `X-Forwarded-For`, which the proxy itself appended. Returns "" if
    the address cannot be read, as behind a Unix socket.
    """
    address = str(request_meta.get("REMOTE_ADDR") or "")
    if settings.BEHIND_PROXY:
        # Everything before the last comma was sent by the client and may be forged.
        address = str(request_meta.get("HTTP_X_FORWARDED_FOR") or address).rpartition(",")[2]
    return _network_of_address(address.strip())


def parse_network(text: str) -> str:
    """Return a typed network, or the network of a typed address; "" for anything else."""
    address, slash, _prefix = text.strip().partition("/")
    network = _network_of_address(address)
    return network if network in ("", text.strip()) or not slash else ""


def _network_of_address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    prefix = IPV4_PREFIX if address.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((address, prefix), strict=False))
