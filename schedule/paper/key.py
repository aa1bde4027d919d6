"""The key of the tracks at the foot of a grid: a swatch of each colour, and whose it is."""

from collections.abc import Iterator, Sequence

from convention.search import fold
from convention.typeset import Page, Weight

from .content import Item
from .plan import GUTTER, MARGIN
from .setting import INK, Text, set_text

SIZE, ROW = 7.0, 10.0
ABOVE = 6.0
SWATCH, BESIDE, APART = 6.0, 3.5, 14.0


def height_of_key(items: Sequence[Item], width: float) -> float:
    """The points that the key takes on a sheet of this width; none where no track has a colour of its own."""
    rows = [y + text.height for _color, text, _x, y in placed(tracks_of(items), width)]
    return max(rows) + ABOVE if rows else 0.0


def tracks_of(items: Sequence[Item]) -> dict[str, str]:
    """The coloured tracks in the order of their names, each with its colour."""
    found = {item.track: item.color for item in items if item.track and item.color}
    return {track: found[track] for track in sorted(found, key=fold)}


def placed(tracks: dict[str, str], width: float) -> Iterator[tuple[str, Text, float, float]]:
    """Each track's colour and name, and where it stands: in rows, a long name on several lines."""
    room = width - 2 * MARGIN - GUTTER
    x = y = below = 0.0
    for track, color in tracks.items():
        text = set_text(track, Weight.REGULAR, width=room - SWATCH - BESIDE, size=SIZE)
        wide = SWATCH + BESIDE + max(line.width for line in text.lines) * SIZE
        if x and x + wide > room:
            x, y = 0.0, below
        yield color, text, x, y
        x += wide + APART
        below = max(below, y + max(ROW, text.height))


def draw_key(page: Page, items: Sequence[Item], top: float) -> None:
    """Draw it beneath the sessions."""
    for color, text, x, y in placed(tracks_of(items), page.width):
        left, at = MARGIN + GUTTER + x, top + ABOVE + y
        page.color(color)
        page.rectangle(left, at + 1, SWATCH, SWATCH)
        page.color(INK)
        text.draw(page, left + SWATCH + BESIDE, at)
