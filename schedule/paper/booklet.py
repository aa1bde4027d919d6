"""Draw the booklet: cover, contents, each day's sessions with abstracts, index of speakers, logos; A5 pages.

Two A5 pages fit on a sheet of A4 with any printer's booklet mode.
"""

import datetime
import io
from collections import defaultdict
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday, format_datetime
from convention.text.normalize import search_text
from convention.typeset import FontWeight, PdfDocument, PdfPage, TextBox, fit_text, shape_line

from .logos import draw_back_page
from .page_flow import COLUMN_WIDTH, FOOT_TOP, PAGE_HEIGHT, PAGE_WIDTH, SIDE_MARGIN, PageFlow
from .print_options import PrintOptions
from .printed_programme import PrintedProgramme, PrintedSession
from .text_layout import (
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    draw_qr_symbol,
    lay_out_fitted_text,
    lay_out_text,
)

HOURS_WIDTH = 70.0
TEXT_WIDTH = COLUMN_WIDTH - HOURS_WIDTH


def draw_booklet(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Write the booklet. It is laid out twice, since the first pass finds the page numbers."""
    # Page numbers have a fixed place, so the second pass breaks pages like the first; only the index grows
    # with its numbers, and no session comes after it.
    pages = _typeset_booklet(programme, io.BytesIO(), {}).page_numbers
    return _typeset_booklet(programme, file, pages).page_number


def _typeset_booklet(programme: PrintedProgramme, file: BinaryIO, pages: dict[str, int]) -> PageFlow:
    language = translation.get_language() or "fr"
    with PdfDocument(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        draw_cover(document.begin_page(PAGE_WIDTH, PAGE_HEIGHT), programme)
        flow = PageFlow(document, programme.title, describe_edition(programme))
        draw_contents(flow, programme, pages)
        for day, printed_sessions in programme.days:
            draw_booklet_day(flow, day, printed_sessions)
        if programme.untimed_sessions:
            draw_chapter(flow, "untimed", _("Time to be announced"), programme.untimed_sessions)
        draw_speaker_index(flow, programme, pages)
        draw_back_page(flow, programme.logos)
    return flow


def describe_edition(programme: PrintedProgramme) -> str:
    """Return version and date of this print."""
    changed = format_datetime(programme.changed_at)
    if programme.version:
        return _("Version %(version)s, %(changed)s") % {"version": programme.version, "changed": changed}
    return _("As of %(changed)s") % {"changed": changed}


def draw_cover(page: PdfPage, programme: PrintedProgramme) -> None:
    page.set_color(programme.accent_color)
    page.fill_rectangle(0, 0, PAGE_WIDTH, 14)
    page.fill_rectangle(SIDE_MARGIN, 92, 46, 5)
    name = fit_text(programme.title, FontWeight.BOLD, TextBox(COLUMN_WIDTH, 6), max_size=34, min_size=17)
    page.set_color(INK_COLOR)
    y = (
        lay_out_fitted_text(programme.title, FontWeight.BOLD, name, leading=1.12).draw(page, SIDE_MARGIN, 112)
        + 14
    )
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
    page.text(shape_line(_("Programme"), FontWeight.SEMIBOLD), SIDE_MARGIN, 66, 13)
    draw_qr_symbol(page, programme.agenda_url, x=SIDE_MARGIN, y=PAGE_HEIGHT - 150, side=84)
    page.add_link((SIDE_MARGIN, PAGE_HEIGHT - 150, 84, 84), programme.agenda_url)
    page.set_color(PALE_INK_COLOR)
    text_x = SIDE_MARGIN + 98
    lines = [_("The programme as it stands now:"), programme.agenda_url, describe_edition(programme)]
    y = PAGE_HEIGHT - 148
    for line in lines:
        y = (
            lay_out_text(line, FontWeight.REGULAR, width=COLUMN_WIDTH - 98, size=8.5).draw(page, text_x, y)
            + 3
        )


def draw_contents(flow: PageFlow, programme: PrintedProgramme, pages: dict[str, int]) -> None:
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
    entries += (
        [(_("Speakers"), "speakers")]
        if any(printed_session.speakers for printed_session in programme.sessions)
        else []
    )
    for label, anchor in entries:
        draw_contents_line(flow, capitalize_first(label), anchor, pages)


def draw_contents_line(flow: PageFlow, label: str, anchor: str, pages: dict[str, int]) -> None:
    page = flow.ensure_space(20)
    page.set_color(INK_COLOR)
    page.text(shape_line(label, FontWeight.SEMIBOLD), SIDE_MARGIN, flow.y + 11, 11)
    page.text(
        shape_line(str(pages.get(anchor, "")), FontWeight.REGULAR),
        PAGE_WIDTH - SIDE_MARGIN,
        flow.y + 11,
        11,
        align="right",
    )
    page.add_jump((SIDE_MARGIN, flow.y, COLUMN_WIDTH, 16), anchor)
    flow.y += 20


def draw_heading(flow: PageFlow, text: str) -> None:
    flow.stack_texts(
        [(lay_out_text(text, FontWeight.BOLD, width=COLUMN_WIDTH, size=19), INK_COLOR)], x=SIDE_MARGIN
    )
    flow.y += 12


def lay_out_body(text: str, width: float) -> TextBlock:
    return lay_out_text(text, FontWeight.REGULAR, width=width, size=9, leading=1.36)


def capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def draw_booklet_day(flow: PageFlow, day: datetime.date, printed_sessions: list[PrintedSession]) -> None:
    """Draw a day, on a new page."""
    draw_chapter(flow, f"day-{day}", capitalize_first(format_date_with_weekday(day)), printed_sessions)


def draw_chapter(flow: PageFlow, anchor: str, title: str, printed_sessions: list[PrintedSession]) -> None:
    flow.section_title = title
    flow.begin_page()
    flow.add_anchor(anchor)
    flow.document.add_bookmark(title, anchor)
    draw_heading(flow, title)
    for printed_session in printed_sessions:
        draw_booklet_session(flow, printed_session)


def draw_booklet_session(flow: PageFlow, printed_session: PrintedSession) -> None:
    """Draw a session: hours at the side; title, speakers and room stay with the first lines of text."""
    head = lay_out_session_head(printed_session)
    paragraphs = [lay_out_body(part, TEXT_WIDTH) for part in printed_session.paragraphs]
    first = min(2, len(paragraphs[0].lines)) * paragraphs[0].leading if paragraphs else 0
    # At most what an empty page has: a longer head begins a page and continues on the next.
    flow.ensure_space(min(FOOT_TOP - 60, sum(text.height for text, _color in head) + 3 + first))
    flow.add_anchor(f"session-{printed_session.session_id}")
    page = flow.page
    assert page is not None
    page.set_color(INK_COLOR)
    lay_out_text(printed_session.hours_label, FontWeight.SEMIBOLD, width=HOURS_WIDTH - 12, size=7.5).draw(
        page, SIDE_MARGIN, flow.y + 1.5
    )
    if printed_session.track_color:
        page.set_color(printed_session.track_color)
        page.fill_rectangle(SIDE_MARGIN + HOURS_WIDTH - 8, flow.y + 1, 2.2, head[0][0].height)
    flow.stack_texts(head, x=SIDE_MARGIN + HOURS_WIDTH)
    flow.y += 3
    for paragraph in paragraphs:
        flow.draw_paragraph(paragraph, INK_COLOR, x=SIDE_MARGIN + HOURS_WIDTH)
        flow.y += 2
    flow.y += 10


def lay_out_session_head(printed_session: PrintedSession) -> list[tuple[TextBlock, str]]:
    """Set title, subtitle, speakers and room, each with its colour."""
    head = [(lay_out_text(printed_session.title, FontWeight.BOLD, width=TEXT_WIDTH, size=11), INK_COLOR)]
    if printed_session.is_cancelled:
        head.insert(
            0,
            (lay_out_text(_("Cancelled").upper(), FontWeight.SEMIBOLD, width=TEXT_WIDTH, size=8), INK_COLOR),
        )
    if printed_session.subtitle:
        head.append(
            (
                lay_out_text(printed_session.subtitle, FontWeight.REGULAR, width=TEXT_WIDTH, size=9.5),
                INK_COLOR,
            )
        )
    if printed_session.speakers:
        head.append(
            (
                lay_out_text(
                    ", ".join(printed_session.speakers), FontWeight.SEMIBOLD, width=TEXT_WIDTH, size=8.5
                ),
                INK_COLOR,
            )
        )
    facts = " · ".join(
        fact for fact in (printed_session.room, printed_session.track, printed_session.language) if fact
    )
    if facts:
        head.append((lay_out_text(facts, FontWeight.REGULAR, width=TEXT_WIDTH, size=8), PALE_INK_COLOR))
    return head


def draw_speaker_index(flow: PageFlow, programme: PrintedProgramme, pages: dict[str, int]) -> None:
    """Draw the index of speakers with the pages of their sessions."""
    appearances: dict[str, list[PrintedSession]] = defaultdict(list)
    for printed_session in programme.sessions:
        for speaker in printed_session.speakers:
            appearances[speaker].append(printed_session)
    if not appearances:
        return
    flow.section_title = _("Speakers")
    flow.begin_page()
    flow.add_anchor("speakers")
    flow.document.add_bookmark(_("Speakers"), "speakers")
    draw_heading(flow, _("Speakers"))
    for speaker in sorted(appearances, key=get_speaker_sort_key):
        draw_speaker_entry(flow, speaker, appearances[speaker], pages)


def get_speaker_sort_key(name: str) -> str:
    """Return the last word of the name, which is most likely the family name, before the whole name."""
    folded = search_text(name)
    return f"{folded.split(' ')[-1]} {folded}"


def draw_speaker_entry(
    flow: PageFlow, speaker: str, printed_sessions: list[PrintedSession], pages: dict[str, int]
) -> None:
    """Draw a name, and at the right the page numbers as links."""
    # In the first pass no page is known, so all numbers are 0.
    numbers = sorted(
        {pages.get(f"session-{printed_session.session_id}", 0) for printed_session in printed_sessions}
    )
    text = lay_out_text(speaker, FontWeight.REGULAR, width=COLUMN_WIDTH - 90, size=9)
    figures = lay_out_text(", ".join(map(str, numbers)), FontWeight.REGULAR, width=84, size=9)
    page = flow.ensure_space(max(text.height, figures.height) + 2)
    page.set_color(INK_COLOR)
    text.draw(page, SIDE_MARGIN, flow.y)
    y = flow.y
    for row in figures.lines:
        page.text(row, PAGE_WIDTH - SIDE_MARGIN, y + 9 * 0.95, 9, align="right")
        y += figures.leading
    page.add_jump(
        (PAGE_WIDTH - SIDE_MARGIN - 84, flow.y, 84, figures.height),
        f"session-{printed_sessions[0].session_id}",
    )
    flow.y += max(text.height, figures.height) + 2
