"""Papers of grids, and the size of type by the distance from which they are read. All in points."""

from dataclasses import dataclass
from typing import Final

from ..text_layout import A3, A4

A2, A1, A0 = (A3[1], A3[0] * 2), (A3[0] * 2, A3[1] * 2), (A3[1] * 2, A3[0] * 4)
PAPER_SIZES: Final = {"a4": A4, "a3": A3, "a2": A2, "a1": A1, "a0": A0}
# The smallest type on a sheet, by reading distance: in the hand, at one metre, at two.
MIN_TYPE_SIZES: Final = {"hand": 9.0, "1m": 14.0, "2m": 28.0}


@dataclass(frozen=True)
class GridPage:
    """An oriented sheet with its smallest type; margins and heads grow with the type."""

    width: float
    height: float
    type_size: float

    @property
    def margin(self) -> float:
        return 3 * self.type_size

    @property
    def gutter(self) -> float:
        """Return the width of the column of hours."""
        return 4.6 * self.type_size

    @property
    def grid_width(self) -> float:
        return self.width - 2 * self.margin - self.gutter

    @property
    def grid_left(self) -> float:
        return self.margin + self.gutter

    @property
    def title_height(self) -> float:
        """Return the height of the day, the event and the QR code, above the names of rooms."""
        return 5.4 * self.type_size

    @property
    def foot_height(self) -> float:
        return 2 * self.type_size


def make_pages(paper: str, type_size: float) -> list[GridPage]:
    """Return the paper upright and on its side."""
    width, height = PAPER_SIZES[paper]
    return [GridPage(height, width, type_size), GridPage(width, height, type_size)]
