"""Feedback questions, saving answers, and results that are hidden until enough people have answered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.web.charts import BarChart, ChartBar
from registrations.visits.applications.state import was_present
from registrations.visits.models import Application, FeedbackAnswer, FeedbackQuestion, Visit

# With fewer answers, the group could tell who gave which.
MIN_ANSWERS_SHOWN: Final = 3
RATING_KIND, TEXT_KIND = FeedbackQuestion.Kind.RATING, FeedbackQuestion.Kind.TEXT
DEFAULT_QUESTIONS: Final = [
    (RATING_KIND, gettext_lazy("How useful was the visit for your work?")),
    (RATING_KIND, gettext_lazy("How open were the host’s answers?")),
    (RATING_KIND, gettext_lazy("How well organized was the day?")),
    (TEXT_KIND, gettext_lazy("What will you put into practice in your company?")),
    (TEXT_KIND, gettext_lazy("What should we improve next time?")),
]


@dataclass(frozen=True)
class QuestionResult:
    """The answers to one question; ratings and texts are empty while `is_shown` is false."""

    question: FeedbackQuestion
    count: int
    is_shown: bool
    rating_counts: Mapping[int, int]
    texts: list[str]

    @property
    def bars(self) -> BarChart:
        """Return the number of answers by rating as a chart, the best rating first."""
        rows = [ChartBar(str(rating), self.rating_counts.get(rating, 0)) for rating in range(5, 0, -1)]
        return BarChart(self.question.localized_text, rows, _("Rating"), _("Answers"))

    @property
    def average(self) -> float | None:
        """Return the mean rating, None without ratings."""
        total = sum(self.rating_counts.values())
        return sum(rating * times for rating, times in self.rating_counts.items()) / total if total else None


@transaction.atomic
def add_default_questions(*, visit: Visit) -> int:
    """Add the default questions to a visit without questions; return how many were added."""
    # A double click must not add the questions twice.
    if visit.feedback_questions.exists():
        return 0
    rows = []
    for position, (kind, text) in enumerate(DEFAULT_QUESTIONS):
        # Stored in both languages, as organizers may edit each.
        with translation.override("fr"):
            french = str(text)
        with translation.override("en"):
            english = str(text)
        rows.append(FeedbackQuestion(visit=visit, position=position, kind=kind, text=french, text_en=english))
    FeedbackQuestion.objects.bulk_create(rows)
    record_action("feedback.ask", visit, event=visit.event)
    return len(rows)


@transaction.atomic
def save_feedback(*, application: Application, answers: Mapping[int, int | str | None]) -> int:
    """Replace the answers by question id; an empty answer deletes it. Return how many were saved.

    Raise NotOpenNow if the applicant was not present.
    """
    if not was_present(application):
        raise NotOpenNow(_("These questions are for people who attended the visit."))
    saved_count = 0
    # An answer to a question that was removed meanwhile is left out.
    for question in application.visit.feedback_questions.filter(pk__in=answers):
        answer = answers[question.pk]
        rows = FeedbackAnswer.objects.filter(question=question, application=application)
        # Deleted and not stored empty: an empty answer would count towards `MIN_ANSWERS_SHOWN`.
        if answer in (None, ""):
            rows.delete()
            continue
        is_rating = question.kind == RATING_KIND
        values = {"rating": answer if is_rating else None, "text": "" if is_rating else answer}
        FeedbackAnswer.objects.update_or_create(
            question=question, application=application, defaults={**values, "answered_at": timezone.now()}
        )
        saved_count += 1
    record_action("feedback.answer", application, event=application.visit.event)
    return saved_count


def list_results(visit: Visit) -> list[QuestionResult]:
    """Return the result of each question in order."""
    results = []
    for question in visit.feedback_questions.prefetch_related("answers"):
        answers = list(question.answers.all())
        # Withheld here and not only in the template, so that no other page or export can show them.
        is_shown = len(answers) >= MIN_ANSWERS_SHOWN
        rating_counts = Counter(answer.rating for answer in answers if answer.rating) if is_shown else {}
        # Sorted by their text: the order of answering would tell who wrote which.
        texts = sorted(answer.text for answer in answers if answer.text) if is_shown else []
        results.append(QuestionResult(question, len(answers), is_shown, rating_counts, texts))
    return results
