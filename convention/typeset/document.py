"""A PDF written as it is drawn: each finished page goes to the file, the fonts follow at the end.

Coordinates are points from the top left corner, downwards, as one reads. Ten thousand pages take
little more memory than one: reportlab keeps every page until the end, which is why bulk printing has
this writer; whoever prefers its canvas sets the same text there with `canvas.draw`.
"""

import datetime
import functools
from types import TracebackType
from typing import BinaryIO, Self

from .fonts import FontSet
from .objects import ObjectFile
from .shape import Line
from .surface import Point

ALIGNMENTS = {"left": 0.0, "center": 0.5, "right": 1.0}
BLACK = "#000000"
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
        self.operators.append(f"q 1 0 0 1 {x:.2f} {self.height - y - form.height:.2f} cm /{form.name} Do Q")

    def content(self) -> bytes:
        """The operators, as the file holds them."""
        return "\n".join(self.operators).encode("latin-1")


class Page(Drawing):
    """One page; it goes to the file when the next one begins."""

    def __init__(self, fonts: FontSet, width: float, height: float) -> None:
        super().__init__(fonts, width, height)
        self.annotations: list[str] = []

    def link(self, area: Area, address: str) -> None:
        """Make an area open a web address."""
        escaped = address.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        self._annotate(area, f"/A << /S /URI /URI ({escaped}) >>")

    def jump(self, area: Area, name: str) -> None:
        """Make an area lead to the place of that name in this document."""
        self._annotate(area, f"/Dest ({name})")

    def _annotate(self, area: Area, target: str) -> None:
        x, y, width, height = area
        corners = f"{x:.2f} {self.height - y - height:.2f} {x + width:.2f} {self.height - y:.2f}"
        self.annotations.append(
            f"<< /Type /Annot /Subtype /Link /Border [0 0 0] /Rect [{corners}] {target} >>"
        )


class Form(Drawing):
    """Marks drawn once and shown on many pages."""

    name = ""


class Document:
    """Use as a context: leaving it writes the fonts and the table of contents, and ends the file."""

    def __init__(
        self, file: BinaryIO, *, title: str, language: str, changed_at: datetime.datetime | None = None
    ) -> None:
        self.objects = ObjectFile(file)
        self.title = title
        self.language = language
        self.changed_at = changed_at
        self.fonts = FontSet()
        self.page_count = 0
        self._page: Page | None = None
        self._pages: list[int] = []
        self._forms: dict[str, int] = {}
        self._places: dict[str, str] = {}
        self._bookmarks: list[tuple[str, str]] = []
        self._tree, self._resources = self.objects.reserve(), self.objects.reserve()

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
        self._page = Page(self.fonts, width, height)
        self.page_count += 1
        return self._page

    def form(self, width: float, height: float) -> Form:
        """Begin a form; hand it to `keep` when it is drawn."""
        return Form(self.fonts, width, height)

    def keep(self, form: Form) -> Form:
        """Write a form that pages may show from now on."""
        form.name = f"X{len(self._forms)}"
        box = f"/BBox [0 0 {form.width:.2f} {form.height:.2f}] /Resources {self._resources} 0 R"
        number = self.objects.add_content(form.content(), f"/Type /XObject /Subtype /Form {box}")
        self._forms[form.name] = number
        return form

    def mark(self, name: str, y: float) -> None:
        """Name a place on the current page, for `Page.jump` and for bookmarks."""
        assert self._page is not None
        self._places[name] = f"[{len(self._pages)} /XYZ 0 {self._page.height - y:.0f} 0]"

    def bookmark(self, title: str, name: str) -> None:
        """List a marked place in the reader's table of contents."""
        self._bookmarks.append((title, name))

    def close(self) -> None:
        """Write what remains."""
        self._finish_page()
        self._write_resources()
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        self.objects.add(f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>", self._tree)
        outlines, names = self._write_outlines(), self._write_places()
        catalog = self.objects.add(
            f"<< /Type /Catalog /Pages {self._tree} 0 R /Lang {quoted(self.language)}"
            f" /ViewerPreferences << /DisplayDocTitle true /PrintScaling /None >>{outlines}{names} >>",
        )
        self.objects.finish(catalog, self.objects.add(self._information()))

    def _information(self) -> str:
        date = f" /ModDate (D:{self.changed_at:%Y%m%d%H%M%S}Z)" if self.changed_at else ""
        return f"<< /Title {quoted(self.title)} /Producer (Convention){date} >>"

    def _finish_page(self) -> None:
        page, self._page = self._page, None
        if page is None:
            return
        content = self.objects.add_content(page.content())
        annotations = f" /Annots [{' '.join(page.annotations)}]" if page.annotations else ""
        number = self.objects.add(
            f"<< /Type /Page /Parent {self._tree} 0 R /Resources {self._resources} 0 R"
            f" /MediaBox [0 0 {page.width:.2f} {page.height:.2f}] /Contents {content} 0 R{annotations} >>",
        )
        self._pages.append(number)

    def _write_resources(self) -> None:
        fonts = " ".join(
            f"/{font.name} {self.objects.add_font(font.pieces())} 0 R" for font in self.fonts.fonts.values()
        )
        forms = " ".join(f"/{name} {number} 0 R" for name, number in self._forms.items())
        self.objects.add(f"<< /Font << {fonts} >> /XObject << {forms} >> >>", self._resources)

    def _write_places(self) -> str:
        if not self._places:
            return ""
        pairs = []
        for name, place in sorted(self._places.items()):
            index, rest = place[1:].split(" ", 1)
            pairs.append(f"({name}) [{self._pages[int(index)]} 0 R {rest}")
        number = self.objects.add(f"<< /Names [{' '.join(pairs)}] >>")
        return f" /Names << /Dests {number} 0 R >>"

    def _write_outlines(self) -> str:
        if not self._bookmarks:
            return ""
        root = self.objects.reserve()
        numbers = [self.objects.reserve() for _ in self._bookmarks]
        for index, (title, name) in enumerate(self._bookmarks):
            before = f" /Prev {numbers[index - 1]} 0 R" if index else ""
            after = f" /Next {numbers[index + 1]} 0 R" if index + 1 < len(numbers) else ""
            body = f"<< /Title {quoted(title)} /Parent {root} 0 R /Dest ({name}){before}{after} >>"
            self.objects.add(body, numbers[index])
        ends = f"/First {numbers[0]} 0 R /Last {numbers[-1]} 0 R /Count {len(numbers)}"
        self.objects.add(f"<< /Type /Outlines {ends} >>", root)
        return f" /Outlines {root} 0 R"
