"""Metadata of public pages for search engines and messengers: description, address, title, picture."""

import html
import re
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import strip_tags
from django.utils.text import Truncator

from convention.events.models import Event
from convention.events.publishing.preview_image import find_preview_image

register = template.Library()

# Search engines show about 160 characters.
MAX_DESCRIPTION_LENGTH = 200
LOCALES = {"fr": "fr_FR", "en": "en_GB"}


@register.inclusion_tag("events/page_metadata.html", takes_context=True)
def page_metadata(
    context: template.Context,
    title: str,
    description: str = "",
    event: Event | None = None,
    pictured_event: Event | None = None,
) -> dict[str, Any]:
    """Render the metadata of a public page; an event for members or in draft is not indexed.

    `pictured_event` gives the picture of a page that is not about one event.
    """
    path = context["request"].path
    pictured = event or pictured_event
    return {
        "title": title,
        "description": shorten_description(description),
        # Without the query string: filters of a list are the same page to a search engine.
        "address": f"{settings.SITE_URL}{path}",
        "site_name": settings.SITE_NAME,
        "locales": LOCALES,
        "is_indexed": event is None or event.visibility == Event.Visibility.PUBLIC,
        "image": find_preview_image(pictured) if pictured else None,
        "image_text": title if event else pictured and pictured.title,
    }


def shorten_description(text: str) -> str:
    """Return a text without markup and line breaks, cut at a word."""
    plain = re.sub(r"\s+", " ", html.unescape(strip_tags(str(text)))).strip()
    return Truncator(plain).chars(MAX_DESCRIPTION_LENGTH)
