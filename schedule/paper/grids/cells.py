"""Fit the texts of a session into its cell at a fixed size; titles too long for it are listed elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.typeset import FontWeight

from ..printed_programme import PrintedSession
from ..text_layout import (
    ELLIPSIS,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    cut_word,
    lay_out_text,
    measure_word_width,
    shorten_text,
    split_unbreakable_words,
)

type CellTexts = list[tuple[TextBlock, str]]
PADDING_EM, BAND_EM = 0.35, 0.3
TITLE_LEADING = 1.14
MIN_CUT_LETTERS = 3


@dataclass(frozen=True)
class CellBox:
    """Width and height for texts in points; `own_height` ends with the session, `height` at the next one."""

    width: float
    height: float
    own_height: float


def get_inner_width(width: float, size: float) -> float:
    return width - (2 * PADDING_EM + BAND_EM) * size


def get_min_height(size: float) -> float:
    """Return the height of a cell with one line."""
    return (1.22 + 2 * PADDING_EM) * size


def fit_cell_texts(
    session: PrintedSession, box: CellBox, size: float, track_code: str = ""
) -> CellTexts | None:
    """Return the title with as much of hours and speakers as the box holds; None if the title is too long."""
    width, padding = get_inner_width(box.width, size), 2 * PADDING_EM * size
    if has_wide_word(session.title, width, size):
        return None
    title = [(lay_out_title(session, width, size), INK_COLOR)]
    if measure_height(title) > box.height - padding:
        return None
    hours = [(lay_out_hours(session, width, size, track_code), PALE_INK_COLOR)]
    speakers = lay_out_speakers(session, width, size)
    for texts in (hours + title + speakers, title + speakers, hours + title):
        if measure_height(texts) <= box.own_height - padding:
            return texts
    return title


def has_wide_word(title: str, width: float, size: float) -> bool:
    """Return whether a word would have to be cut."""
    return any(
        measure_word_width(word, FontWeight.SEMIBOLD) * size > width
        for word in split_unbreakable_words(title)
    )


def lay_out_title(session: PrintedSession, width: float, size: float) -> TextBlock:
    title = f"{_('Cancelled').upper()} {session.title}" if session.is_cancelled else session.title
    return lay_out_text(title, FontWeight.SEMIBOLD, width=width, size=size, leading=TITLE_LEADING)


def lay_out_hours(session: PrintedSession, width: float, size: float, track_code: str) -> TextBlock:
    hours = f"{session.hours_label} · {track_code}" if track_code else session.hours_label
    return lay_out_text(hours, FontWeight.REGULAR, width=width, size=size)


def lay_out_speakers(session: PrintedSession, width: float, size: float) -> CellTexts:
    if not session.speakers:
        return []
    names = ", ".join(session.speakers)
    return [(lay_out_text(names, FontWeight.REGULAR, width=width, size=size), PALE_INK_COLOR)]


def fit_shortened_title(session: PrintedSession, number: int, box: CellBox, size: float) -> CellTexts:
    """Return the number under which the session is listed, and as much of its title as the box holds."""
    return lay_out_shortened(f"({number}) {session.title}", box, size)


def lay_out_group(
    sessions: Sequence[PrintedSession], numbers: Sequence[int], box: CellBox, size: float
) -> CellTexts:
    """Return the numbers under which the sessions of a group are listed, and as much of their titles."""
    label = f"({compress_numbers(numbers)})"
    titles = " · ".join(session.title for session in sessions)
    width, max_lines = get_inner_width(box.width, size), count_lines(box, size)
    block = lay_out_text(label, FontWeight.SEMIBOLD, width=width, size=size, leading=TITLE_LEADING)
    # Numbers are never shortened: they lead to the list.
    if len(block.line_texts) > max_lines:
        return [(block, INK_COLOR)]
    shortened = lay_out_shortened(f"{label} {titles}", box, size)
    has_all_numbers = shortened[0][0].full_text.startswith(label)
    return shortened if has_all_numbers else [(block, INK_COLOR)]


def lay_out_shortened(text: str, box: CellBox, size: float) -> CellTexts:
    """Return as much of a text that begins with numbers as the box holds."""
    width, max_lines = get_inner_width(box.width, size), count_lines(box, size)
    shown = shorten_text(text, FontWeight.SEMIBOLD, width=width, size=size, max_lines=max_lines)
    # A word too long for the box: show its beginning rather than nothing.
    if shown.endswith(f") {ELLIPSIS}"):
        cut = cut_word(text, FontWeight.SEMIBOLD, width=width, size=size, max_lines=max_lines)
        shown = cut if len(cut) >= len(shown) + MIN_CUT_LETTERS else shown
    return [
        (lay_out_text(shown, FontWeight.SEMIBOLD, width=width, size=size, leading=TITLE_LEADING), INK_COLOR)
    ]


def count_lines(box: CellBox, size: float) -> int:
    """Return how many lines of a title a box holds, at least one."""
    height = box.height - 2 * PADDING_EM * size
    return max(1, int(height / (TITLE_LEADING * size) + 1e-6))


def compress_numbers(numbers: Iterable[int]) -> str:
    """Return “3–7, 9” for 3, 4, 5, 6, 7 and 9."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def measure_height(texts: CellTexts) -> float:
    return sum(text.height for text, _color in texts)
