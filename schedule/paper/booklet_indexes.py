"""Draw the indexes of a booklet: speakers, companies and rooms, with the pages of their sessions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from django.utils.translation import gettext as _

from convention.text.normalize import search_text
from convention.typeset import FontWeight

from .page_flow import COLUMN_WIDTH, PAGE_WIDTH, SIDE_MARGIN, PageFlow
from .printed_programme import PrintedSession
from .text_layout import INK_COLOR, lay_out_heading, lay_out_text

type IndexEntries = dict[str, list[PrintedSession]]
NUMBERS_WIDTH = 110.0
ENTRY_SIZE = 9.0


def list_indexes(
    sessions: Iterable[PrintedSession],
) -> list[tuple[str, str, IndexEntries]]:
    """Return anchor, title and entries of each index that has entries, in order."""
    sessions = list(sessions)
    all_indexes = [
        ("speakers", _("Speakers"), group_sessions(sessions, lambda item: (*item.speakers, *item.chairs))),
        ("companies", _("Companies"), group_sessions(sessions, lambda item: item.companies)),
        ("rooms", _("Rooms"), group_sessions(sessions, lambda item: (item.room,) if item.room else ())),
    ]
    return [(anchor, title, entries) for anchor, title, entries in all_indexes if entries]


def group_sessions(
    sessions: Iterable[PrintedSession], get_names: Callable[[PrintedSession], Sequence[str]]
) -> IndexEntries:
    entries: IndexEntries = defaultdict(list)
    for session in sessions:
        for name in get_names(session):
            entries[name].append(session)
    return entries


def draw_indexes(flow: PageFlow, sessions: Iterable[PrintedSession], pages: dict[str, int]) -> None:
    for anchor, title, entries in list_indexes(sessions):
        flow.section_title = title
        flow.begin_page()
        flow.add_anchor(anchor)
        flow.document.add_bookmark(title, anchor)
        heading = lay_out_heading(title, width=COLUMN_WIDTH, size=19)
        flow.stack_texts([(heading, INK_COLOR)], x=SIDE_MARGIN)
        flow.y += 12
        for name in sorted(entries, key=get_speaker_sort_key if anchor == "speakers" else search_text):
            draw_index_entry(flow, name, entries[name], pages)


def get_speaker_sort_key(name: str) -> str:
    """Return the last word of the name, which is most likely the family name, before the whole name."""
    folded = search_text(name)
    return f"{folded.split(' ')[-1]} {folded}"


def draw_index_entry(
    flow: PageFlow, name: str, sessions: list[PrintedSession], pages: dict[str, int]
) -> None:
    """Draw a name, and at the right the page numbers as links."""
    # In the first pass no page is known, so all numbers are 0.
    numbers = sorted({pages.get(f"session-{session.session_id}", 0) for session in sessions})
    width = COLUMN_WIDTH - NUMBERS_WIDTH - 6
    text = lay_out_text(name, FontWeight.REGULAR, width=width, size=ENTRY_SIZE)
    label = ", ".join(map(str, numbers))
    figures = lay_out_text(label, FontWeight.REGULAR, width=NUMBERS_WIDTH, size=ENTRY_SIZE)
    rows, number_rows = list(text.lines), list(figures.lines)
    # Line by line, since a room may have more page numbers than a page has lines.
    for index in range(max(len(rows), len(number_rows))):
        page = flow.ensure_space(text.leading + 2)
        if index == 0:
            flow.add_label(name)
        page.set_color(INK_COLOR)
        baseline = flow.y + ENTRY_SIZE * 0.95
        page.begin_tag("P")
        if index < len(rows):
            page.text(rows[index], SIDE_MARGIN, baseline, ENTRY_SIZE)
        if index < len(number_rows):
            page.text(number_rows[index], PAGE_WIDTH - SIDE_MARGIN, baseline, ENTRY_SIZE, align="right")
            area = (PAGE_WIDTH - SIDE_MARGIN - NUMBERS_WIDTH, flow.y, NUMBERS_WIDTH, text.leading)
            page.add_jump(area, f"session-{sessions[0].session_id}", f"{name}, {label}")
        page.end_tag()
        flow.y += text.leading
    flow.y += 2
