"""Ask: the questions of an event are read, written, moved, and removed while nobody has answered."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.audit.record import record
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.reorder import reorder

from .answered import times_chosen
from .models import ConsentText, Option, Question, Registration, Ticket

OTHER_LOOK = gettext_lazy("Some fields need another look.")
SAID = ("text", "text_en", "help", "help_en")
"""What a consent says: whoever changes it asks anew."""
Kind = Question.Kind
BECOMES = {
    Kind.TEXT: {Kind.PARAGRAPH},
    Kind.CHOICE: {Kind.CHOICES, Kind.DIET},
    Kind.CHOICES: {Kind.DIET},
    Kind.DIET: {Kind.CHOICES},
}
"""Kinds that an answered question may turn into: what was answered stays an answer."""
APART = 10
"""Between the positions of two questions, so that one may be written between them."""


class QuestionAnswered(ConventionError):
    """Somebody answered this question."""

    kind = "question-answered"
    status = 409


def questions_of(event: Event) -> list[Question]:
    """All of the event's questions in order, with their tickets and options, in three reads."""
    rows = Question.objects.filter(event=event).select_related("shown_if")
    tickets = Prefetch("tickets", Ticket.objects.only("pk", "slug", "name", "name_en", "event"))
    return list(rows.prefetch_related(tickets, "options"))


@transaction.atomic
def save_question(
    *, question: Question, tickets: Iterable[Ticket], options: Sequence[Option], changed: list[str]
) -> Question:
    """Keep a new or changed question with its tickets and its options, in this order.

    A consent whose words changed gets a new version, asked of everybody anew. Raises InvalidFields where an
    option that somebody chose would be gone or smaller than what is taken, or what was answered would be
    no answer any more.
    """
    is_new = question.pk is None
    if not is_new:
        _refuse_other(question, Question.objects.select_for_update(of=("self",)).get(pk=question.pk))
    if not is_new and question.kind == Question.Kind.CONSENT and set(SAID) & set(changed):
        question.version += 1
    question.save()
    question.tickets.set(tickets)
    _keep_options(question, options)
    if question.kind == Question.Kind.CONSENT:
        words = {name: getattr(question, name) for name in SAID}
        ConsentText.objects.get_or_create(question=question, version=question.version, defaults=words)
    verb = "question.create" if is_new else "question.change"
    record(verb, question, event=question.event, fields=changed)
    return question


def _refuse_other(question: Question, was: Question) -> None:
    """Answers stand under the short name, and are of the kind that was asked for."""
    times = Registration.objects.filter(event=was.event_id, answers__has_key=was.slug).count()
    found = {}
    if question.slug != was.slug:
        found["slug"] = [_times_answered(times, _("its short name stays “%(slug)s”.") % {"slug": was.slug})]
    if question.kind not in {was.kind, *BECOMES.get(Kind(was.kind), ())}:
        stays = _("its kind stays “%(kind)s”. Ask another question instead.")
        found["kind"] = [_times_answered(times, stays % {"kind": was.get_kind_display()})]
    if times and found:
        raise InvalidFields(OTHER_LOOK, found)


def _times_answered(times: int, rest: str) -> str:
    sentence = ngettext(
        "%(times)d person answered this question: %(rest)s",
        "%(times)d people answered this question: %(rest)s",
        times,
    )
    return sentence % {"times": times, "rest": rest}


def _keep_options(question: Question, options: Sequence[Option]) -> None:
    standing = {option.slug: option for option in question.options.select_for_update()}
    wanted = {option.slug: option for option in options if question.has_options}
    chosen = times_chosen(question) if standing else Counter()
    for slug in standing.keys() - wanted.keys():
        _refuse_removal(standing[slug], chosen[slug])
    question.options.exclude(slug__in=wanted).delete()
    for position, option in enumerate(wanted.values()):
        if option.capacity is not None and option.capacity < chosen[option.slug]:
            raise InvalidFields(OTHER_LOOK, {"options": [_too_few(option, chosen[option.slug])]})
        option.taken = 0 if option.capacity is None else chosen[option.slug]
        words = {name: getattr(option, name) for name in ("text", "text_en", "capacity", "taken")}
        Option.objects.update_or_create(
            question=question, slug=option.slug, defaults={**words, "position": position}
        )


def _refuse_removal(option: Option, times: int) -> None:
    if times:
        sentence = ngettext(
            "“%(option)s” was chosen by %(times)d person; it cannot be removed.",
            "“%(option)s” was chosen by %(times)d people; it cannot be removed.",
            times,
        )
        said = sentence % {"option": option.title, "times": times}
        raise InvalidFields(OTHER_LOOK, {"options": [said]})
    if option.followed_by.exists():
        said = _("Another question is asked after “%(option)s”; change that one first.")
        raise InvalidFields(OTHER_LOOK, {"options": [said % {"option": option.title}]})


def _too_few(option: Option, times: int) -> str:
    sentence = ngettext(
        "“%(option)s” was chosen by %(times)d person; there cannot be fewer places.",
        "“%(option)s” was chosen by %(times)d people; there cannot be fewer places.",
        times,
    )
    return sentence % {"option": option.title, "times": times}


@transaction.atomic
def move_question(*, question: Question, steps: int) -> None:
    """Ask a question earlier (negative steps) or later; past the end it stays at the end."""
    Event.objects.select_for_update().get(pk=question.event_id)
    rows = [*Question.objects.filter(event=question.event)]
    reorder(rows, question, steps=steps, apart=APART)
    Question.objects.bulk_update(rows, ["position"])
    record("question.move", question, event=question.event, fields=["position"])


@transaction.atomic
def remove_question(*, question: Question) -> None:
    """Remove one that nobody answered and on which no other hangs. Raises QuestionAnswered."""
    if Registration.objects.filter(event=question.event, answers__has_key=question.slug).exists():
        raise QuestionAnswered(
            _("“%(question)s” was answered; it cannot be removed. Ask it of no ticket on sale instead.")
            % {"question": question.title}
        )
    if Question.objects.filter(shown_if__question=question).exists():
        raise QuestionAnswered(
            _("Another question is asked after “%(question)s”; remove that one first.")
            % {"question": question.title}
        )
    record("question.remove", question, event=question.event)
    question.delete()
