"""Extensions of reportlab's canvas: pages written at once, and our fonts embedded when the file is saved."""

import zlib
from collections.abc import Iterable
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObject, PDFObjectReference
from reportlab.pdfgen.canvas import Canvas

from .embedded_fonts import FontObjects, FontSet
from .shaping import TextLine


class DeferredFonts:
    """Adds our fonts to the document when reportlab writes the file."""

    def __init__(self) -> None:
        self.fonts = FontSet()

    def addObjects(self, document: PDFDocument) -> None:  # noqa: N802 - reportlab's name
        """Add each font and name it in the pages' resources."""
        for font in self.fonts.fonts_by_face.values():
            reference = _add_font(document, font.build_objects())
            basic_fonts: Any = document.idToObject["BasicFonts"]
            basic_fonts.dict[font.name] = reference


def draw_line(canvas: Canvas, line: TextLine, x: float, y: float, size: float) -> None:
    """Draw a line with its baseline starting at x, y, in the canvas's colour (points, upwards)."""
    canvas.addLiteral(get_document_fonts(canvas).show_line(line, size, x, y))


def get_document_fonts(canvas: Canvas) -> FontSet:
    """Return the fonts of the canvas's document, embedded when it is saved."""
    document: Any = canvas._doc  # type: ignore[attr-defined]  # reportlab has no public name for it
    # reportlab's own hook for fonts that are known only when the last page is drawn.
    deferred_fonts = next((font for font in document.delayedFonts if isinstance(font, DeferredFonts)), None)
    if deferred_fonts is None:
        deferred_fonts = DeferredFonts()
        document.delayedFonts.append(deferred_fonts)
    return deferred_fonts.fonts


class PageWriter:
    """Adds pages to a canvas's document, each compressed and written at once.

    reportlab's own pages take several times as much time, and as much memory until the file is saved.
    """

    def __init__(self, canvas: Any) -> None:
        canvas._preamble = ""  # it would set a font that nothing here uses
        self._canvas = canvas
        self._document = canvas._doc
        self._resources: dict[frozenset[str], str] = {}

    def add_page(
        self,
        width: float,
        height: float,
        operators: Iterable[str],
        forms: Iterable[str],
        *,
        entries: str = "",
    ) -> str:
        """Add a page of this size with these operators and the links that the canvas has for it.

        `entries` are added to its dictionary. Return the page's reference.
        """
        marks = zlib.compress("\n".join(operators).encode("latin-1"))
        parent = add_reference(self._document, self._document.Pages)
        contents = add_reference(self._document, RawStream("/Filter /FlateDecode", marks))
        links = " ".join(format_object(link, self._document) for link in self._canvas._annotationrefs)
        page = (
            f"/Type /Page /Parent {parent} /MediaBox [0 0 {width:.7g} {height:.7g}]"
            f" /Resources {self._resources_with(frozenset(forms))} /Contents {contents} {entries}"
        )
        page_object = RawDictionary(f"{page} /Annots [{links}]" if links else page)
        self._document.addPage(page_object)
        # Resets the canvas's data of the page: its links must not be added to the next one.
        self._canvas._startPage()
        return add_reference(self._document, page_object)

    def _resources_with(self, forms: frozenset[str]) -> str:
        """Return the resources with these forms: one dictionary for all pages that show the same."""
        reference = self._resources.get(forms)
        if reference is None:
            fonts = format_object(PDFObjectReference("BasicFonts"), self._document)
            xobjects = format_object(self._document.xobjDict(sorted(forms)), self._document)
            resources = RawDictionary(f"/Font {fonts} /XObject {xobjects}")
            reference = self._resources[forms] = add_reference(self._document, resources)
        return reference


class RawDictionary(PDFObject):
    """A dictionary that is serialized already."""

    # reportlab's switch: 1 for objects that may only be written by reference, such as streams.
    __RefOnly__ = 0

    def __init__(self, inside: str) -> None:
        self.set_content(inside)

    def set_content(self, inside: str) -> None:
        """Set the content between the brackets, also after the dictionary was referenced."""
        self.inside = inside.encode("latin-1")

    def format(self, _document: PDFDocument) -> bytes:
        return b"<< %b >>" % self.inside


class RawStream(RawDictionary):
    """A stream whose content is encoded already."""

    __RefOnly__ = 1

    def __init__(self, inside: str, content: bytes) -> None:
        super().__init__(f"{inside} /Length {len(content)}")
        self.content = content

    def format(self, document: PDFDocument) -> bytes:
        return b"%b\nstream\n%b\nendstream\n" % (super().format(document), self.content)


def _add_font(document: PDFDocument, pieces: FontObjects) -> object:
    def stream(content: bytes, extra_entry: str = "") -> str:
        return add_reference(document, RawStream(f"/Filter /FlateDecode{extra_entry}", content))

    file = stream(pieces.font_file, f" /Length1 {pieces.file_length}")
    glyph_map, to_unicode = stream(pieces.glyph_map), stream(pieces.to_unicode)
    descriptor = add_reference(document, RawDictionary(f"{pieces.descriptor} /FontFile2 {file}"))
    descendant = add_reference(
        document,
        RawDictionary(f"{pieces.descendant} /FontDescriptor {descriptor} /CIDToGIDMap {glyph_map}"),
    )
    font = RawDictionary(f"{pieces.font_dictionary} /DescendantFonts [{descendant}] /ToUnicode {to_unicode}")
    return document.Reference(font)


def add_reference(document: PDFDocument, pdf_object: PDFObject) -> str:
    return format_object(document.Reference(pdf_object), document)


def format_object(pdf_object: Any, document: PDFDocument) -> str:
    return str(pdf_object.format(document).decode("latin-1"))
