"""Public events for programs: preview images, the site map, and rules for search engines."""

import gzip
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from convention import hooks
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.events.pictures.views import set_picture_caching
from convention.web.routing import PublicPage

from .preview_image import compute_preview_version, load_preview_image

if TYPE_CHECKING:
    from django.http import HttpRequest

HOUR, DAY = 3600, 24 * 3600
SITE_MAP_KEY = "site-map-gzip"
# A site map may have 50 000 addresses, and each page has one in each language.
MAX_PAGES = 50_000 // len(settings.LANGUAGES)
# Areas of people who are signed in, and links that are secrets.
CLOSED_AREAS = (
    "accounts", "api", "back-office", "company", "desk", "host", "me", "orders", "organize", "quotations",
    "waiting",
)  # fmt: skip


@require_safe
def event_preview(request: "HttpRequest", slug: str) -> HttpResponse:
    """Return the event's preview image in the language of the address."""
    event = get_visible_event(slug, request.user)
    response = HttpResponse(load_preview_image(event), content_type="image/png")
    set_picture_caching(request, response, event, version=compute_preview_version(event))
    return response


def list_public_events() -> Iterator[PublicPage]:
    """Yield the pages of events that everybody may see, the latest first."""
    events = Event.objects.filter(visibility=Event.Visibility.PUBLIC).order_by("-starts_at")
    yield PublicPage("home")
    for slug in events.values_list("slug", flat=True)[:MAX_PAGES]:
        yield PublicPage("event", (slug,))


@require_safe
def site_map(_request: "HttpRequest") -> HttpResponse:
    """List the addresses of all public pages in all languages."""
    # Cached: with all events of a club it takes seconds, and many crawlers request it.
    compressed = cache.get(SITE_MAP_KEY)
    if compressed is None:
        # Compressed: it may have twenty megabytes, and the cache is Redis or the process's memory.
        compressed = gzip.compress(_render_site_map().encode())
        cache.set(SITE_MAP_KEY, compressed, HOUR)
    response = HttpResponse(gzip.decompress(compressed), content_type="application/xml")
    patch_cache_control(response, public=True, max_age=HOUR)
    return response


def _render_site_map() -> str:
    # Apps are set up from the highest layer to the lowest; events come first.
    pages = (page for provider in reversed(hooks.public_pages.providers()) for page in provider())
    return render_to_string("events/sitemap.xml", {"pages": _build_addresses(islice(pages, MAX_PAGES))})


def _build_addresses(pages: Iterable[PublicPage]) -> Iterator[list[tuple[str, str]]]:
    """Yield the language and whole address of each translation of a page."""
    for page in pages:
        addresses = []
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                addresses.append((code, f"{settings.SITE_URL}{reverse(page.name, args=page.arguments)}"))
        yield addresses


@require_safe
def robots_file(_request: "HttpRequest") -> HttpResponse:
    """Serve robots.txt: the areas that crawlers should skip, and the address of the site map."""
    prefixes = ("/", *(f"/{code}/" for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE))
    rules = [f"Disallow: {prefix}{area}/" for area in CLOSED_AREAS for prefix in prefixes]
    lines = ["User-agent: *", *rules, "", f"Sitemap: {settings.SITE_URL}{reverse('site-map')}", ""]
    response = HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
    patch_cache_control(response, public=True, max_age=DAY)
    return response
