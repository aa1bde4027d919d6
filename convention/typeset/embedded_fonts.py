"""The fonts of one PDF: only the glyphs that it uses, each code with its text."""

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import uharfbuzz

from .font_faces import FontFace
from .shaping import Glyph, TextLine

# The CMap specification allows 100 entries in a block.
MAPPING_BLOCK_SIZE = 100
# Bit 3 of the font flags in ISO 32000: the font has its own encoding.
SYMBOLIC_FLAG = 4
TO_UNICODE_CMAP = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
{blocks}endcmap CMapName currentdict /CMap defineresource pop end end"""


class FontObjects(NamedTuple):
    """The five objects of an embedded font: three compressed streams and two dictionaries to fill in."""

    font_file: bytes
    file_length: int
    glyph_map: bytes
    to_unicode: bytes
    descriptor: str
    descendant: str
    font_dictionary: str


@dataclass(frozen=True, slots=True)
class GlyphCode:
    """A code of two bytes in hexadecimal, and its declared width."""

    hexadecimal: str
    width: int


class EmbeddedFont:
    """A face in one PDF. Each pair of glyph and text has its own code, so that text extraction is exact."""

    def __init__(self, face: FontFace, name: str) -> None:
        self.face = face
        self.name = name
        self.codes_by_glyph: dict[tuple[int, str], GlyphCode] = {}

    def get_code(self, glyph: Glyph) -> GlyphCode:
        """Return the code of a glyph, assigned at its first use."""
        # By glyph and text: one glyph may stand for several texts, and one code can have only one of them.
        key = (glyph.number, glyph.text)
        code = self.codes_by_glyph.get(key)
        if code is None:
            # From 1: code 0 is .notdef, whose entry in the glyph map are the two bytes in front.
            code = GlyphCode(f"{len(self.codes_by_glyph) + 1:04X}", self.face.get_advance(glyph.number))
            self.codes_by_glyph[key] = code
        return code

    def build_objects(self) -> FontObjects:
        """Return all objects to write, once the last page is drawn."""
        subset = self._subset_font()
        # ISO 32000: the name of a subset begins with six capitals and a plus sign.
        base = f"AAAAAA+{self.face.name}"
        ascent, descent = self.face.font.get_font_extents("ltr")[:2]
        widths = " ".join(str(code.width) for code in self.codes_by_glyph.values())
        return FontObjects(
            font_file=zlib.compress(subset),
            file_length=len(subset),
            glyph_map=zlib.compress(
                bytes(2) + b"".join(glyph.to_bytes(2) for glyph, _ in self.codes_by_glyph)
            ),
            to_unicode=zlib.compress(self._build_cmap().encode("ascii")),
            descriptor=(
                f"/Type /FontDescriptor /FontName /{base} /Flags {SYMBOLIC_FLAG} /ItalicAngle 0"
                f" /StemV 80 /FontBBox [-500 {descent} 2000 {ascent}]"
                f" /Ascent {ascent} /Descent {descent} /CapHeight 660"
            ),
            descendant=(
                f"/Type /Font /Subtype /CIDFontType2 /BaseFont /{base} /DW 1000 /W [1 [{widths}]]"
                " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
            ),
            font_dictionary=f"/Type /Font /Subtype /Type0 /BaseFont /{base} /Encoding /Identity-H",
        )

    def _subset_font(self) -> bytes:
        subset_input = uharfbuzz.SubsetInput()
        subset_input.flags = (
            uharfbuzz.SubsetFlags.RETAIN_GIDS
            # The text is shaped already: glyph numbers must not change, and layout rules are not needed.
            | uharfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE
            | uharfbuzz.SubsetFlags.NO_HINTING
            | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
        )
        glyphs = {glyph for glyph, _ in self.codes_by_glyph}
        subset_input.sets(uharfbuzz.SubsetInputSets.GLYPH_INDEX).update(glyphs)
        for table in ("GSUB", "GPOS", "GDEF", "name", "STAT"):
            subset_input.drop_table_tag_set.add(int.from_bytes(table.encode()))
        return bytes(uharfbuzz.subset(self.face.file, subset_input).blob.data)

    def _build_cmap(self) -> str:
        pairs = [
            f"<{code.hexadecimal}> <{text.encode('utf-16-be').hex().upper()}>\n"
            for (_, text), code in self.codes_by_glyph.items()
        ]
        blocks = [
            pairs[start : start + MAPPING_BLOCK_SIZE] for start in range(0, len(pairs), MAPPING_BLOCK_SIZE)
        ]
        return TO_UNICODE_CMAP.format(
            blocks="".join(f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n" for block in blocks)
        )


class FontSet:
    """The fonts of one PDF by face, numbered in the order of their first use."""

    def __init__(self) -> None:
        self.fonts_by_face: dict[FontFace, EmbeddedFont] = {}

    def get_font(self, face: FontFace) -> EmbeddedFont:
        font = self.fonts_by_face.get(face)
        if font is None:
            font = self.fonts_by_face[face] = EmbeddedFont(face, f"T{len(self.fonts_by_face)}")
        return font

    def show_line(self, line: TextLine, size: float, x: float, y: float) -> str:
        """Return the operators that draw a line with its baseline starting at x, y (points, upwards)."""
        operators = [f"BT 1 0 0 1 {x:.2f} {y:.2f} Tm"]
        for span in line.spans:
            font = self.get_font(span.face)
            operators.append(f"/{font.name} {size:g} Tf")
            operators.append(_glyph_arrays(font, span.glyphs, size))
        operators.append("ET")
        return " ".join(operators)


def _glyph_arrays(font: EmbeddedFont, glyphs: tuple[Glyph, ...], size: float) -> str:
    """Return TJ arrays that place each glyph; Ts raises and lowers marks."""
    parts = ["[<"]
    code_of, shift, rise = font.get_code, 0, 0
    for glyph in glyphs:
        code = code_of(glyph)
        # Only marks above and below letters need a new array; all others share one.
        if glyph.dy != rise:
            rise = glyph.dy
            parts.append(f">] TJ {rise * size / 1000:.3f} Ts [<")
        offset = shift + glyph.dx
        if offset:
            parts.append(f">{-offset}<")
        parts.append(code.hexadecimal)
        # The viewer advances by the declared width; the next glyph corrects the difference (kerning).
        shift = glyph.advance - code.width - glyph.dx
    parts.append(f">{-shift or ''}] TJ" + (" 0 Ts" if rise else ""))
    return "".join(parts)
