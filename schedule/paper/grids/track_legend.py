"""Letter codes and colours of tracks: at the foot of a grid, or in the list of titles if there are many."""

import string
from collections.abc import Iterator, Sequence

from convention.text.normalize import search_text
from convention.typeset import FontWeight, PdfPage

from ..printed_programme import PrintedSession
from ..text_layout import INK_COLOR, TextBlock, lay_out_text
from .sizes import GridPage

# A share of the sheet's height: a longer legend goes into the list of titles.
MAX_LEGEND_SHARE = 0.12
SWATCH_EM, GAP_EM = 0.8, 0.4


def code_tracks(sessions: Sequence[PrintedSession]) -> dict[str, str]:
    """Return a letter for each track, in order of the names; two letters for more than 26 tracks."""
    tracks = sorted({session.track for session in sessions if session.track}, key=search_text)
    letters = string.ascii_uppercase
    if len(tracks) <= len(letters):
        return dict(zip(tracks, letters, strict=False))
    return {
        track: letters[index // len(letters) % len(letters)] + letters[index % len(letters)]
        for index, track in enumerate(tracks)
    }


def measure_legend_height(track_codes: dict[str, str], page: GridPage) -> float:
    """Return the height of the legend in points; 0 without tracks, or if they are too many for a sheet."""
    bottoms = [y + text.height for _track, text, _x, y in place_legend_entries(track_codes, page)]
    height = max(bottoms, default=-page.type_size) + page.type_size
    return height if height <= MAX_LEGEND_SHARE * page.height else 0.0


def place_legend_entries(
    track_codes: dict[str, str], page: GridPage
) -> Iterator[tuple[str, TextBlock, float, float]]:
    """Place code and name of each track in rows; a long name takes several lines."""
    size = page.type_size
    x = y = below = 0.0
    for track, code in track_codes.items():
        width = page.grid_width - (SWATCH_EM + GAP_EM) * size
        text = lay_out_text(f"{code} {track}", FontWeight.REGULAR, width=width, size=size)
        entry_width = (SWATCH_EM + GAP_EM + max(line.width for line in text.lines)) * size
        if x and x + entry_width > page.grid_width:
            x, y = 0.0, below
        yield track, text, x, y
        x += entry_width + 1.5 * size
        below = max(below, y + text.height)


def draw_track_legend(
    page: PdfPage, track_codes: dict[str, str], colors: dict[str, str], grid_page: GridPage, top: float
) -> None:
    size = grid_page.type_size
    for track, text, x, y in place_legend_entries(track_codes, grid_page):
        left, at = grid_page.grid_left + x, top + 0.8 * size + y
        if colors.get(track):
            page.set_color(colors[track])
            page.fill_rectangle(left, at + 0.15 * size, SWATCH_EM * size, SWATCH_EM * size)
        page.set_color(INK_COLOR)
        text.draw(page, left + (SWATCH_EM + GAP_EM) * size, at)
