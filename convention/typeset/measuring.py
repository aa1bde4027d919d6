"""A document that is laid out but never written, to find out its page numbers."""

import io
from typing import Any

from .document import PdfDocument, PdfPage


class MeasuredPage(PdfPage):
    """A page that is not drawn: callers may skip shaping texts."""

    is_drawn = False


class MeasuringDocument(PdfDocument):
    """A PDF without a file."""

    def __init__(self, **options: Any) -> None:
        super().__init__(io.BytesIO(), **options)

    def begin_page(self, width: float, height: float) -> PdfPage:
        """Begin a page, on which nothing is drawn."""
        self.page_count += 1
        self._current_page = MeasuredPage(self._canvas, width, height)
        return self._current_page

    def close(self) -> None:
        """Write nothing."""
