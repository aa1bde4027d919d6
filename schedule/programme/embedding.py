"""Embed the agenda in pages of other sites: which sites may, the frame policy, the snippet to copy."""

import re
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from convention.events.models import Event

ANY_SITE: Final = "*"
MAX_SITES: Final = 20
# A scheme and a host, as frame-ancestors takes them; nothing that could begin another directive.
SITE_PATTERN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")
# No script, no form: the page needs neither, and it works without cookies, which browsers block in frames.
EMBEDDED_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)


def clean_embedding_sites(text: str) -> str:
    """Return the sites one on each line, without paths. Raise ValidationError for an invalid site."""
    sites = dict.fromkeys(normalize_site(word) for word in text.replace(",", " ").split())
    if len(sites) > MAX_SITES:
        raise ValidationError(_("At most %(count)s sites.") % {"count": MAX_SITES})
    return ANY_SITE if ANY_SITE in sites else "\n".join(sites)


def normalize_site(text: str) -> str:
    """Return scheme and host of an address in lower case. Raise ValidationError."""
    if text == ANY_SITE:
        return text
    site = "/".join(text.lower().split("/")[:3])
    if not SITE_PATTERN.fullmatch(site):
        message = _("“%(site)s” is not a valid site address. Enter it as https://www.example.org.")
        raise ValidationError(message % {"site": text[:100]})
    return site


def build_frame_policy(sites: Iterable[str]) -> str:
    """Return the Content-Security-Policy of the embedded page; without sites no page may frame it."""
    return EMBEDDED_POLICY + (" ".join(sites) or "'none'")


def build_snippet(event: Event) -> str:
    """Return the HTML with which another site shows the agenda."""
    address = settings.SITE_URL + reverse("agenda-embedded", args=[event.slug])
    title = _("Programme of %(event)s") % {"event": event.title}
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="800" loading="lazy"></iframe>', address, title
    )
