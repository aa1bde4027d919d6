"""What a canvas of reportlab takes over from us: pages as they come, and our fonts when it is saved."""

import zlib
from collections.abc import Iterable
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObject, PDFObjectReference
from reportlab.pdfgen.canvas import Canvas

from .fonts import FontSet, Pieces
from .shape import Line


class DelayedFonts:
    """What reportlab asks for its font objects while it writes the file."""

    def __init__(self) -> None:
        self.fonts = FontSet()

    def addObjects(self, document: PDFDocument) -> None:  # noqa: N802 - reportlab's name
        """Add each font and name it among the page's resources."""
        for font in self.fonts.fonts.values():
            reference = _add(document, font.pieces())
            basic: Any = document.idToObject["BasicFonts"]
            basic.dict[font.name] = reference


def draw(canvas: Canvas, line: Line, x: float, y: float, size: float) -> None:
    """Set a line with its baseline starting at x, y, in the canvas's colour (points, upwards)."""
    canvas.addLiteral(fonts_of(canvas).show(line, size, x, y))


def fonts_of(canvas: Canvas) -> FontSet:
    """The fonts of this canvas's document, embedded when it is saved."""
    document: Any = canvas._doc  # type: ignore[attr-defined]  # reportlab names it nowhere else
    delayed = next((font for font in document.delayedFonts if isinstance(font, DelayedFonts)), None)
    if delayed is None:
        delayed = DelayedFonts()
        document.delayedFonts.append(delayed)
    return delayed.fonts


class Pages:
    """Adds pages to the document of a canvas, each compressed and written at once.

    A page of reportlab's own takes several times as much memory until the file is saved, and time.
    """

    def __init__(self, canvas: Any) -> None:
        canvas._preamble = ""  # (it would set a font that nothing here uses)
        self._canvas = canvas
        self._document = canvas._doc
        self._resources: dict[frozenset[str], str] = {}

    def add(self, width: float, height: float, operators: Iterable[str], forms: Iterable[str]) -> None:
        """A page of so many points with these marks and the links that the canvas has for it."""
        marks = zlib.compress("\n".join(operators).encode("latin-1"))
        parent = _refer(self._document, self._document.Pages)
        contents = _refer(self._document, _Stream("/Filter /FlateDecode", marks))
        links = " ".join(_said(link, self._document) for link in self._canvas._annotationrefs)
        page = (
            f"/Type /Page /Parent {parent} /MediaBox [0 0 {width:.7g} {height:.7g}]"
            f" /Resources {self._resources_with(frozenset(forms))} /Contents {contents}"
        )
        self._document.addPage(_Verbatim(f"{page} /Annots [{links}]" if links else page))
        self._canvas._startPage()

    def _resources_with(self, forms: frozenset[str]) -> str:
        """The file's fonts and these forms: one dictionary for all pages that show the same."""
        known = self._resources.get(forms)
        if known is None:
            fonts = _said(PDFObjectReference("BasicFonts"), self._document)
            shown = _said(self._document.xobjDict(sorted(forms)), self._document)
            resources = _Verbatim(f"/Font {fonts} /XObject {shown}")
            known = self._resources[forms] = _refer(self._document, resources)
        return known


class _Verbatim(PDFObject):
    """A dictionary that is written already."""

    __RefOnly__ = 0

    def __init__(self, inside: str) -> None:
        self.inside = inside.encode("latin-1")

    def format(self, _document: PDFDocument) -> bytes:
        """The bytes of the object."""
        return b"<< %b >>" % self.inside


class _Stream(_Verbatim):
    """A stream whose content is encoded already."""

    __RefOnly__ = 1

    def __init__(self, inside: str, content: bytes) -> None:
        super().__init__(f"{inside} /Length {len(content)}")
        self.content = content

    def format(self, document: PDFDocument) -> bytes:
        """The bytes of the object."""
        return b"%b\nstream\n%b\nendstream\n" % (super().format(document), self.content)


def _add(document: PDFDocument, pieces: Pieces) -> object:
    def stream(content: bytes, more: str = "") -> str:
        return _refer(document, _Stream(f"/Filter /FlateDecode{more}", content))

    file = stream(pieces.file, f" /Length1 {pieces.file_length}")
    glyph_map, to_unicode = stream(pieces.glyph_map), stream(pieces.to_unicode)
    descriptor = _refer(document, _Verbatim(f"{pieces.descriptor} /FontFile2 {file}"))
    descendant = _refer(
        document,
        _Verbatim(f"{pieces.descendant} /FontDescriptor {descriptor} /CIDToGIDMap {glyph_map}"),
    )
    font = _Verbatim(f"{pieces.font} /DescendantFonts [{descendant}] /ToUnicode {to_unicode}")
    return document.Reference(font)


def _refer(document: PDFDocument, thing: PDFObject) -> str:
    return _said(document.Reference(thing), document)


def _said(thing: Any, document: PDFDocument) -> str:
    return str(thing.format(document).decode("latin-1"))
