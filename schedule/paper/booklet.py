"""Draw the booklet: cover, contents, each day's sessions by the hour, indexes, logos; A5 pages.

The pages come one by one, or imposed: two on a side of A4, which is printed on both sides and folded.
"""

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday
from convention.typeset import (
    FoldedDocument,
    FontWeight,
    MeasuringDocument,
    PdfDocument,
    PdfPage,
    TaggedDocument,
    TextBox,
    fit_text,
    shape_line,
)
from convention.typeset.folded import find_center_page

from .booklet_indexes import draw_indexes, list_indexes
from .grids.spreads import GridSpread, draw_spreads, plan_spreads
from .logos import draw_back_page
from .page_flow import COLUMN_WIDTH, FOOT_TOP, PAGE_HEIGHT, PAGE_WIDTH, SIDE_MARGIN, PageFlow, PageInsert
from .print_options import PrintOptions
from .printed_programme import PrintedProgramme, PrintedSession, describe_edition
from .text_layout import (
    A4,
    ELLIPSIS,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    capitalize_first,
    draw_qr_symbol,
    lay_out_fitted_text,
    lay_out_heading,
    lay_out_text,
)

TEXT_INSET = 10.0
TEXT_WIDTH = COLUMN_WIDTH - TEXT_INSET
BAND_HEIGHT, BAND_COLOR = 17.0, "#e9ecef"
# The length of a short abstract: about four lines.
SHORT_ABSTRACT_CHARACTERS = 260
A4_LANDSCAPE = (A4[1], A4[0])
# The first finds the number of pages, the second their order; more only if the indexes grow meanwhile.
MAX_PASSES = 5
SENTENCE_END_PATTERN = re.compile(r"[.!?…](?= |$)")


def draw_booklet(programme: PrintedProgramme, options: PrintOptions, file: BinaryIO) -> int:
    """Write the booklet and return its number of pages, a multiple of four."""
    layout = measure_booklet(programme, options.depth)
    with begin_booklet(programme, file, options) as document:
        return typeset_booklet(document, programme, layout).page_number


@dataclass(frozen=True)
class BookletLayout:
    """The depth of a booklet, the grids in its middle, and the numbers of its pages."""

    depth: str
    spreads: list[GridSpread]
    # Found by laying the booklet out; 0 and {} in the first pass.
    page_count: int = 0
    page_numbers: dict[str, int] = field(default_factory=dict)

    @property
    def first_grid_page(self) -> int:
        """Return the page of the first grid, so that one spread is in the middle; 0 if unknown."""
        spreads_before = (len(self.spreads) - 1) // 2
        return find_center_page(self.page_count) - 2 * spreads_before if self.page_count else 0


def measure_booklet(programme: PrintedProgramme, depth: str) -> BookletLayout:
    """Lay the booklet out without drawing it, until its page numbers are known."""
    # Page numbers have a fixed place, so a pass breaks pages like the last one; only the indexes grow with
    # their numbers, and no session comes after them.
    layout = BookletLayout(depth, plan_spreads(programme))
    language = translation.get_language() or "fr"
    for _pass in range(MAX_PASSES):
        with MeasuringDocument(title=programme.title, language=language) as document:
            flow = typeset_booklet(document, programme, layout)
        is_stable = flow.page_number == layout.page_count
        layout = replace(layout, page_count=flow.page_number, page_numbers=flow.page_numbers)
        if is_stable:
            break
    return layout


def count_booklet_pages(programme: PrintedProgramme, depth: str) -> int:
    """Return how many pages the booklet has in that depth."""
    return measure_booklet(programme, depth).page_count


def typeset_booklet(document: PdfDocument, programme: PrintedProgramme, layout: BookletLayout) -> PageFlow:
    """Lay out all pages; the grids interrupt the text at their place."""
    pages = layout.page_numbers
    draw_cover(document.begin_page(PAGE_WIDTH, PAGE_HEIGHT), programme)
    flow = PageFlow(document, programme.title, describe_edition(programme))
    if layout.spreads:
        draw_grids = partial(draw_spreads, programme=programme, spreads=layout.spreads, pages=pages)
        flow.insert = PageInsert(layout.first_grid_page, 2 * len(layout.spreads), draw_grids)
    draw_contents(flow, programme, layout)
    for day, printed_sessions in programme.days:
        title = capitalize_first(format_date_with_weekday(day))
        draw_chapter(flow, f"day-{day}", title, printed_sessions, layout.depth)
    if programme.untimed_sessions:
        draw_chapter(flow, "untimed", _("Time to be announced"), programme.untimed_sessions, layout.depth)
    draw_indexes(flow, programme.sessions, pages)
    draw_note_pages(flow, pages.get("end", 0) - pages.get("logos", 0))
    flow.add_anchor("logos")
    draw_back_page(flow, programme.logos)
    flow.add_anchor("end")
    flow.finish_page()
    flow.draw_insert()
    return flow


def draw_note_pages(flow: PageFlow, following_count: int) -> None:
    """Draw pages for notes until the total, with the pages that follow, is a multiple of four."""
    flow.section_title = _("Notes")
    due_count = flow.insert.page_count if flow.insert else 0
    for _number in range(-(flow.page_number + due_count + following_count) % 4):
        flow.begin_page()


def begin_booklet(programme: PrintedProgramme, file: BinaryIO, print_options: PrintOptions) -> PdfDocument:
    language = translation.get_language() or "fr"
    options: dict[str, Any] = {
        "title": programme.title,
        "language": language,
        "changed_at": programme.changed_at,
    }
    if print_options.is_imposed:
        return FoldedDocument(file, sheet=A4_LANDSCAPE, **options)
    return TaggedDocument(file, **options)


def draw_cover(page: PdfPage, programme: PrintedProgramme) -> None:
    page.set_color(programme.accent_color)
    page.fill_rectangle(0, 0, PAGE_WIDTH, 14)
    page.fill_rectangle(SIDE_MARGIN, 92, 46, 5)
    name = fit_text(programme.title, FontWeight.BOLD, TextBox(COLUMN_WIDTH, 6), max_size=34, min_size=17)
    page.set_color(INK_COLOR)
    title = lay_out_fitted_text(programme.title, FontWeight.BOLD, name, leading=1.12)
    y = replace(title, role="H1").draw(page, SIDE_MARGIN, 112) + 14
    for text, size, color in (
        (programme.dates_label, 14, INK_COLOR),
        (programme.venue_name, 11, PALE_INK_COLOR),
    ):
        page.set_color(color)
        y = (
            lay_out_text(text, FontWeight.REGULAR, width=COLUMN_WIDTH, size=size).draw(page, SIDE_MARGIN, y)
            + 4
        )
    page.set_color(INK_COLOR)
    if programme.cancellation_notice:
        lay_out_text(programme.cancellation_notice, FontWeight.BOLD, width=COLUMN_WIDTH, size=13).draw(
            page, SIDE_MARGIN, y + 12
        )
    lay_out_text(_("Programme"), FontWeight.SEMIBOLD, width=COLUMN_WIDTH, size=13).draw(
        page, SIDE_MARGIN, 66 - 0.95 * 13
    )
    draw_qr_symbol(page, programme.agenda_url, x=SIDE_MARGIN, y=PAGE_HEIGHT - 150, side=84)
    page.add_link((SIDE_MARGIN, PAGE_HEIGHT - 150, 84, 84), programme.agenda_url)
    page.set_color(PALE_INK_COLOR)
    text_x = SIDE_MARGIN + 98
    lines = [_("The current programme:"), programme.agenda_url, describe_edition(programme)]
    y = PAGE_HEIGHT - 148
    for line in lines:
        y = lay_out_text(line, FontWeight.REGULAR, width=COLUMN_WIDTH - 98, size=9).draw(page, text_x, y) + 3


def draw_contents(flow: PageFlow, programme: PrintedProgramme, layout: BookletLayout) -> None:
    flow.section_title = _("Contents")
    flow.begin_page()
    draw_heading(flow, _("Contents"))
    if not programme.sessions:
        flow.stack_texts(
            [(lay_out_body(_("The programme is not published yet."), COLUMN_WIDTH), INK_COLOR)],
            x=SIDE_MARGIN,
        )
    for paragraph in programme.summary.split("\n"):
        if paragraph.strip():
            flow.draw_paragraph(lay_out_body(paragraph, COLUMN_WIDTH), INK_COLOR, x=SIDE_MARGIN)
            flow.y += 4
    flow.y += 10
    entries = [(format_date_with_weekday(day), f"day-{day}") for day, _items in programme.days]
    entries += [(_("Time to be announced"), "untimed")] if programme.untimed_sessions else []
    entries += [(_("Daily grids"), f"grid-{layout.spreads[0].day}")] if layout.spreads else []
    entries += [(title, anchor) for anchor, title, _entries in list_indexes(programme.sessions)]
    for label, anchor in entries:
        draw_contents_line(flow, capitalize_first(label), anchor, layout.page_numbers)


def draw_contents_line(flow: PageFlow, label: str, anchor: str, pages: dict[str, int]) -> None:
    page = flow.ensure_space(20)
    page.set_color(INK_COLOR)
    page.begin_tag("P")
    page.text(shape_line(label, FontWeight.SEMIBOLD), SIDE_MARGIN, flow.y + 11, 11)
    page.text(
        shape_line(str(pages.get(anchor, "")), FontWeight.REGULAR),
        PAGE_WIDTH - SIDE_MARGIN,
        flow.y + 11,
        11,
        align="right",
    )
    page.end_tag()
    page.add_jump((SIDE_MARGIN, flow.y, COLUMN_WIDTH, 16), anchor, label)
    flow.y += 20


def draw_heading(flow: PageFlow, text: str) -> None:
    flow.stack_texts([(lay_out_heading(text, width=COLUMN_WIDTH, size=19), INK_COLOR)], x=SIDE_MARGIN)
    flow.y += 12


def lay_out_body(text: str, width: float) -> TextBlock:
    return lay_out_text(text, FontWeight.REGULAR, width=width, size=9, leading=1.36)


def draw_chapter(
    flow: PageFlow, anchor: str, title: str, printed_sessions: list[PrintedSession], depth: str
) -> None:
    """Draw the sessions of a day on new pages, each hour under a band of its own."""
    flow.section_title = title
    flow.begin_page()
    flow.add_anchor(anchor)
    flow.document.add_bookmark(title, anchor)
    draw_heading(flow, title)
    hour = ""
    for printed_session in printed_sessions:
        texts = lay_out_session_head(printed_session)
        paragraphs = [lay_out_body(part, TEXT_WIDTH) for part in choose_paragraphs(printed_session, depth)]
        first = min(2, len(paragraphs[0].lines)) * paragraphs[0].leading if paragraphs else 0
        head_height = sum(text.height for text, _color in texts) + 3 + first
        is_new_hour = printed_session.start_label != hour
        # At most what an empty page has: a longer head begins a page and continues on the next.
        flow.ensure_space(min(FOOT_TOP - 60, head_height + (BAND_HEIGHT + 6 if is_new_hour else 0)))
        if is_new_hour:
            hour = printed_session.start_label
            draw_hour_band(flow, hour)
        draw_booklet_session(flow, printed_session, texts, paragraphs)


def draw_hour_band(flow: PageFlow, label: str) -> None:
    """Draw the hour across the page, in larger type than the titles."""
    page = flow.page
    assert page is not None
    flow.add_label(label)
    page.set_color(BAND_COLOR)
    page.fill_rectangle(SIDE_MARGIN, flow.y, COLUMN_WIDTH, BAND_HEIGHT)
    page.set_color(INK_COLOR)
    page.begin_tag("H2")
    page.text(shape_line(label, FontWeight.BOLD), SIDE_MARGIN + 4, flow.y + 13, 12.5)
    page.end_tag()
    flow.y += BAND_HEIGHT + 6


def draw_booklet_session(
    flow: PageFlow,
    printed_session: PrintedSession,
    texts: list[tuple[TextBlock, str]],
    paragraphs: list[TextBlock],
) -> None:
    """Draw a session; title, speakers and room stay with the first lines of text."""
    flow.add_anchor(f"session-{printed_session.session_id}")
    flow.add_label(printed_session.start_label)
    page = flow.page
    assert page is not None
    if printed_session.track_color:
        page.set_color(printed_session.track_color)
        page.fill_rectangle(SIDE_MARGIN + 3, flow.y + 1, 2.6, texts[0][0].height)
    flow.stack_texts(texts, x=SIDE_MARGIN + TEXT_INSET)
    flow.y += 3
    for paragraph in paragraphs:
        flow.draw_paragraph(paragraph, INK_COLOR, x=SIDE_MARGIN + TEXT_INSET)
        flow.y += 2
    flow.y += 8 if paragraphs else 4


def choose_paragraphs(printed_session: PrintedSession, depth: str) -> list[str]:
    """Return the abstract in that depth: nothing, its beginning, or all of it."""
    if depth == "titles":
        return []
    paragraphs = printed_session.paragraphs
    return [shorten_abstract(paragraphs)] if depth == "short" and paragraphs else paragraphs


def shorten_abstract(paragraphs: list[str]) -> str:
    """Return the first sentences, or the first words of a long one."""
    text = " ".join(paragraphs)
    if len(text) <= SHORT_ABSTRACT_CHARACTERS:
        return text
    ends = [match.end() for match in SENTENCE_END_PATTERN.finditer(text, 0, SHORT_ABSTRACT_CHARACTERS)]
    if ends and ends[-1] > SHORT_ABSTRACT_CHARACTERS / 3:
        return text[: ends[-1]]
    return f"{text[:SHORT_ABSTRACT_CHARACTERS].rsplit(' ', 1)[0]} {ELLIPSIS}"


def lay_out_session_head(printed_session: PrintedSession) -> list[tuple[TextBlock, str]]:
    """Set title, subtitle, speakers, chairs, hours and room, each with its colour."""
    facts = (
        printed_session.hours_label,
        printed_session.room,
        printed_session.track,
        printed_session.language,
    )
    chairs = ", ".join(printed_session.chairs)
    # A heading below that of the hour, or of the day if there is no hour.
    level = 3 if printed_session.start_label else 2
    lines = (
        (_("Cancelled").upper() if printed_session.is_cancelled else "", FontWeight.SEMIBOLD, 9, INK_COLOR),
        (printed_session.title, FontWeight.BOLD, 11, INK_COLOR),
        (printed_session.subtitle, FontWeight.REGULAR, 9.5, INK_COLOR),
        (", ".join(printed_session.speakers), FontWeight.SEMIBOLD, 9, INK_COLOR),
        (_("Chair: %(names)s") % {"names": chairs} if chairs else "", FontWeight.REGULAR, 9, INK_COLOR),
        (" · ".join(fact for fact in facts if fact), FontWeight.REGULAR, 9, PALE_INK_COLOR),
    )
    return [
        (
            lay_out_heading(text, width=TEXT_WIDTH, size=size, level=level)
            if weight is FontWeight.BOLD
            else lay_out_text(text, weight, width=TEXT_WIDTH, size=size),
            color,
        )
        for text, weight, size, color in lines
        if text
    ]
