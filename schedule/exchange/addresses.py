"""Addresses as the formats' schemas want them: absolute, and of allowed characters only."""

import re
from urllib.parse import quote

WEB = re.compile(r"(https?)://([^\s/?#]+)(/[^?#]*)?(\?[^#]*)?(#.*)?$", re.I | re.S)
HOST = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+(?::[^@/]*)?@)?(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$"
)
OTHER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$")
MAX_HOST_CHARS = 300
MARKS = "!$&'()*+,;=:@~"


def web_uri(address: str) -> str:
    """An http(s) address with everything odd percent-encoded; nothing for any other text."""
    match = WEB.match(address.strip())
    if not match:
        return ""
    scheme, host, path, query, fragment = (part or "" for part in match.groups())
    host = ascii_host(host)
    if not host:
        return ""
    query = query and "?" + escaped(query[1:], MARKS + "/?")
    fragment = fragment and "#" + escaped(fragment[1:], MARKS + "/?")
    return f"{scheme.lower()}://{host}{escaped(path, MARKS + '/')}{query}{fragment}"


def any_uri(address: str) -> str:
    """The address as an absolute URI of any scheme; nothing for a relative one."""
    if WEB.match(address.strip()):
        return web_uri(address)
    return escaped(address.strip(), MARKS + "/?") if OTHER.match(address.strip()) else ""


def escaped(text: str, safe: str) -> str:
    """Percent-encode what is not allowed; what is encoded already stays."""
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=safe + "%"))


def ascii_host(host: str) -> str:
    """The host in ASCII, nothing if it cannot be one."""
    if len(host) > MAX_HOST_CHARS:
        return ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    return host if HOST.match(host) else ""
