"""Encode addresses as the formats' schemas require: absolute, of allowed characters only."""

import re
from urllib.parse import quote, urljoin

# Scheme, host, path, query and fragment (RFC 3986, appendix B).
WEB_ADDRESS_PATTERN = re.compile(r"(https?)://([^\s/?#]+)(/[^?#]*)?(\?[^#]*)?(#.*)?$", re.I | re.S)
HOST_PATTERN = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+(?::[^@/]*)?@)?(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$"
)
OTHER_SCHEME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$")
# A host name without its scheme, as people type it: “www.example.org/a”, “example.org:8080”.
BARE_HOST_PATTERN = re.compile(
    r"(?:[a-z0-9][a-z0-9-]{0,62}\.){1,10}([a-z]{2,24})(?::\d{1,5})?(?=[/?#]|$)", re.I
)
# Endings of file names, which look like domains: “slides.pdf” is relative.
FILE_ENDINGS = frozenset(
    """
    avi csv doc docx epub gif gz htm html ics jpeg jpg json key md mkv mpeg mpg odp ods odt ogg opus pdf
    php png pps ppsx ppt pptx ps svg tar tex tgz txt wav webm webp xls xlsx xml zip
    """.split()
)
# A host name has at most 253 characters (RFC 1035); user and port come with it.
MAX_HOST_CHARS = 300
# What RFC 3986 allows unencoded in a part of a path (pchar).
SAFE_CHARS = "!$&'()*+,;=:@~"


def encode_web_uri(address: str) -> str:
    """Return an http(s) address with other characters percent-encoded; "" for any other text."""
    match = WEB_ADDRESS_PATTERN.match(address.strip())
    if not match:
        return ""
    scheme, host, path, query, fragment = (part or "" for part in match.groups())
    host = encode_host(host)
    if not host:
        return ""
    query = query and "?" + percent_encode(query[1:], SAFE_CHARS + "/?")
    fragment = fragment and "#" + percent_encode(fragment[1:], SAFE_CHARS + "/?")
    return f"{scheme.lower()}://{host}{percent_encode(path, SAFE_CHARS + '/')}{query}{fragment}"


def encode_any_uri(address: str) -> str:
    """Return an absolute URI of any scheme; "" for a relative one."""
    if WEB_ADDRESS_PATTERN.match(address.strip()):
        return encode_web_uri(address)
    return (
        percent_encode(address.strip(), SAFE_CHARS + "/?")
        if OTHER_SCHEME_PATTERN.match(address.strip())
        else ""
    )


def resolve_address(address: str, base: str) -> str:
    """Return an absolute URI for an address that may be relative or lack its scheme; "" if there is none.

    `base` is the address that relative ones are relative to. “www.example.org” becomes an https address.
    """
    text = address.strip()
    if has_bare_host(text):
        return encode_web_uri(f"https://{text}")
    if not text or WEB_ADDRESS_PATTERN.match(text) or OTHER_SCHEME_PATTERN.match(text):
        return encode_any_uri(text)
    try:
        return encode_web_uri(urljoin(base, text))
    # urljoin reads “//[” as the beginning of an IPv6 address.
    except ValueError:
        return ""


def has_bare_host(address: str) -> bool:
    """Return whether the address begins with a host name instead of a scheme or path."""
    match = BARE_HOST_PATTERN.match(address)
    if not match:
        return False
    is_file_name = match.end() == len(address) and match[1].lower() in FILE_ENDINGS
    return address.lower().startswith("www.") or not is_file_name


def percent_encode(text: str, safe: str) -> str:
    """Percent-encode disallowed characters; encoded ones stay."""
    # “%” counts as safe, or quote would encode escapes twice; one that begins no escape is encoded here.
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=safe + "%"))


def encode_host(host: str) -> str:
    """Return the host in ASCII, "" if it is invalid."""
    if len(host) > MAX_HOST_CHARS:
        return ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    return host if HOST_PATTERN.match(host) else ""
