"""Draw the legend of track colours at the foot of a grid."""

from collections.abc import Iterator, Sequence

from convention.text.normalize import search_text
from convention.typeset import FontWeight, PdfPage

from .grid_layout import PAGE_MARGIN, TIME_GUTTER
from .printed_programme import PrintedSession
from .text_layout import INK_COLOR, TextBlock, lay_out_text

LEGEND_FONT_SIZE, LEGEND_ROW_HEIGHT = 7.0, 10.0
SPACE_ABOVE_LEGEND = 6.0
SWATCH_SIDE, SWATCH_GAP, ENTRY_GAP = 6.0, 3.5, 14.0


def measure_legend_height(printed_sessions: Sequence[PrintedSession], width: float) -> float:
    """Return the height of the legend in points; 0 if no track has a colour."""
    rows = [
        y + text.height
        for _color, text, _x, y in place_legend_entries(list_coloured_tracks(printed_sessions), width)
    ]
    return max(rows) + SPACE_ABOVE_LEGEND if rows else 0.0


def list_coloured_tracks(printed_sessions: Sequence[PrintedSession]) -> dict[str, str]:
    """Return the colours of tracks by name, sorted by name."""
    colors = {
        printed_session.track: printed_session.track_color
        for printed_session in printed_sessions
        if printed_session.track and printed_session.track_color
    }
    return {track: colors[track] for track in sorted(colors, key=search_text)}


def place_legend_entries(
    tracks: dict[str, str], width: float
) -> Iterator[tuple[str, TextBlock, float, float]]:
    """Place colour and name of each track in rows; a long name takes several lines."""
    available_width = width - 2 * PAGE_MARGIN - TIME_GUTTER
    x = y = below = 0.0
    for track, color in tracks.items():
        text = lay_out_text(
            track, FontWeight.REGULAR, width=available_width - SWATCH_SIDE - SWATCH_GAP, size=LEGEND_FONT_SIZE
        )
        wide = SWATCH_SIDE + SWATCH_GAP + max(line.width for line in text.lines) * LEGEND_FONT_SIZE
        if x and x + wide > available_width:
            x, y = 0.0, below
        yield color, text, x, y
        x += wide + ENTRY_GAP
        below = max(below, y + max(LEGEND_ROW_HEIGHT, text.height))


def draw_track_legend(page: PdfPage, printed_sessions: Sequence[PrintedSession], top: float) -> None:
    for color, text, x, y in place_legend_entries(list_coloured_tracks(printed_sessions), page.width):
        left, at = PAGE_MARGIN + TIME_GUTTER + x, top + SPACE_ABOVE_LEGEND + y
        page.set_color(color)
        page.fill_rectangle(left, at + 1, SWATCH_SIDE, SWATCH_SIDE)
        page.set_color(INK_COLOR)
        text.draw(page, left + SWATCH_SIDE + SWATCH_GAP, at)
