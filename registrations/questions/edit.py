"""Create, change, move and remove an event's questions."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.audit.record import record_action
from convention.db.ordering import move_row
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from registrations.models import ConsentText, Question, QuestionOption, Registration, Ticket

from .statistics import count_option_choices

FIELDS_NEED_CORRECTION = gettext_lazy("Some fields need to be corrected.")
# Fields with the text of a consent; after a change everybody is asked again.
CONSENT_TEXT_FIELDS = ("text", "text_en", "help", "help_en")
Kind = Question.Kind

# Kinds that an answered question can change to, with its answers still valid.
ALLOWED_KIND_CHANGES = {
    Kind.TEXT: {Kind.PARAGRAPH},
    Kind.CHOICE: {Kind.CHOICES, Kind.DIET},
    Kind.CHOICES: {Kind.DIET},
    Kind.DIET: {Kind.CHOICES},
}

# Steps of ten, so that an organizer can type a position between two questions.
POSITION_STEP = 10


class QuestionAnswered(ConventionError):
    """The question has answers, or another one depends on it."""

    kind = "question-answered"
    status = 409


@transaction.atomic
def save_question(
    *, question: Question, tickets: Iterable[Ticket], options: Sequence[QuestionOption], changed: list[str]
) -> Question:
    """Save a question with its tickets and its options, in this order.

    A consent with a changed text gets a new version, which everybody is asked again. Raise InvalidFields if
    a chosen option would be removed or made too small, or if stored answers would become invalid.
    """
    is_new = question.pk is None
    if not is_new:
        _refuse_breaking_change(
            question, Question.objects.select_for_update(of=("self",)).get(pk=question.pk)
        )
    # A new text needs new consent: those who agreed to the old one are asked again.
    if not is_new and question.kind == Question.Kind.CONSENT and set(CONSENT_TEXT_FIELDS) & set(changed):
        question.version += 1
    question.save()
    question.tickets.set(tickets)
    _save_options(question, options)
    if question.kind == Question.Kind.CONSENT:
        words = {name: getattr(question, name) for name in CONSENT_TEXT_FIELDS}
        ConsentText.objects.get_or_create(question=question, version=question.version, defaults=words)
    verb = "question.create" if is_new else "question.change"
    record_action(verb, question, event=question.event, fields=changed)
    return question


def _refuse_breaking_change(question: Question, stored: Question) -> None:
    """Raise InvalidFields if an answered question changes its slug, or its kind incompatibly."""
    # Cancelled registrations count too: their answers are stored under the slug until their retention ends.
    times = Registration.objects.filter(event=stored.event_id, answers__has_key=stored.slug).count()
    errors = {}
    if question.slug != stored.slug:
        errors["slug"] = [
            _describe_times_answered(
                times, _("its short name “%(slug)s” cannot be changed.") % {"slug": stored.slug}
            )
        ]
    if question.kind not in {stored.kind, *ALLOWED_KIND_CHANGES.get(Kind(stored.kind), ())}:
        refusal = _("its kind “%(kind)s” cannot be changed. Add another question instead.")
        errors["kind"] = [_describe_times_answered(times, refusal % {"kind": stored.get_kind_display()})]
    if times and errors:
        raise InvalidFields(FIELDS_NEED_CORRECTION, errors)


def _describe_times_answered(times: int, consequence: str) -> str:
    sentence = ngettext(
        "%(times)d person answered this question: %(rest)s",
        "%(times)d people answered this question: %(rest)s",
        times,
    )
    return sentence % {"times": times, "rest": consequence}


def _save_options(question: Question, options: Sequence[QuestionOption]) -> None:
    stored = {option.slug: option for option in question.options.select_for_update()}
    new_options = {option.slug: option for option in options if question.has_options}
    # Counted under the locks of the options, which bookings need to reserve them.
    chosen = count_option_choices(question) if stored else Counter()
    for slug in stored.keys() - new_options.keys():
        _refuse_option_removal(stored[slug], chosen[slug])
    question.options.exclude(slug__in=new_options).delete()
    for position, option in enumerate(new_options.values()):
        if option.capacity is not None and option.capacity < chosen[option.slug]:
            raise InvalidFields(
                FIELDS_NEED_CORRECTION, {"options": [_describe_too_few_places(option, chosen[option.slug])]}
            )
        # Options without a limit are not counted by bookings; one that gets a limit starts with the true
        # number.
        option.reserved = 0 if option.capacity is None else chosen[option.slug]
        words = {name: getattr(option, name) for name in ("text", "text_en", "capacity", "reserved")}
        QuestionOption.objects.update_or_create(
            question=question, slug=option.slug, defaults={**words, "position": position}
        )


def _refuse_option_removal(option: QuestionOption, times: int) -> None:
    if times:
        sentence = ngettext(
            "“%(option)s” has been chosen by %(times)d person and cannot be removed.",
            "“%(option)s” has been chosen by %(times)d people and cannot be removed.",
            times,
        )
        message = sentence % {"option": option.title, "times": times}
        raise InvalidFields(FIELDS_NEED_CORRECTION, {"options": [message]})
    if option.followed_by.exists():
        message = _("Another question depends on “%(option)s”. Change that question first.")
        raise InvalidFields(FIELDS_NEED_CORRECTION, {"options": [message % {"option": option.title}]})


def _describe_too_few_places(option: QuestionOption, times: int) -> str:
    sentence = ngettext(
        "“%(option)s” has been chosen by %(times)d person, so the number of places cannot be lower.",
        "“%(option)s” has been chosen by %(times)d people, so the number of places cannot be lower.",
        times,
    )
    return sentence % {"option": option.title, "times": times}


@transaction.atomic
def move_question(*, question: Question, steps: int) -> None:
    """Move a question up (negative steps) or down, at most to the end."""
    # The positions of all questions are written: two moves at once would mix their orders.
    Event.objects.select_for_update(no_key=True).get(pk=question.event_id)
    rows = [*Question.objects.filter(event=question.event)]
    move_row(rows, question, steps=steps, spacing=POSITION_STEP)
    Question.objects.bulk_update(rows, ["position"])
    record_action("question.move", question, event=question.event, fields=["position"])


@transaction.atomic
def remove_question(*, question: Question) -> None:
    """Remove a question without answers and dependent questions. Raise QuestionAnswered."""
    if objection := find_removal_objection(question):
        raise QuestionAnswered(objection)
    record_action("question.remove", question, event=question.event)
    question.delete()


def find_removal_objection(question: Question) -> str:
    """Return why a question cannot be removed, or "" if it can be."""
    if Registration.objects.filter(event=question.event, answers__has_key=question.slug).exists():
        sentence = _(
            "“%(question)s” has been answered and cannot be removed. Instead, tick “No longer ask this "
            "question”: the answers stay."
        )
        return sentence % {"question": question.title}
    # The foreign key is RESTRICT: without this check the deletion would fail with a server error.
    if Question.objects.filter(shown_after_option__question=question).exists():
        sentence = _("Another question depends on “%(question)s”. Remove that question first.")
        return sentence % {"question": question.title}
    return ""
