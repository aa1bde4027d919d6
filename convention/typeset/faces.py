"""The packaged font files, opened when first needed, and which of them draws a character."""

import enum
import functools
import re
import unicodedata
from pathlib import Path

import uharfbuzz
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError


class Weight(enum.StrEnum):
    """How strong the letters are; the value names the folder and the file."""

    REGULAR = "400Regular"
    SEMIBOLD = "600SemiBold"
    BOLD = "700Bold"


class FontsMissing(ConventionError):
    """The packages with the fonts are not installed."""

    kind = "fonts-missing"
    status = 500


PRIMARY = "source-sans-3"
ALPHABETS = (PRIMARY, "noto-sans", "noto-sans-arabic", "noto-sans-hebrew", "noto-sans-thai")
HAN = ("noto-sans-sc", "noto-sans-jp", "noto-sans-kr")
SCRIPTS = {
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
"""Families that are opened only for a text with one of their letters."""
OF_SCRIPTS = re.compile("[" + "".join(SCRIPTS.values()) + "]")
FILE_NAMES = {family: "NotoSans" + family.removeprefix("noto-sans-").title() for family in SCRIPTS} | {
    "source-sans-3": "SourceSans3",
    "noto-sans": "NotoSans",
    "noto-sans-arabic": "NotoSansArabic",
    "noto-sans-hebrew": "NotoSansHebrew",
    "noto-sans-thai": "NotoSansThai",
    "noto-sans-sc": "NotoSansSC",
    "noto-sans-jp": "NotoSansJP",
    "noto-sans-kr": "NotoSansKR",
}
# Room above and below the baseline that a line of the family needs, in em.
ROOM = {
    PRIMARY: (0.93, 0.27), "noto-sans": (0.95, 0.28), "noto-sans-arabic": (1.1, 0.55),
    "noto-sans-khmer": (1.16, 0.69), "noto-sans-myanmar": (1.25, 0.69), "noto-sans-kannada": (1.0, 0.54),
    "noto-sans-telugu": (1.0, 0.48), "noto-sans-lao": (1.18, 0.46),
}  # fmt: skip
TALL = (1.05, 0.35)


class Face:
    """One font file: its characters, its advance widths (thousandths of an em) and its shaper."""

    def __init__(self, family: str, weight: Weight) -> None:
        self.family = family
        self.weight = weight
        self.name = f"{FILE_NAMES[family]}-{weight.name.title()}"
        self.ascent, self.descent = ROOM.get(family, TALL)
        path = next(filter(Path.exists, (path_of(family, each) for each in (weight, Weight.REGULAR))), None)
        if path is None:
            raise FontsMissing(_("The fonts are not installed: run `make setup`, which runs `npm ci`."))
        self.file = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
        self.font = uharfbuzz.Font(self.file)
        self._characters = self.file.unicodes
        self._advances: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def advance(self, glyph: int) -> int:
        """The width of a glyph on its own, in thousandths of an em."""
        width = self._advances.get(glyph)
        if width is None:
            width = self._advances[glyph] = self.font.get_glyph_h_advance(glyph)
        return width

    def draws(self, text: str) -> bool:
        """Whether the file has every character of a text."""
        return all(ord(character) in self._characters for character in text)

    def glyph(self, character: str) -> int:
        """The number of a character's glyph; 0 where the file has none."""
        return self.font.get_nominal_glyph(ord(character)) or 0


def path_of(family: str, weight: Weight) -> Path:
    """Where the font file stands, if the family has that weight."""
    folder: Path = settings.NODE_MODULES / "@expo-google-fonts" / family / weight
    return folder / f"{FILE_NAMES[family]}_{weight}.ttf"


@functools.cache
def face(family: str, weight: Weight) -> Face:
    """The opened file. Raises FontsMissing."""
    return Face(family, weight)


def families_for(text: str) -> tuple[str, ...]:
    """The families to ask in turn; Han characters are drawn as the text around them suggests."""
    return (*ALPHABETS, *families_of_scripts(text), *families_of_han(text))


def families_of_scripts(text: str) -> list[str]:
    """The families of rarer scripts that the text has letters of."""
    if not OF_SCRIPTS.search(text):
        return []
    return [family for family, letters in SCRIPTS.items() if re.search(f"[{letters}]", text)]


def families_of_han(text: str) -> tuple[str, ...]:
    """The families of East Asia: Korean and Japanese first where the text is."""
    if any("\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" for char in text):
        return "noto-sans-kr", "noto-sans-sc", "noto-sans-jp"
    if any("\u3040" <= char <= "\u30ff" for char in text):
        return "noto-sans-jp", "noto-sans-sc", "noto-sans-kr"
    return HAN


def face_of(cluster: str, families: tuple[str, ...], weight: Weight) -> Face | None:
    """The first face that has every character of this grapheme that shows, or None."""
    shown = "".join(char for char in cluster if not is_ignorable(char))
    for family in families:
        candidate = face(family, weight)
        if candidate.draws(shown):
            return candidate
    return None


@functools.cache
def is_ignorable(char: str) -> bool:
    """Whether a character shows nothing by itself: joiners, selectors, marks of direction."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"
