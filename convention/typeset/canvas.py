"""The same text on a canvas of reportlab: its document gets our fonts when it is saved."""

from typing import Any

from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFDocument, PDFName, PDFObject, PDFStream
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
            reference = _add(document, font.name, font.pieces())
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


class _Verbatim(PDFObject):
    """A dictionary that is written already."""

    __RefOnly__ = 0

    def __init__(self, inside: str) -> None:
        self.inside = inside

    def format(self, document: PDFDocument) -> bytes:
        """The bytes of the object."""
        return f"<< {self.inside} >>".encode("latin-1")


def _add(document: PDFDocument, name: str, pieces: Pieces) -> object:
    def stream(part: str, content: bytes, **entries: int) -> str:
        dictionary = PDFDictionary({"Filter": PDFName("FlateDecode"), **entries})
        return _refer(document, f"{name}{part}", PDFStream(dictionary, content, filters=[]))

    file = stream("file", pieces.file, Length1=pieces.file_length)
    glyph_map = stream("map", pieces.glyph_map)
    to_unicode = stream("unicode", pieces.to_unicode)
    descriptor = _refer(document, f"{name}descriptor", _Verbatim(f"{pieces.descriptor} /FontFile2 {file}"))
    descendant = _refer(
        document,
        f"{name}descendant",
        _Verbatim(f"{pieces.descendant} /FontDescriptor {descriptor} /CIDToGIDMap {glyph_map}"),
    )
    body = _Verbatim(f"{pieces.font} /DescendantFonts [{descendant}] /ToUnicode {to_unicode}")
    return document.Reference(body, f"typeset.{name}")


def _refer(document: PDFDocument, name: str, thing: object) -> str:
    reference = document.Reference(thing, f"typeset.{name}")
    return str(reference.format(document).decode("latin-1"))
