"""The fonts of one PDF: only the glyphs it uses, each code with the text that it stands for."""

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import uharfbuzz

from .faces import Face
from .shape import Glyph, Line

BLOCK = 100
FLAGS_SYMBOLIC = 4
TO_UNICODE = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
{blocks}endcmap CMapName currentdict /CMap defineresource pop end end"""


class Pieces(NamedTuple):
    """The five objects of an embedded font: three compressed streams and two dictionaries to fill in."""

    file: bytes
    file_length: int
    glyph_map: bytes
    to_unicode: bytes
    descriptor: str
    descendant: str
    font: str


@dataclass(frozen=True, slots=True)
class Code:
    """Two bytes in hexadecimal, and the width that the font declares for them."""

    hexadecimal: str
    width: int


class EmbeddedFont:
    """A face as one PDF uses it. A code is given per glyph and text, so that what is read back is exact."""

    def __init__(self, face: Face, name: str) -> None:
        self.face = face
        self.name = name
        self.codes: dict[tuple[int, str], Code] = {}

    def code(self, glyph: Glyph) -> Code:
        """The code of a glyph, given at its first use."""
        key = (glyph.number, glyph.text)
        code = self.codes.get(key)
        if code is None:
            code = Code(f"{len(self.codes) + 1:04X}", self.face.advance(glyph.number))
            self.codes[key] = code
        return code

    def pieces(self) -> Pieces:
        """Everything to write, once the last page is drawn."""
        subset = self._subset()
        base = f"AAAAAA+{self.face.name}"
        ascent, descent = self.face.font.get_font_extents("ltr")[:2]
        widths = " ".join(str(code.width) for code in self.codes.values())
        return Pieces(
            file=zlib.compress(subset),
            file_length=len(subset),
            glyph_map=zlib.compress(bytes(2) + b"".join(glyph.to_bytes(2) for glyph, _ in self.codes)),
            to_unicode=zlib.compress(self._to_unicode().encode("ascii")),
            descriptor=(
                f"/Type /FontDescriptor /FontName /{base} /Flags {FLAGS_SYMBOLIC} /ItalicAngle 0"
                f" /StemV 80 /FontBBox [-500 {descent} 2000 {ascent}]"
                f" /Ascent {ascent} /Descent {descent} /CapHeight 660"
            ),
            descendant=(
                f"/Type /Font /Subtype /CIDFontType2 /BaseFont /{base} /DW 1000 /W [1 [{widths}]]"
                " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
            ),
            font=f"/Type /Font /Subtype /Type0 /BaseFont /{base} /Encoding /Identity-H",
        )

    def _subset(self) -> bytes:
        wanted = uharfbuzz.SubsetInput()
        wanted.flags = (
            uharfbuzz.SubsetFlags.RETAIN_GIDS
            | uharfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE
            | uharfbuzz.SubsetFlags.NO_HINTING
            | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
        )
        wanted.sets(uharfbuzz.SubsetInputSets.GLYPH_INDEX).update({glyph for glyph, _ in self.codes})
        for table in ("GSUB", "GPOS", "GDEF", "name", "STAT"):
            wanted.drop_table_tag_set.add(int.from_bytes(table.encode()))
        return bytes(uharfbuzz.subset(self.face.file, wanted).blob.data)

    def _to_unicode(self) -> str:
        pairs = [
            f"<{code.hexadecimal}> <{text.encode('utf-16-be').hex().upper()}>\n"
            for (_, text), code in self.codes.items()
        ]
        blocks = [pairs[start : start + BLOCK] for start in range(0, len(pairs), BLOCK)]
        return TO_UNICODE.format(
            blocks="".join(f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n" for block in blocks)
        )


class FontSet:
    """The fonts of one PDF, by face, numbered as they come."""

    def __init__(self) -> None:
        self.fonts: dict[Face, EmbeddedFont] = {}

    def font(self, face: Face) -> EmbeddedFont:
        """The font of a face."""
        font = self.fonts.get(face)
        if font is None:
            font = self.fonts[face] = EmbeddedFont(face, f"T{len(self.fonts)}")
        return font

    def show(self, line: Line, size: float, x: float, y: float) -> str:
        """The operators that set a line with its baseline starting at x, y (points, upwards)."""
        operators = [f"BT 1 0 0 1 {x:.2f} {y:.2f} Tm"]
        for span in line.spans:
            font = self.font(span.face)
            operators.append(f"/{font.name} {size:g} Tf")
            operators.append(_array(font, span.glyphs, size))
        operators.append("ET")
        return " ".join(operators)


def _array(font: EmbeddedFont, glyphs: tuple[Glyph, ...], size: float) -> str:
    """TJ arrays that place each glyph where shaping wants it; marks are raised and lowered by Ts."""
    parts = ["[<"]
    code_of, shift, rise = font.code, 0, 0
    for glyph in glyphs:
        code = code_of(glyph)
        if glyph.dy != rise:
            rise = glyph.dy
            parts.append(f">] TJ {rise * size / 1000:.3f} Ts [<")
        before = shift + glyph.dx
        if before:
            parts.append(f">{-before}<")
        parts.append(code.hexadecimal)
        shift = glyph.advance - code.width - glyph.dx
    parts.append(f">{-shift or ''}] TJ" + (" 0 Ts" if rise else ""))
    return "".join(parts)
