"""What one person answers: which questions are asked, what is wrong, and what is kept of it.

Decisions without a database, on questions that were read with their tickets and options.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from convention.dates import say_day
from convention.text import tidy

from .models import Option, Question, Ticket

type Given = Mapping[str, Any]
"""Answers as typed or sent, by the questions' slugs: a text, a list of texts, or true."""

LINE, PARAGRAPH = 300, 3000
MAX_COMPLAINTS = 20
"""About questions that there are not: a body may name hundreds of thousands."""
YES = ("yes", "true", "on", "1", True)


@dataclass
class Answers:
    """What is kept of one person's answers, and the sentences about what is wrong."""

    kept: dict[str, Any] = field(default_factory=dict)
    wrong: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Around:
    """What a judgement needs besides: the moment, names of files sent in by token, and earlier answers."""

    at: datetime.datetime
    files: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    takes_files: bool = True
    """Whether a file can be stored; where none can, none has to be sent."""


def asked(questions: Iterable[Question], ticket: Ticket, given: Given) -> list[Question]:
    """The questions for a ticket's holder, in order; one that follows a choice only once that was made."""
    shown: dict[int, Question] = {}
    pending = [question for question in questions if _is_for(question, ticket)]
    grows = True
    while grows:
        ready = [q for q in pending if q.pk not in shown and _follows(q, shown, given)]
        shown |= {question.pk: question for question in ready}
        grows = bool(ready)
    return [question for question in pending if question.pk in shown]


def unanswered(questions: Iterable[Question], ticket: Ticket, given: Given) -> list[Question]:
    """The questions that must be answered and are not; a consent counts for its version of the text alone."""
    required = (one for one in asked(questions, ticket, given) if one.is_required)
    return [one for one in required if not _is_answer(one, given.get(one.slug))]


def outdated(questions: Iterable[Question], ticket: Ticket, given: Given) -> list[Question]:
    """The consents that were given to an earlier text than that of now, required or not."""
    consents = (one for one in asked(questions, ticket, given) if one.kind == Question.Kind.CONSENT)
    return [one for one in consents if is_given(given.get(one.slug)) and not _is_answer(one, given[one.slug])]


def still_open(questions: Iterable[Question], ticket: Ticket, given: Given) -> list[Question]:
    """What its holder is asked for anew: what must be answered, and consents to a text that changed."""
    questions = list(questions)
    found = [*unanswered(questions, ticket, given), *outdated(questions, ticket, given)]
    return [question for question in questions if question in found]


def is_given(kept: Any) -> bool:
    """Whether a stored answer says something; one that was taken back only proves what was agreed to."""
    return bool(kept) and not (isinstance(kept, Mapping) and "file" not in kept and "version" not in kept)


def _is_answer(question: Question, kept: Any) -> bool:
    if question.kind == Question.Kind.CONSENT:
        return isinstance(kept, Mapping) and kept.get("version") == question.version
    return bool(kept)


def _is_for(question: Question, ticket: Ticket) -> bool:
    tickets = question.tickets.all()
    return not tickets or ticket in tickets


def _follows(question: Question, shown: Mapping[int, Question], given: Given) -> bool:
    if question.shown_if_id is None:
        return True
    before = question.shown_if and shown.get(question.shown_if.question_id)
    return bool(before and question.shown_if and question.shown_if.slug in texts_of(given.get(before.slug)))


def texts_of(value: Any) -> list[str]:
    """The texts that an answer is made of, tidied; whatever is no text counts for nothing."""
    values = value if isinstance(value, list | tuple) else [value]
    return [text for text in (tidy(v) for v in values if isinstance(v, str)) if text]


def read(questions: Iterable[Question], ticket: Ticket, given: Given, around: Around) -> Answers:
    """Judge one person's answers. Complaints name their fields as `answers.SLUG`.

    Answers to questions that are not asked are dropped; those to questions that there are not are refused.
    """
    questions = list(questions)
    answers = Answers()
    for question in asked(questions, ticket, given):
        _read_one(question, given.get(question.slug), around, answers)
    known = {question.slug for question in questions}
    unknown = islice((slug for slug in given if slug not in known), MAX_COMPLAINTS)
    answers.wrong += [(f"answers.{slug}"[:100], _("There is no such question here.")) for slug in unknown]
    return answers


def _read_one(question: Question, value: Any, around: Around, answers: Answers) -> None:
    try:
        kept = _KINDS[Question.Kind(question.kind)](question, value, around)
    except Wrong as wrong:
        answers.wrong.append((f"answers.{question.slug}", str(wrong)))
        return
    if kept:
        answers.kept[question.slug] = kept
    can_answer = around.takes_files or question.kind != Question.Kind.FILE
    if question.is_required and can_answer and not _is_answer(question, kept):
        answers.wrong.append((f"answers.{question.slug}", _missing(question)))


class Wrong(Exception):
    """A sentence about one answer."""


def _missing(question: Question) -> str:
    if question.kind == Question.Kind.CONSENT:
        return _("This has to be agreed to.")
    if question.has_options:
        return _("Choose an answer.")
    return _("This question must be answered.")


def _text(_question: Question, value: Any, _around: Around) -> str:
    return _within(_only_text(value), LINE)


def _paragraph(_question: Question, value: Any, _around: Around) -> str:
    lines = _only_text(value).replace("\r\n", "\n").split("\n")
    return _within("\n".join(tidy(line) for line in lines).strip(), PARAGRAPH)


def _only_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return tidy(value or "") if value is None or "\n" not in value else value
    raise Wrong(_("This must be a text."))


def _within(text: str, most: int) -> str:
    if len(text) > most:
        raise Wrong(
            _("At most %(most)d characters; this has %(length)d.") % {"most": most, "length": len(text)}
        )
    return text


def _choice(question: Question, value: Any, around: Around) -> str:
    chosen = _choices(question, value, around)
    if len(chosen) > 1:
        raise Wrong(_("Choose one answer only."))
    return chosen[0] if chosen else ""


def _choices(question: Question, value: Any, _around: Around) -> list[str]:
    options = {option.slug for option in question.options.all()}
    chosen = list(dict.fromkeys(texts_of(value)))
    if any(slug not in options for slug in chosen):
        raise Wrong(_("This answer cannot be chosen here."))
    return chosen


def _date(_question: Question, value: Any, _around: Around) -> str:
    text = _only_text(value)
    try:
        return datetime.date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise Wrong(_("Write the date as year-month-day, such as 2027-06-16.")) from None


def _file(_question: Question, value: Any, around: Around) -> dict[str, str] | None:
    token = value.get("file", "") if isinstance(value, Mapping) else _only_text(value)
    if not token:
        return None
    if not isinstance(token, str) or token not in around.files:
        raise Wrong(_("This file is not here any more: choose it again."))
    return {"file": token, "name": around.files[token]}


def _consent(question: Question, value: Any, around: Around) -> dict[str, Any] | None:
    if isinstance(value, Mapping):
        value = value.get("version") == question.version
    before, at = around.before.get(question.slug), around.at
    if value not in YES:
        return taken_back(before, at=at)
    if isinstance(before, Mapping) and before.get("version") == question.version:
        return dict(before)
    earlier = (taken_back(before, at=at) or {}).get("earlier", [])
    now = {"version": question.version, "at": _written(at)}
    return {**now, "earlier": earlier} if earlier else now


def taken_back(before: Any, *, at: datetime.datetime) -> dict[str, Any] | None:
    """What stays of a consent that holds no longer: the proof of which text was agreed to, and how long."""
    if not isinstance(before, Mapping):
        return None
    earlier = list(before.get("earlier", []))
    if "version" in before:
        earlier.append({"version": before["version"], "at": before.get("at"), "until": _written(at)})
    return {"earlier": earlier}


def joined(ours: Any, theirs: Any, *, at: datetime.datetime) -> Any:
    """Their answer in the place of ours, which goes; of our consent the proof stays."""
    if not isinstance(ours, Mapping) or not isinstance(theirs, Mapping) or "file" in ours:
        return theirs
    earlier = [*(taken_back(ours, at=at) or {}).get("earlier", []), *theirs.get("earlier", [])]
    return {**theirs, "earlier": earlier} if earlier else dict(theirs)


def _written(at: datetime.datetime) -> str:
    return at.isoformat(timespec="seconds")


_KINDS = {
    Question.Kind.TEXT: _text,
    Question.Kind.PARAGRAPH: _paragraph,
    Question.Kind.CHOICE: _choice,
    Question.Kind.CHOICES: _choices,
    Question.Kind.DIET: _choices,
    Question.Kind.DATE: _date,
    Question.Kind.FILE: _file,
    Question.Kind.CONSENT: _consent,
}


def limited_options(questions: Iterable[Question], kept: Given) -> Counter[Option]:
    """How many of each option that can run out stored answers chose; the others are not counted."""
    counted: Counter[Option] = Counter()
    for question in questions:
        chosen = texts_of(kept.get(question.slug)) if question.has_options else []
        limited = [option for option in question.options.all() if option.capacity is not None]
        counted.update(option for option in limited if option.slug in chosen)
    return counted


def in_words(question: Question, kept: Any) -> str:
    """A stored answer as people read it, in the language of the moment."""
    if question.has_options:
        titles = {option.slug: option.title for option in question.options.all()}
        return ", ".join(titles.get(slug, slug) for slug in texts_of(kept))
    if isinstance(kept, Mapping):
        return str(kept["name"]) if "file" in kept else _consent_in_words(kept)
    if question.kind == Question.Kind.DATE and isinstance(kept, str):
        return _day_in_words(kept)
    return str(kept or "")


def _consent_in_words(kept: Mapping[str, Any]) -> str:
    if "version" in kept:
        return _("agreed (text %(version)s)") % {"version": kept["version"]}
    return _("agreed no longer (text %(version)s)") % {"version": kept["earlier"][-1]["version"]}


def _day_in_words(kept: str) -> str:
    try:
        return say_day(datetime.date.fromisoformat(kept))
    except ValueError:
        return kept


def in_cell(question: Question, kept: Any) -> str:
    """The same in a list to download: a date as spreadsheets and an import read it."""
    return str(kept or "") if question.kind == Question.Kind.DATE else in_words(question, kept)


def told(questions: Iterable[Question], kept: Given) -> Iterator[tuple[Question, str]]:
    """Each question that was answered, with the answer in words."""
    for question in questions:
        if kept.get(question.slug):
            yield question, in_words(question, kept[question.slug])
