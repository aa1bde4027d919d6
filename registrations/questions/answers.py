"""Decide which questions an attendee is asked, check the answers, and describe stored ones.

Nothing here reads the database: questions come with their tickets and options loaded (`queries.py`).
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from convention.text.dates import format_date
from convention.text.normalize import normalize_whitespace
from convention.text.validators import find_length_error
from registrations.models import Order, Question, QuestionOption, Registration, Ticket

# Answers as typed or sent, by the questions' slugs: a text, a list of texts, or true.
type GivenAnswers = Mapping[str, Any]

MAX_LINE_LENGTH, MAX_PARAGRAPH_LENGTH = 300, 3000
# A request body could name hundreds of thousands of unknown questions.
MAX_UNKNOWN_QUESTIONS = 20
# What forms and programs send for a ticked box.
YES_VALUES = ("yes", "true", "on", "1", True)


@dataclass
class CheckedAnswers:
    """Accepted answers by slug, and errors as (field, sentence)."""

    accepted: dict[str, Any] = field(default_factory=dict)
    field_errors: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class AnswerContext:
    """The moment, the names of uploaded files by token, and the earlier answers that a check needs."""

    answered_at: datetime.datetime
    file_names: Mapping[str, str] = field(default_factory=dict)
    earlier_answers: Mapping[str, Any] = field(default_factory=dict)
    # While the storage is full, a required file must not prevent people from registering.
    can_store_files: bool = True


def select_asked_questions(
    questions: Iterable[Question], ticket: Ticket, given: GivenAnswers
) -> list[Question]:
    """Return the questions for a ticket's holder, in order; conditional ones once their option is chosen."""
    shown: dict[int, Question] = {}
    asked = [question for question in questions if not question.is_hidden]
    pending = [question for question in asked if _is_for_ticket(question, ticket)]
    # Conditions can be nested and in any order: repeat until no question is added.
    is_growing = True
    while is_growing:
        ready = [q for q in pending if q.pk not in shown and _is_condition_met(q, shown, given)]
        shown |= {question.pk: question for question in ready}
        is_growing = bool(ready)
    return [question for question in pending if question.pk in shown]


def select_unanswered_questions(
    questions: Iterable[Question], ticket: Ticket, given: GivenAnswers
) -> list[Question]:
    """Return required questions without an answer; a consent has to be to the current text."""
    required = (
        question for question in select_asked_questions(questions, ticket, given) if question.is_required
    )
    return [question for question in required if not _answers_question(question, given.get(question.slug))]


def select_outdated_consents(
    questions: Iterable[Question], ticket: Ticket, given: GivenAnswers
) -> list[Question]:
    """Return consents that were given to an earlier text, required or not."""
    consents = (
        question
        for question in select_asked_questions(questions, ticket, given)
        if question.kind == Question.Kind.CONSENT
    )
    return [
        question
        for question in consents
        if is_answer_given(given.get(question.slug)) and not _answers_question(question, given[question.slug])
    ]


def select_open_questions(
    questions: Iterable[Question], ticket: Ticket, given: GivenAnswers
) -> list[Question]:
    """Return the questions to ask again: required and unanswered ones, and outdated consents."""
    questions = list(questions)
    open_questions = [
        *select_unanswered_questions(questions, ticket, given),
        *select_outdated_consents(questions, ticket, given),
    ]
    return [question for question in questions if question in open_questions]


def select_unasked_questions(questions: Iterable[Question], registration: Registration) -> list[Question]:
    """Return the questions that the attendee was never asked, without those of `select_open_questions`.

    Neither an offer of the waiting list nor the page on which a place is given to a colleague asks them.
    """
    is_from_waiting_list = registration.order.source == Order.Source.WAITING_LIST
    if registration.answers or not (is_from_waiting_list or registration.holder_count > 1):
        return []
    questions = list(questions)
    open_questions = select_open_questions(questions, registration.ticket, registration.answers)
    asked = select_asked_questions(questions, registration.ticket, registration.answers)
    return [question for question in asked if question not in open_questions]


def select_hidden_questions(questions: Iterable[Question]) -> list[Question]:
    """Return the questions that are no longer asked, and those that depend on one of their options."""
    hidden: dict[int, Question] = {}
    is_growing = True
    while is_growing:
        found = [
            question
            for question in questions
            if question.pk not in hidden
            and (
                question.is_hidden
                or (question.shown_after_option and question.shown_after_option.question_id in hidden)
            )
        ]
        hidden |= {question.pk: question for question in found}
        is_growing = bool(found)
    return list(hidden.values())


def is_answer_given(stored: Any) -> bool:
    """Return whether a stored answer has a value; a withdrawn consent is only a record."""
    return bool(stored) and not (
        isinstance(stored, Mapping) and "file" not in stored and "version" not in stored
    )


def _answers_question(question: Question, stored: Any) -> bool:
    if question.kind == Question.Kind.CONSENT:
        return isinstance(stored, Mapping) and stored.get("version") == question.version
    return bool(stored)


def _is_for_ticket(question: Question, ticket: Ticket) -> bool:
    # A question without tickets is for all of them.
    tickets = question.list_tickets()
    return not tickets or ticket in tickets


def _is_condition_met(question: Question, shown: Mapping[int, Question], given: GivenAnswers) -> bool:
    if question.shown_after_option_id is None:
        return True
    earlier_question = question.shown_after_option and shown.get(question.shown_after_option.question_id)
    return bool(
        earlier_question
        and question.shown_after_option
        and question.shown_after_option.slug in extract_texts(given.get(earlier_question.slug))
    )


def extract_texts(value: Any) -> list[str]:
    """Return the normalized texts of an answer; other types are ignored."""
    values = value if isinstance(value, list | tuple) else [value]
    return [text for text in (normalize_whitespace(v) for v in values if isinstance(v, str)) if text]


def check_answers(
    questions: Iterable[Question], ticket: Ticket, given: GivenAnswers, context: AnswerContext
) -> CheckedAnswers:
    """Check one attendee's answers; errors name their fields as `answers.SLUG`.

    Answers to questions that are not asked of this attendee are dropped, those to unknown questions refused.
    Earlier answers to questions that are no longer asked stay.
    """
    questions = list(questions)
    answers = CheckedAnswers()
    for question in select_asked_questions(questions, ticket, given):
        _check_answer(question, given.get(question.slug), context, answers)
    # Nobody was shown these, so a form without them does not withdraw the earlier answer.
    for question in select_hidden_questions(questions):
        if (earlier_answer := context.earlier_answers.get(question.slug)) is not None:
            answers.accepted[question.slug] = earlier_answer
    known_slugs = {question.slug for question in questions}
    # Refused rather than ignored: a program with a misspelt slug would lose answers without noticing.
    unknown = islice((slug for slug in given if slug not in known_slugs), MAX_UNKNOWN_QUESTIONS)
    answers.field_errors += [
        (f"answers.{slug}"[:100], _("This question does not exist.")) for slug in unknown
    ]
    return answers


def _check_answer(question: Question, value: Any, context: AnswerContext, answers: CheckedAnswers) -> None:
    try:
        answer = _ANSWER_READERS[Question.Kind(question.kind)](question, value, context)
    except InvalidAnswer as error:
        answers.field_errors.append((f"answers.{question.slug}", str(error)))
        return
    if answer:
        answers.accepted[question.slug] = answer
    can_answer = context.can_store_files or question.kind != Question.Kind.FILE
    if question.is_required and can_answer and not _answers_question(question, answer):
        answers.field_errors.append((f"answers.{question.slug}", _describe_missing(question)))


class InvalidAnswer(Exception):
    """An answer is refused; the message is a sentence for the attendee."""


def _describe_missing(question: Question) -> str:
    if question.kind == Question.Kind.CONSENT:
        return _("You must agree to this to continue.")
    if question.has_options:
        return _("Choose an answer.")
    return _("Please answer this question.")


def _read_line(_question: Question, value: Any, _context: AnswerContext) -> str:
    return _require_length(_require_text(value), MAX_LINE_LENGTH)


def _read_paragraph(_question: Question, value: Any, _context: AnswerContext) -> str:
    # Line by line: normalizing the whole text would remove its line breaks. Browsers send CRLF.
    lines = _require_text(value).replace("\r\n", "\n").split("\n")
    return _require_length(
        "\n".join(normalize_whitespace(line) for line in lines).strip(), MAX_PARAGRAPH_LENGTH
    )


def _require_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return normalize_whitespace(value or "") if value is None or "\n" not in value else value
    raise InvalidAnswer(_("The answer must be text."))


def _require_length(text: str, max_length: int) -> str:
    if sentence := find_length_error(text, max_length):
        raise InvalidAnswer(sentence)
    return text


def _read_choice(question: Question, value: Any, context: AnswerContext) -> str:
    chosen = _read_choices(question, value, context)
    if len(chosen) > 1:
        raise InvalidAnswer(_("Choose one answer only."))
    return chosen[0] if chosen else ""


def _read_choices(question: Question, value: Any, _context: AnswerContext) -> list[str]:
    options = {option.slug for option in question.list_options()}
    chosen = list(dict.fromkeys(extract_texts(value)))
    if any(slug not in options for slug in chosen):
        raise InvalidAnswer(_("This answer is not one of the choices."))
    return chosen


def _read_date(_question: Question, value: Any, _context: AnswerContext) -> str:
    text = _require_text(value)
    try:
        return datetime.date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise InvalidAnswer(_("Enter the date as year-month-day, for example 2027-06-16.")) from None


def _read_file(_question: Question, value: Any, context: AnswerContext) -> dict[str, str] | None:
    token = value.get("file", "") if isinstance(value, Mapping) else _require_text(value)
    if not token:
        return None
    if not isinstance(token, str) or token not in context.file_names:
        raise InvalidAnswer(_("This file is no longer available. Please choose it again."))
    return {"file": token, "name": context.file_names[token]}


def _read_consent(question: Question, value: Any, context: AnswerContext) -> dict[str, Any] | None:
    if isinstance(value, Mapping):
        value = value.get("version") == question.version
    earlier_answer, at = context.earlier_answers.get(question.slug), context.answered_at
    if value not in YES_VALUES:
        return withdraw_consent(earlier_answer, at=at)
    if isinstance(earlier_answer, Mapping) and earlier_answer.get("version") == question.version:
        # Unchanged: the time when it was given is part of the proof.
        return dict(earlier_answer)
    # A consent to an older text stays on record when the new text is agreed to.
    earlier = (withdraw_consent(earlier_answer, at=at) or {}).get("earlier", [])
    consent = {"version": question.version, "at": _format_time(at)}
    return {**consent, "earlier": earlier} if earlier else consent


def withdraw_consent(before: Any, *, at: datetime.datetime) -> dict[str, Any] | None:
    """Return the record that remains of a consent: which text was agreed to, and until when.

    It proves that there was a consent when the data were used (GDPR, article 7).
    """
    if not isinstance(before, Mapping):
        return None
    earlier = list(before.get("earlier", []))
    if "version" in before:
        earlier.append({"version": before["version"], "at": before.get("at"), "until": _format_time(at)})
    return {"earlier": earlier}


def merge_answers(replaced: Any, copied: Any, *, at: datetime.datetime) -> Any:
    """Return the second answer, with the record of the first one's consent, when registrations merge."""
    if not isinstance(replaced, Mapping) or not isinstance(copied, Mapping) or "file" in replaced:
        return copied
    earlier = [*(withdraw_consent(replaced, at=at) or {}).get("earlier", []), *copied.get("earlier", [])]
    return {**copied, "earlier": earlier} if earlier else dict(copied)


def _format_time(at: datetime.datetime) -> str:
    return at.isoformat(timespec="seconds")


_ANSWER_READERS = {
    Question.Kind.TEXT: _read_line,
    Question.Kind.PARAGRAPH: _read_paragraph,
    Question.Kind.CHOICE: _read_choice,
    Question.Kind.CHOICES: _read_choices,
    Question.Kind.DIET: _read_choices,
    Question.Kind.DATE: _read_date,
    Question.Kind.FILE: _read_file,
    Question.Kind.CONSENT: _read_consent,
}


def count_limited_options(questions: Iterable[Question], answers: GivenAnswers) -> Counter[QuestionOption]:
    """Return how often stored answers choose each option with limited places."""
    counted: Counter[QuestionOption] = Counter()
    for question in questions:
        chosen = extract_texts(answers.get(question.slug)) if question.has_options else []
        # Options without a limit are not counted, so that their rows are never locked.
        limited = [option for option in question.list_options() if option.capacity is not None]
        counted.update(option for option in limited if option.slug in chosen)
    return counted


def describe_answer(question: Question, stored: Any) -> str:
    """Return a stored answer in words, in the current language."""
    if question.has_options:
        titles = {option.slug: option.title for option in question.list_options()}
        return ", ".join(titles.get(slug, slug) for slug in extract_texts(stored))
    if isinstance(stored, Mapping):
        return str(stored["name"]) if "file" in stored else _describe_consent(stored)
    if question.kind == Question.Kind.DATE and isinstance(stored, str):
        return _describe_day(stored)
    return str(stored or "")


def _describe_consent(stored: Mapping[str, Any]) -> str:
    if "version" in stored:
        return _("agreed (text %(version)s)") % {"version": stored["version"]}
    return _("agreement withdrawn (text %(version)s)") % {"version": stored["earlier"][-1]["version"]}


def _describe_day(stored: str) -> str:
    try:
        return format_date(datetime.date.fromisoformat(stored))
    except ValueError:
        return stored


def format_answer_cell(question: Question, stored: Any) -> str:
    """Return a stored answer for a downloaded list; dates stay in ISO 8601, for spreadsheets."""
    return str(stored or "") if question.kind == Question.Kind.DATE else describe_answer(question, stored)


def describe_answers(questions: Iterable[Question], answers: GivenAnswers) -> Iterator[tuple[Question, str]]:
    """Yield each answered question with the answer in words."""
    for question in questions:
        if answers.get(question.slug):
            yield question, describe_answer(question, answers[question.slug])
