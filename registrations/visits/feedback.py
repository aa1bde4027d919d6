"""Ask those who were there, take their answers, and count them where enough have answered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.record import record
from convention.charts import Bar, Bars
from convention.errors import Closed

from .models import Application, FeedbackAnswer, FeedbackQuestion, Visit
from .presence import was_there

FEWEST: Final = 3
"""Fewer answers are not shown: nobody is to be told apart."""
RATING, TEXT = FeedbackQuestion.Kind.RATING, FeedbackQuestion.Kind.TEXT
USUAL: Final = [
    (RATING, gettext_lazy("How useful was the visit for your work?")),
    (RATING, gettext_lazy("How openly did the host answer?")),
    (RATING, gettext_lazy("How well was the day organized?")),
    (TEXT, gettext_lazy("What will you take up in your company?")),
    (TEXT, gettext_lazy("What should we do better next time?")),
]


@dataclass(frozen=True)
class Result:
    """What came back to one question; without marks and texts where too few answered."""

    question: FeedbackQuestion
    count: int
    marks: Mapping[int, int]
    texts: list[str]

    @property
    def is_shown(self) -> bool:
        """Whether enough have answered."""
        return self.count >= FEWEST

    @property
    def bars(self) -> Bars:
        """How often each mark was given, the best first."""
        rows = [Bar(str(mark), self.marks.get(mark, 0)) for mark in range(5, 0, -1)]
        return Bars(self.question.words, rows, _("Mark"), _("answers"))

    @property
    def average(self) -> float | None:
        """The mean of the marks; None where there are none to show."""
        total = sum(self.marks.values())
        return sum(mark * times for mark, times in self.marks.items()) / total if total else None


@transaction.atomic
def ask_usual(*, visit: Visit) -> int:
    """Add the usual questions to a visit that has none yet; how many were added."""
    if visit.feedback_questions.exists():
        return 0
    rows = []
    for position, (kind, text) in enumerate(USUAL):
        with translation.override("fr"):
            french = str(text)
        with translation.override("en"):
            english = str(text)
        rows.append(FeedbackQuestion(visit=visit, position=position, kind=kind, text=french, text_en=english))
    FeedbackQuestion.objects.bulk_create(rows)
    record("feedback.ask", visit, event=visit.event)
    return len(rows)


@transaction.atomic
def answer_feedback(*, application: Application, answers: Mapping[int, int | str | None]) -> int:
    """Keep the answers by question, in place of earlier ones; an empty one takes it back. How many stand.

    Raises Closed for whoever was not there.
    """
    if not was_there(application):
        raise Closed(_("These questions are for those who were there."))
    questions = {one.pk: one for one in application.visit.feedback_questions.all()}
    kept = 0
    for pk, given in answers.items():
        question = questions[pk]
        rows = FeedbackAnswer.objects.filter(question=question, application=application)
        if given in (None, ""):
            rows.delete()
            continue
        is_mark = question.kind == RATING
        values = {"mark": given if is_mark else None, "text": "" if is_mark else given}
        FeedbackAnswer.objects.update_or_create(
            question=question, application=application, defaults={**values, "answered_at": timezone.now()}
        )
        kept += 1
    record("feedback.answer", application, event=application.visit.event)
    return kept


def results_of(visit: Visit) -> list[Result]:
    """What came back to each question, in the order in which they are asked."""
    found = []
    for question in visit.feedback_questions.prefetch_related("answers"):
        answers = list(question.answers.all())
        enough = len(answers) >= FEWEST
        marks = Counter(one.mark for one in answers if one.mark) if enough else {}
        texts = sorted(one.text for one in answers if one.text) if enough else []
        found.append(Result(question, len(answers), marks, texts))
    return found
