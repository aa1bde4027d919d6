"""Build the tables that organizers download: the figures of each session, and the comments."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.tables.downloads import TableSheet

from .answers import load_feedback_settings
from .models import MAX_STARS
from .summaries import SessionSummary, list_event_summaries

STAR_NUMBERS = range(MAX_STARS, 0, -1)


def _build_figures_sheet(event: Event) -> TableSheet:
    header = [
        _("Number"), _("Title"), _("Starts"), _("Room"), _("Speakers"), _("Scanned in"), _("Answers"),
        _("Response rate (%)"), _("Average rating"), *(f"{stars} ★" for stars in STAR_NUMBERS),
    ]  # fmt: skip
    summaries = list_event_summaries(load_feedback_settings(event))
    return TableSheet(_("Feedback"), header, (_list_figures(summary, event) for summary in summaries))


def _list_figures(summary: SessionSummary, event: Event) -> list[Any]:
    session, mean = summary.session, summary.mean
    return [
        session.number, session.title,
        session.starts_at.astimezone(event.zone) if session.starts_at else "",
        session.room.name if session.room else "",
        ", ".join(speaker.name for speaker in session.speakers.all()),
        summary.attendee_count, summary.answer_count,
        "" if summary.response_rate is None else summary.response_rate,
        "" if mean is None else round(mean, 2),
        # Empty where there are too few answers: a zero would look like a result.
        *(summary.star_counts.get(stars, 0) if summary.is_shown else "" for stars in STAR_NUMBERS),
    ]  # fmt: skip


def _build_comments_sheet(event: Event) -> TableSheet:
    header = [_("Number"), _("Title"), _("Stars"), _("Comment"), _("Hidden because")]
    return TableSheet(_("Comments"), header, _iterate_comments(event))


def _iterate_comments(event: Event) -> Iterator[list[Any]]:
    for summary in list_event_summaries(load_feedback_settings(event)):
        for answer in summary.comments:
            yield [
                summary.session.number, summary.session.title, answer.stars, answer.comment,
                answer.hidden_reason,
            ]  # fmt: skip


LISTS: dict[str, Callable[[Event], TableSheet]] = {
    "feedback": _build_figures_sheet,
    "feedback-comments": _build_comments_sheet,
}
