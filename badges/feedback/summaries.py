"""Summarize the feedback on sessions: counts, mean, distribution and comments, from enough answers on."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.attendance.models import Checkpoint, Presence
from convention.events.models import Event
from convention.web.charts import BarChart, ChartBar
from schedule.models import ProgrammeAudience, Session, SessionSpeaker, Speaker

from .models import MAX_STARS, MIN_ANSWERS_SHOWN, FeedbackSettings, SessionFeedback


@dataclass(frozen=True)
class SessionSummary:
    """The feedback on one session; stars and comments are empty with fewer than `min_answers` answers."""

    session: Session
    attendee_count: int
    answer_count: int
    min_answers: int
    star_counts: Mapping[int, int] = field(default_factory=dict)
    answers: list[SessionFeedback] = field(default_factory=list)

    @property
    def is_shown(self) -> bool:
        return self.answer_count >= self.min_answers

    @property
    def mean(self) -> float | None:
        """Return the mean number of stars, None while it is not shown."""
        return compute_mean(self.star_counts)

    @property
    def response_rate(self) -> int | None:
        """Return the percentage of those scanned in who answered; None if nobody was."""
        if not self.attendee_count:
            return None
        return min(100, round(100 * self.answer_count / self.attendee_count))

    @property
    def bars(self) -> BarChart:
        return make_star_bars(self.star_counts)

    @property
    def comments(self) -> list[SessionFeedback]:
        """Return the answers with a comment; hidden ones too, for organizers."""
        return [answer for answer in self.answers if answer.comment]

    @property
    def public_comments(self) -> list[str]:
        """Return the comments for speakers: those that nobody hid."""
        return [answer.comment for answer in self.comments if not answer.hidden_reason]

    @property
    def sentence(self) -> str:
        """Return number of answers and mean in the active language."""
        answers = ngettext("%(count)s answer", "%(count)s answers", self.answer_count)
        answers %= {"count": self.answer_count}
        if self.mean is None:
            return _("%(answers)s, too few to be shown") % {"answers": answers}
        # Rounded first: `number_format` truncates.
        mean = number_format(round(self.mean, 1), 1)
        return _("%(mean)s out of 5 stars on average, %(answers)s") % {"mean": mean, "answers": answers}


def compute_mean(star_counts: Mapping[int, int]) -> float | None:
    total = sum(star_counts.values())
    return sum(stars * count for stars, count in star_counts.items()) / total if total else None


def make_star_bars(star_counts: Mapping[int, int]) -> BarChart:
    """Return the number of answers by stars as a chart, the most stars first."""
    rows = [
        ChartBar(
            ngettext("%(counter)s star", "%(counter)s stars", stars) % {"counter": stars},
            star_counts.get(stars, 0),
        )
        for stars in range(MAX_STARS, 0, -1)
    ]
    return BarChart(_("Answers by stars"), rows, _("Stars"), _("Answers"))


def list_event_summaries(settings: FeedbackSettings) -> list[SessionSummary]:
    """Return the sessions of an event that have a checkpoint or answers, in order of time, with comments."""
    answers = SessionFeedback.objects.filter(session=OuterRef("pk"))
    checkpoints = Checkpoint.objects.filter(session=OuterRef("pk"))
    rows = settings.event.sessions.filter(Exists(checkpoints) | Exists(answers))
    sessions = rows.select_related("room").prefetch_related("speakers").order_by("starts_at", "title", "pk")
    return summarize_sessions(sessions, {settings.event.pk: settings.min_answers})


def summarize_sessions(
    sessions: Iterable[Session], min_answers_by_event: Mapping[int, int]
) -> list[SessionSummary]:
    """Return the summary of each session, in three queries."""
    rows = list(sessions)
    attendees = count_attendees(rows)
    answers: dict[int, list[SessionFeedback]] = defaultdict(list)
    # Sorted by the random key: the order is stable and reveals nothing.
    for answer in SessionFeedback.objects.filter(session__in=rows).order_by("pk"):
        answers[answer.session_id].append(answer)
    return [
        summarize_answers(
            session,
            attendees.get(session.pk, 0),
            answers[session.pk],
            min_answers_by_event.get(session.event_id, MIN_ANSWERS_SHOWN),
        )
        for session in rows
    ]


def count_attendees(sessions: Collection[Session]) -> dict[int, int]:
    """Return how many people were admitted at the checkpoint of each session."""
    presences = Presence.objects.entered().filter(checkpoint__session__in=sessions).order_by()
    counted = presences.values_list("checkpoint__session").annotate(count=Count("pk"))
    return dict(counted)


def summarize_answers(
    session: Session, attendee_count: int, answers: list[SessionFeedback], min_answers: int
) -> SessionSummary:
    """Return the summary; too few answers are left out here, so that no page or file can show them."""
    if len(answers) < min_answers:
        return SessionSummary(session, attendee_count, len(answers), min_answers)
    star_counts: dict[int, int] = defaultdict(int)
    for answer in answers:
        star_counts[answer.stars] += 1
    return SessionSummary(session, attendee_count, len(answers), min_answers, dict(star_counts), answers)


def summarize_for_speakers(speakers: Iterable[Speaker]) -> dict[int, list[SessionSummary]]:
    """Return the summaries of each speaker's sessions, by speaker id, once their event is over.

    Sessions without any answer are left out.
    """
    appearances = _select_finished_appearances(speakers)
    sessions = {appearance.session_id: appearance.session for appearance in appearances}
    if not sessions:
        return {}
    settings = FeedbackSettings.objects.filter(event__in={session.event_id for session in sessions.values()})
    minimums = dict(settings.values_list("event", "min_answers"))
    summaries = {row.session.pk: row for row in summarize_sessions(sessions.values(), minimums)}
    by_speaker: dict[int, list[SessionSummary]] = defaultdict(list)
    for appearance in appearances:
        summary = summaries[appearance.session_id]
        if summary.answer_count:
            by_speaker[appearance.speaker_id].append(summary)
    return dict(by_speaker)


def _select_finished_appearances(speakers: Iterable[Speaker]) -> "QuerySet[SessionSpeaker]":
    published = Session.objects.published(audience=ProgrammeAudience.MEMBERS)
    rows = SessionSpeaker.objects.filter(
        session__in=published, speaker__in=list(speakers), speaker__event__ends_at__lte=timezone.now()
    )
    return rows.select_related("session").order_by("session__starts_at", "session__title", "pk")


def count_event_stars(summaries: Iterable[SessionSummary]) -> dict[int, int]:
    """Return the number of answers by stars over all sessions that are shown."""
    totals: dict[int, int] = defaultdict(int)
    for summary in summaries:
        for stars, count in summary.star_counts.items():
            totals[stars] += count
    return dict(totals)


def list_summarized_speakers(event: Event) -> list[Speaker]:
    """Return the event's speakers with at least one session whose summary is shown."""
    speakers = list(event.speakers.defer("biography", "biography_html"))
    summaries = summarize_for_speakers(speakers)
    return [speaker for speaker in speakers if any(row.is_shown for row in summaries.get(speaker.pk, ()))]
