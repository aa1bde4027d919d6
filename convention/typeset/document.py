"""A PDF drawn page by page, in points from the top left corner downwards, as one reads.

reportlab's canvas makes the file. The marks of a page are written as operators at once, which draws
thousands of badges a second; the canvas's own calls do links, places and the table of contents.
"""

import datetime
import functools
import hashlib
import io
from types import TracebackType
from typing import Any, BinaryIO, Self

from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from .canvas import Pages, fonts_of
from .fonts import FontSet
from .shape import Line
from .surface import Point

ALIGNMENTS = {"left": 0.0, "center": 0.5, "right": 1.0}
BLACK = "#000000"
rl_config.useA85 = 0  # compressed streams as bytes, not as a quarter more of letters
type Area = tuple[float, float, float, float]  # x, y, width, height
# Four Bézier curves with these handles draw a circle.
HANDLE = 0.5523


@functools.lru_cache(maxsize=256)
def _components(color: str) -> str:
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return f"{red:.4g} {green:.4g} {blue:.4g}"


def quoted(text: str) -> str:
    """A text string of PDF in hexadecimal."""
    return f"<{('\ufeff' + text).encode('utf-16-be', 'replace').hex()}>"


class Drawing:
    """Marks on an area of so many points."""

    def __init__(self, fonts: FontSet, width: float, height: float) -> None:
        self.fonts = fonts
        self.width = width
        self.height = height
        self.operators: list[str] = []
        self.forms: list[str] = []
        self._color = BLACK

    def color(self, color: str) -> None:
        """The colour of what is filled or written next, as #rrggbb."""
        if color != self._color:
            self._color = color
            self.operators.append(f"{_components(color)} rg")

    def text(self, line: Line, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Set a line with its baseline at y; x is its left end, its middle or its right end."""
        left = x - line.width * size * ALIGNMENTS[align]
        self.operators.append(self.fonts.show(line, size, left, self.height - y))

    def rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle whose top left corner is x, y."""
        self.operators.append(f"{x:.2f} {self.height - y - height:.2f} {width:.2f} {height:.2f} re f")

    def frame(self, x: float, y: float, width: float, height: float, *, color: str, stroke: float) -> None:
        """Draw the outline of a rectangle."""
        box = f"{x:.2f} {self.height - y - height:.2f} {width:.2f} {height:.2f} re S"
        self.operators.append(f"q {_components(color)} RG {stroke:g} w {box} Q")

    def rule(self, start: Point, end: Point, *, color: str, stroke: float) -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        path = f"{x1:.2f} {self.height - y1:.2f} m {x2:.2f} {self.height - y2:.2f} l S"
        self.operators.append(f"q {_components(color)} RG {stroke:g} w {path} Q")

    def polygon(self, *points: Point) -> None:
        """Fill the shape between these points."""
        steps = [
            f"{x:.2f} {self.height - y:.2f} {'l' if index else 'm'}" for index, (x, y) in enumerate(points)
        ]
        self.operators.append(" ".join([*steps, "f"]))

    def circle(self, x: float, y: float, radius: float, *, color: str = "", stroke: float = 0) -> None:
        """Fill a circle around x, y; with a stroke, draw its outline in `color` instead."""
        up, k = self.height - y, radius * HANDLE
        r = radius
        corners = [(r, k, k, r, 0, r), (-k, r, -r, k, -r, 0), (-r, -k, -k, -r, 0, -r), (k, -r, r, -k, r, 0)]
        curves = " ".join(
            f"{x + a:.2f} {up + b:.2f} {x + c:.2f} {up + d:.2f} {x + e:.2f} {up + f:.2f} c"
            for a, b, c, d, e, f in corners
        )
        path = f"{x + r:.2f} {up:.2f} m {curves}"
        outline = f"q {_components(color or BLACK)} RG {stroke:g} w {path} S Q"
        self.operators.append(outline if stroke else f"{path} f")

    def modules(self, rows: bytes, count: int, x: float, y: float, side: float) -> None:
        """A square of `count` by `count` black modules; `rows` has one bit each, rows padded to bytes."""
        place = f"q {side:.3f} 0 0 {side:.3f} {x:.3f} {self.height - y - side:.3f} cm"
        image = f"BI /W {count} /H {count} /BPC 1 /IM true /D [1 0] /F /AHx ID {rows.hex()}> EI Q"
        self.operators.append(f"{place} {image}")

    def place(self, form: "Form", x: float, y: float) -> None:
        """Show a form with its top left corner at x, y."""
        self.operators.append(f"q 1 0 0 1 {x:.2f} {self.height - y - form.height:.2f} cm /{form.inner} Do Q")
        self.forms.append(form.name)


class Page(Drawing):
    """One page; the canvas takes it when the next one begins."""

    def __init__(self, canvas: Canvas, width: float, height: float) -> None:
        super().__init__(fonts_of(canvas), width, height)
        self._canvas = canvas

    def link(self, area: Area, address: str) -> None:
        """Make an area open a web address."""
        self._canvas.linkURL(address, self._corners(area))

    def jump(self, area: Area, name: str) -> None:
        """Make an area lead to the place of that name in this document."""
        self._canvas.linkRect("", name, self._corners(area), relative=0)

    def _corners(self, area: Area) -> tuple[float, float, float, float]:
        x, y, width, height = area
        return x, self.height - y - height, x + width, self.height - y


class Form(Drawing):
    """Marks drawn once and shown on many pages; `inner` is what a page's operators call it."""

    name = ""
    inner = ""


class Document:
    """Use as a context: leaving it writes the file."""

    def __init__(
        self, file: BinaryIO, *, title: str, language: str, changed_at: datetime.datetime | None = None
    ) -> None:
        self._canvas: Any = Canvas(file, pageCompression=1, lang=language)
        self._canvas.setTitle(title)
        self._canvas.setCreator("Convention")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self._canvas.setViewerPreference("PrintScaling", "None")
        if changed_at:
            self._canvas.setSubject(f"{changed_at:%Y-%m-%d %H:%M}")
        self.page_count = 0
        self._pages = Pages(self._canvas)
        self._forms = 0
        self._pictures: dict[tuple[bytes, Point], Form] = {}
        self._page: Page | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def page(self, width: float, height: float) -> Page:
        """Begin a page of so many points; the one before is finished."""
        self._finish_page()
        self._page = Page(self._canvas, width, height)
        self.page_count += 1
        return self._page

    def form(self, width: float, height: float) -> Form:
        """Begin a form; hand it to `keep` when it is drawn."""
        return Form(fonts_of(self._canvas), width, height)

    def keep(self, form: Form) -> Form:
        """Write a form that pages may show from now on."""
        self._forms += 1
        form.name = f"form{self._forms}"
        self._canvas.beginForm(form.name, 0, 0, form.width, form.height)
        self._canvas.addLiteral("\n".join(form.operators))
        self._canvas.endForm()
        form.inner = self._canvas._doc.getXObjectName(form.name)
        return form

    def picture(self, content: bytes, size: Point, *, name: str) -> Form:
        """A picture (PNG or JPEG) as a form of so many points, written once however often it is placed.

        `name` is what a reader that shows no pictures says instead.
        """
        key = (hashlib.sha256(content).digest(), size)
        if key not in self._pictures:
            width, height = size
            form = self.form(width, height)
            self._forms += 1
            form.name = f"form{self._forms}"
            self._canvas.beginForm(form.name, 0, 0, width, height)
            self._canvas.addLiteral(f"/Span << /ActualText {quoted(name)} >> BDC")
            self._canvas.drawImage(ImageReader(io.BytesIO(content)), 0, 0, width, height)
            self._canvas.addLiteral("EMC")
            self._canvas.endForm()
            form.inner = self._canvas._doc.getXObjectName(form.name)
            self._pictures[key] = form
        return self._pictures[key]

    def mark(self, name: str, y: float) -> None:
        """Name a place on the current page, for `Page.jump` and for bookmarks."""
        assert self._page is not None
        self._canvas.bookmarkPage(name, fit="XYZ", left=0, top=self._page.height - y)

    def bookmark(self, title: str, name: str) -> None:
        """List a marked place in the reader's table of contents."""
        self._canvas.addOutlineEntry(title, name)

    def close(self) -> None:
        """Write the file."""
        self._finish_page()
        forget_first_font(self._canvas)
        self._canvas.save()

    def _finish_page(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            self._pages.add(page.width, page.height, page.operators, page.forms)


def forget_first_font(canvas: Any) -> None:
    """Take out the font that reportlab names at the start of every file and that nothing here uses."""
    first = canvas._doc.fontMapping[canvas._fontname]
    canvas._doc.idToObject["BasicFonts"].dict.pop(first.lstrip("/"))
