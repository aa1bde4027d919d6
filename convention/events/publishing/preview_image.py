"""The picture of an event that messengers and social networks show beside its address."""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import translation

from convention.events.models import Event, EventPicture
from convention.text.dates import format_date_range
from convention.typeset.font_faces import FontWeight
from convention.typeset.line_breaks import TextBox, fit_text
from convention.typeset.raster_drawing import RasterDrawing
from convention.typeset.shaping import TextLine
from convention.web.accent_colours import make_light_tones

# The size that the Open Graph protocol’s readers expect: 1.91 to 1.
WIDTH, HEIGHT = 1200, 630
MARGIN = 80
INK, MUTED_INK, PAPER = "#1b1a17", "#5c5850", "#fdfcf8"
CACHE_SECONDS = 24 * 3600
# Raised when the drawing changes, so that caches fetch the picture again.
DRAWING_VERSION = 1


def compute_preview_version(event: Event) -> str:
    """Return a digest of all that the picture shows; it is part of the address."""
    visible_values = repr([DRAWING_VERSION, settings.SITE_NAME, event.accent, *_list_texts(event)])
    return hashlib.sha256(visible_values.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class PreviewImage:
    """The full address of a picture, which changes with its content; its type and its size."""

    address: str
    mimetype: str
    width: int
    height: int


def find_preview_image(event: Event) -> PreviewImage:
    """Return the event's header image, or the drawn picture for an event without one."""
    header = event.shown_pictures.get(EventPicture.Kind.HEADER)
    if header:
        address = f"{settings.SITE_URL}{header.get_absolute_url()}"
        return PreviewImage(address, header.mimetype, header.width, header.height)
    path = reverse("event-preview", args=[event.slug])
    address = f"{settings.SITE_URL}{path}?v={compute_preview_version(event)}"
    return PreviewImage(address, "image/png", WIDTH, HEIGHT)


def load_preview_image(event: Event) -> bytes:
    """Return the picture as PNG in the active language, drawn once for each version."""
    key = f"event-preview-{compute_preview_version(event)}"
    content: bytes | None = cache.get(key)
    if content is None:
        content = draw_preview_image(event)
        cache.set(key, content, CACHE_SECONDS)
    return content


def draw_preview_image(event: Event) -> bytes:
    """Draw the title, date and place of the event, with its accent colour."""
    title, dates, place = _list_texts(event)
    drawing = RasterDrawing(WIDTH, HEIGHT, background=PAPER)
    drawing.fill_rectangle(0, 0, WIDTH, 24, color=make_light_tones(event.accent).accent)
    width = WIDTH - 2 * MARGIN
    _draw_lines(drawing, settings.SITE_NAME, top=66, size=30, max_lines=1, color=MUTED_INK)
    fitted = fit_text(title, FontWeight.BOLD, TextBox(width, 3), max_size=92, min_size=46)
    y = 150.0
    for line in fitted.lines[:5]:
        y += fitted.size * 1.12
        drawing.text(line, _find_left_end(line, fitted.size), y, fitted.size, color=INK)
    _draw_lines(drawing, dates, top=490, size=38, max_lines=1, color=INK)
    _draw_lines(drawing, place, top=544, size=34, max_lines=1, color=MUTED_INK)
    return drawing.encode_png()


def _draw_lines(
    drawing: RasterDrawing, text: str, *, top: float, size: float, max_lines: int, color: str
) -> None:
    fitted = fit_text(
        text, FontWeight.SEMIBOLD, TextBox(WIDTH - 2 * MARGIN, max_lines), max_size=size, min_size=size / 2
    )
    for line in fitted.lines[:max_lines]:
        x = _find_left_end(line, fitted.size)
        drawing.text(line, x, top + size, fitted.size, color=color)


def _find_left_end(line: TextLine, size: float) -> float:
    """Return where a line begins; one that is read from right to left ends at the right margin."""
    return WIDTH - MARGIN - line.width * size if line.is_rtl else MARGIN


def _list_texts(event: Event) -> tuple[str, str, str]:
    dates = format_date_range(event.starts_at, event.ends_at, event.zone)
    # French dates begin with “du” or a weekday, in lower case inside sentences.
    dates = dates[:1].upper() + dates[1:] if translation.get_language() == "fr" else dates
    return event.title, dates, str(event.venue or "")
