"""A PDF drawn page by page, in points from the top left corner downwards.

reportlab's canvas makes the file. The marks of a page are written directly as operators, which draws
thousands of badges a second; links, destinations and the table of contents use the canvas's own methods.
"""

import datetime
import functools
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self

from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from .embedded_fonts import FontSet
from .reportlab_canvas import PageWriter, get_document_fonts
from .shaping import TextLine
from .surface import Point

ALIGNMENT_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}
BLACK_COLOR = "#000000"
rl_config.useA85 = 0  # raw bytes instead of ASCII85, which takes a quarter more
type PageArea = tuple[float, float, float, float]  # x, y, width, height
# Four Bézier curves with these handles draw a circle.
CIRCLE_HANDLE = 0.5523


@functools.lru_cache(maxsize=256)
def _color_components(color: str) -> str:
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return f"{red:.4g} {green:.4g} {blue:.4g}"


def encode_pdf_text(text: str) -> str:
    """Return a PDF text string in hexadecimal."""
    # The byte order mark tells readers that the string is UTF-16; without it PDF assumes Latin letters.
    return f"<{('\ufeff' + text).encode('utf-16-be', 'replace').hex()}>"


class PdfDrawing:
    """An area to draw on, measured in points."""

    # False if only the layout is needed, so that callers can skip what is expensive to draw.
    is_drawn = True

    def __init__(self, fonts: FontSet, width: float, height: float) -> None:
        self.fonts = fonts
        self.width = width
        self.height = height
        self.operators: list[str] = []
        self.forms: list[str] = []
        self._color = BLACK_COLOR

    def begin_tag(self, role: str) -> None:
        """Do nothing: only pages of a TaggedDocument have tags."""

    def begin_figure(self, alternative_text: str, area: PageArea) -> None:
        """Do nothing: only pages of a TaggedDocument have tags."""

    def end_tag(self) -> None:
        """Do nothing: only pages of a TaggedDocument have tags."""

    def set_color(self, color: str) -> None:
        """Set the colour of fills and text, as #rrggbb."""
        # Most marks have the colour of the previous one, which need not be repeated.
        if color != self._color:
            self._color = color
            self.operators.append(f"{_color_components(color)} rg")

    def text(self, line: TextLine, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Draw a line with its baseline at y; x is its left end, its middle or its right end."""
        left = x - line.width * size * ALIGNMENT_SHARES[align]
        self.operators.append(self.fonts.show_line(line, size, left, self.height - y))

    def fill_rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle whose top left corner is x, y."""
        self.operators.append(f"{x:.2f} {self.height - y - height:.2f} {width:.2f} {height:.2f} re f")

    def draw_frame(
        self, x: float, y: float, width: float, height: float, *, color: str, stroke: float
    ) -> None:
        """Draw the outline of a rectangle."""
        box = f"{x:.2f} {self.height - y - height:.2f} {width:.2f} {height:.2f} re S"
        # Between q and Q, so that colour and width do not change later marks.
        self.operators.append(f"q {_color_components(color)} RG {stroke:g} w {box} Q")

    def draw_rule(self, start: Point, end: Point, *, color: str, stroke: float) -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        path = f"{x1:.2f} {self.height - y1:.2f} m {x2:.2f} {self.height - y2:.2f} l S"
        self.operators.append(f"q {_color_components(color)} RG {stroke:g} w {path} Q")

    def fill_polygon(self, *points: Point) -> None:
        """Fill the shape between these points."""
        steps = [
            f"{x:.2f} {self.height - y:.2f} {'l' if index else 'm'}" for index, (x, y) in enumerate(points)
        ]
        self.operators.append(" ".join([*steps, "f"]))

    def draw_circle(self, x: float, y: float, radius: float, *, color: str = "", stroke: float = 0) -> None:
        """Fill a circle around x, y; with a stroke, draw its outline in `color` instead."""
        center_y, k = self.height - y, radius * CIRCLE_HANDLE
        r = radius
        corners = [(r, k, k, r, 0, r), (-k, r, -r, k, -r, 0), (-r, -k, -k, -r, 0, -r), (k, -r, r, -k, r, 0)]
        curves = " ".join(
            f"{x + a:.2f} {center_y + b:.2f} {x + c:.2f} {center_y + d:.2f} {x + e:.2f} {center_y + f:.2f} c"
            for a, b, c, d, e, f in corners
        )
        path = f"{x + r:.2f} {center_y:.2f} m {curves}"
        outline = f"q {_color_components(color or BLACK_COLOR)} RG {stroke:g} w {path} S Q"
        self.operators.append(outline if stroke else f"{path} f")

    def draw_modules(self, rows: bytes, count: int, x: float, y: float, side: float) -> None:
        """Draw `count` by `count` black modules; `rows` has one bit for each, rows padded to bytes."""
        matrix = f"q {side:.3f} 0 0 {side:.3f} {x:.3f} {self.height - y - side:.3f} cm"
        # An inline image mask: small, and sharp at any resolution. In hexadecimal, since raw bytes could
        # contain the word that ends an image.
        image = f"BI /W {count} /H {count} /BPC 1 /IM true /D [1 0] /F /AHx ID {rows.hex()}> EI Q"
        self.operators.append(f"{matrix} {image}")

    def place_form(self, form: "PdfForm", x: float, y: float) -> None:
        """Draw a form with its top left corner at x, y."""
        self.operators.append(
            f"q 1 0 0 1 {x:.2f} {self.height - y - form.height:.2f} cm /{form.object_name} Do Q"
        )
        self.forms.append(form.name)

    def place_drawing(self, drawing: "PdfDrawing", x: float, y: float, *, rotation: int = 0) -> None:
        """Draw the marks of a drawing, its top left corner at x, y; `rotation` is 0 or 180 degrees."""
        bottom = self.height - y - drawing.height
        matrix = f"1 0 0 1 {x:.2f} {bottom:.2f}"
        if rotation == 180:
            matrix = f"-1 0 0 -1 {x + drawing.width:.2f} {bottom + drawing.height:.2f}"
        # A drawing begins in black, whatever was drawn here before.
        self.operators += [f"q {matrix} cm 0 g", *drawing.operators, "Q"]
        self.forms += drawing.forms


class PdfPage(PdfDrawing):
    """One page, added to the canvas when the next one begins."""

    def __init__(self, canvas: Canvas, width: float, height: float) -> None:
        super().__init__(get_document_fonts(canvas), width, height)
        self._canvas: Any = canvas

    def add_link(self, area: PageArea, address: str) -> None:
        """Make an area open a web address."""
        self._canvas.linkURL(address, self._corners(area))

    def add_jump(self, area: PageArea, name: str, label: str) -> None:
        """Link an area to a destination in this document; `label` says where it leads."""
        self._canvas.linkRect(label, name, self._corners(area), relative=0)

    def _corners(self, area: PageArea) -> tuple[float, float, float, float]:
        x, y, width, height = area
        return x, self.height - y - height, x + width, self.height - y


class PdfForm(PdfDrawing):
    """Marks drawn once and shown on many pages; `object_name` is its name in operators."""

    name = ""
    object_name = ""
    # Describes a picture to readers who cannot see it.
    alternative_text = ""


class PdfDocument:
    """A PDF file; a context manager that writes the file at the end."""

    def __init__(
        self, file: BinaryIO, *, title: str, language: str, changed_at: datetime.datetime | None = None
    ) -> None:
        self._canvas: Any = Canvas(file, pageCompression=1, lang=language)
        self._canvas.setTitle(title)
        self._canvas.setCreator("Convention")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        # A print dialog must not shrink the page to its margins: a badge has to fit its holder.
        self._canvas.setViewerPreference("PrintScaling", "None")
        if changed_at:
            self._canvas.setSubject(f"{changed_at:%Y-%m-%d %H:%M}")
        self.page_count = 0
        self._page_writer = PageWriter(self._canvas)
        self._form_count = 0
        self._picture_forms: dict[tuple[bytes, Point], PdfForm] = {}
        self._current_page: PdfPage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error nothing is written: a truncated file would look complete.
        if kind is None:
            self.close()

    def begin_page(self, width: float, height: float) -> PdfPage:
        """Finish the current page and begin one of this size."""
        self._finish_page()
        self._current_page = PdfPage(self._canvas, width, height)
        self.page_count += 1
        return self._current_page

    def begin_form(self, width: float, height: float) -> PdfForm:
        """Begin a form; pass it to `finish_form` when it is drawn."""
        return PdfForm(get_document_fonts(self._canvas), width, height)

    def finish_form(self, form: PdfForm) -> PdfForm:
        """Write a form, which pages may show from now on."""
        with self._write_form(form):
            self._canvas.addLiteral("\n".join(form.operators))
        return form

    @contextmanager
    def _write_form(self, form: PdfForm) -> Iterator[None]:
        """Name the form, and write to it what is drawn on the canvas in between."""
        self._form_count += 1
        form.name = f"form{self._form_count}"
        self._canvas.beginForm(form.name, 0, 0, form.width, form.height)
        yield
        self._canvas.endForm()
        form.object_name = self._canvas._doc.getXObjectName(form.name)

    def add_picture(self, content: bytes, size: Point, *, name: str) -> PdfForm:
        """Return a picture (PNG or JPEG) as a form of that size, written once for all its uses.

        `name` is the alternative text.
        """
        # By content: the logo is added for each badge, and stored once.
        key = (hashlib.sha256(content).digest(), size)
        if key not in self._picture_forms:
            width, height = size
            form = self.begin_form(width, height)
            with self._write_form(form):
                # So that a reader of the text layer, or a screen reader, finds the name of the picture.
                self._canvas.addLiteral(f"/Span << /ActualText {encode_pdf_text(name)} >> BDC")
                self._canvas.drawImage(ImageReader(io.BytesIO(content)), 0, 0, width, height)
                self._canvas.addLiteral("EMC")
            form.alternative_text = name
            self._picture_forms[key] = form
        return self._picture_forms[key]

    def add_destination(self, name: str, y: float) -> None:
        """Name a position on the current page, for `PdfPage.add_jump` and bookmarks."""
        assert self._current_page is not None
        self._canvas.bookmarkPage(name, fit="XYZ", left=0, top=self._current_page.height - y)

    def add_bookmark(self, title: str, name: str) -> None:
        """Add a destination to the table of contents."""
        self._canvas.addOutlineEntry(title, name)

    def close(self) -> None:
        """Write the file."""
        self._finish_page()
        remove_default_font(self._canvas)
        self._canvas.save()

    def _finish_page(self) -> None:
        page, self._current_page = self._current_page, None
        if page is not None:
            self._page_writer.add_page(page.width, page.height, page.operators, page.forms)


def remove_default_font(canvas: Any) -> None:
    """Remove the font that reportlab adds to every file and that nothing here uses."""
    font_name = canvas._doc.fontMapping[canvas._fontname]
    canvas._doc.idToObject["BasicFonts"].dict.pop(font_name.lstrip("/"))
