"""The packaged font files, opened when first needed, and the choice of a font for each character."""

import enum
import functools
import re
import unicodedata
from pathlib import Path

import uharfbuzz
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError


class FontWeight(enum.StrEnum):
    """A weight; its value names the folder and the file."""

    REGULAR = "400Regular"
    SEMIBOLD = "600SemiBold"
    BOLD = "700Bold"


class FontsMissing(ConventionError):
    """The packages with the fonts are not installed."""

    kind = "fonts-missing"
    status = 500


# In this order: the family of the site's pages, then fallbacks for characters that it lacks.
PRIMARY_FAMILY = "source-sans-3"
ALPHABET_FAMILIES = (PRIMARY_FAMILY, "noto-sans", "noto-sans-arabic", "noto-sans-hebrew", "noto-sans-thai")
# Unicode has one code for a Chinese character and its Japanese or Korean form; the font decides its look.
HAN_FAMILIES = ("noto-sans-sc", "noto-sans-jp", "noto-sans-kr")
# Families that are opened only for a text with one of their letters.
SCRIPT_RANGES = {
    "noto-sans-armenian": "\u0530-\u058f\ufb13-\ufb17",
    "noto-sans-bengali": "\u0980-\u09ff",
    "noto-sans-gurmukhi": "\u0a00-\u0a7f",
    "noto-sans-gujarati": "\u0a80-\u0aff",
    "noto-sans-oriya": "\u0b00-\u0b7f",
    "noto-sans-tamil": "\u0b80-\u0bff",
    "noto-sans-telugu": "\u0c00-\u0c7f",
    "noto-sans-kannada": "\u0c80-\u0cff",
    "noto-sans-malayalam": "\u0d00-\u0d7f",
    "noto-sans-sinhala": "\u0d80-\u0dff",
    "noto-sans-lao": "\u0e80-\u0eff",
    "noto-sans-myanmar": "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f",
    "noto-sans-georgian": "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f",
    "noto-sans-ethiopic": "\u1200-\u139f\u2d80-\u2ddf\uab00-\uab2f",
    "noto-sans-khmer": "\u1780-\u17ff\u19e0-\u19ff",
    "noto-sans-tifinagh": "\u2d30-\u2d7f",
}
RARE_SCRIPT_PATTERN = re.compile("[" + "".join(SCRIPT_RANGES.values()) + "]")
FONT_FILE_NAMES = {
    family: "NotoSans" + family.removeprefix("noto-sans-").title() for family in SCRIPT_RANGES
} | {
    "source-sans-3": "SourceSans3",
    "noto-sans": "NotoSans",
    "noto-sans-arabic": "NotoSansArabic",
    "noto-sans-hebrew": "NotoSansHebrew",
    "noto-sans-thai": "NotoSansThai",
    "noto-sans-sc": "NotoSansSC",
    "noto-sans-jp": "NotoSansJP",
    "noto-sans-kr": "NotoSansKR",
}
# Ascent and descent that a line of the family needs, in em.
LINE_HEIGHTS = {
    PRIMARY_FAMILY: (0.93, 0.27), "noto-sans": (0.95, 0.28), "noto-sans-arabic": (1.1, 0.55),
    "noto-sans-khmer": (1.16, 0.69), "noto-sans-myanmar": (1.25, 0.69), "noto-sans-kannada": (1.0, 0.54),
    "noto-sans-telugu": (1.0, 0.48), "noto-sans-lao": (1.18, 0.46),
}  # fmt: skip
DEFAULT_LINE_HEIGHT = (1.05, 0.35)


class FontFace:
    """One font file: its characters, its advance widths (thousandths of an em) and its shaper."""

    def __init__(self, family: str, weight: FontWeight) -> None:
        self.family = family
        self.weight = weight
        self.name = f"{FONT_FILE_NAMES[family]}-{weight.name.title()}"
        self.ascent, self.descent = LINE_HEIGHTS.get(family, DEFAULT_LINE_HEIGHT)
        path = next(
            # Some families have no semibold: use regular instead.
            filter(Path.exists, (get_font_path(family, choice) for choice in (weight, FontWeight.REGULAR))),
            None,
        )
        if path is None:
            raise FontsMissing(_("The fonts are not installed: run `make setup`, which runs `npm ci`."))
        self.file = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
        self.font = uharfbuzz.Font(self.file)
        self._characters = self.file.unicodes
        # Asking HarfBuzz for each glyph of ten thousand badges takes longer than a dictionary.
        self._advances: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def get_advance(self, glyph: int) -> int:
        """Return the width of a glyph alone, in thousandths of an em."""
        width = self._advances.get(glyph)
        if width is None:
            width = self._advances[glyph] = self.font.get_glyph_h_advance(glyph)
        return width

    def has_characters(self, text: str) -> bool:
        """Return whether the file has every character of a text."""
        return all(ord(character) in self._characters for character in text)

    def glyph_number(self, character: str) -> int:
        """Return the number of a character's glyph; 0 if there is none."""
        return self.font.get_nominal_glyph(ord(character)) or 0


def get_font_path(family: str, weight: FontWeight) -> Path:
    """Return the path of the font file, which does not exist if the family lacks that weight."""
    folder: Path = settings.NODE_MODULES / "@expo-google-fonts" / family / weight
    return folder / f"{FONT_FILE_NAMES[family]}_{weight}.ttf"


@functools.cache
def load_face(family: str, weight: FontWeight) -> FontFace:
    """Open a font file, cached. Raise FontsMissing."""
    return FontFace(family, weight)


def list_families(text: str) -> tuple[str, ...]:
    """Return the families to try in order; Han characters follow the language of the text around them."""
    return (*ALPHABET_FAMILIES, *list_script_families(text), *list_han_families(text))


def list_script_families(text: str) -> list[str]:
    """Return the families of rarer scripts in the text."""
    if not RARE_SCRIPT_PATTERN.search(text):
        return []
    return [family for family, letters in SCRIPT_RANGES.items() if re.search(f"[{letters}]", text)]


def list_han_families(text: str) -> tuple[str, ...]:
    """Return the East Asian families, beginning with the one of the language of the text."""
    # Hangul is Korean and kana are Japanese; Han characters alone are taken for Chinese.
    if any("\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" for char in text):
        return "noto-sans-kr", "noto-sans-sc", "noto-sans-jp"
    if any("\u3040" <= char <= "\u30ff" for char in text):
        return "noto-sans-jp", "noto-sans-sc", "noto-sans-kr"
    return HAN_FAMILIES


def find_face(cluster: str, families: tuple[str, ...], weight: FontWeight) -> FontFace | None:
    """Return the first face with every visible character of the cluster, or None."""
    # Joiners and selectors need no glyph: few fonts have them.
    shown = "".join(char for char in cluster if not is_ignorable_character(char))
    for family in families:
        candidate = load_face(family, weight)
        if candidate.has_characters(shown):
            return candidate
    return None


@functools.cache
def is_ignorable_character(char: str) -> bool:
    """Return whether a character is invisible when alone: joiners, selectors, directional marks."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"
