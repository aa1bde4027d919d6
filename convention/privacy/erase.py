"""Erase somebody: names, addresses and answers go; issued invoices, totals and hashes of lists stay."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Closed, ConventionError
from convention.mail import send
from convention.personal import Holding, Subject

from .held import Found, Held, with_names
from .letters import letter
from .mentions import mentions_of
from .models import Case
from .strike import Erased, has_namesake, rows_about, strike, wide_redactor
from .subjects import subject_at, subject_of
from .walk import obstacles, retained_by_law

type Counts = dict[str, dict[str, int]]
"""By table: how many rows are `gone`, `emptied`, `kept`, and kept by `law`."""


class NotSettled(Closed):
    """Something stands that an erasure would break: a place, a debt, a list at a host's."""

    kind = "not-settled"


def subject_of_case(case: Case) -> Subject:
    """Whom a case is about."""
    return subject_of(case.person) if case.person else subject_at(case.email)


@transaction.atomic
def erase(*, case: Case, by: Person | None = None) -> Counts:
    """Do what a case asks for, tell whoever asked, and forget their address.

    Raises NotSettled with all that has to be settled first, and Closed for a case that was answered.
    """
    case = Case.objects.select_for_update(of=("self",)).select_related("person").get(pk=case.pk)
    if case.answered_at or case.kind != Case.Kind.ERASURE:
        raise Closed(_("This request was answered already."))
    subject, address, language = with_names(subject_of_case(case)), case.email, case.language
    with translation.override(language):
        case.retained = [str(sentence) for sentence in retained_by_law(subject)]
    erased, case.counts = forget_rows(subject)
    strike([erased])
    case.mentions = [[one.table, one.column, one.key] for one in mentions_of(wide_redactor([erased]))]
    case.email, case.answer = "", Case.Answer.ERASED
    case.answered_at, case.answered_by = timezone.now(), by
    case.save()
    _answer_the_others(case)
    if address:
        goodbye = letter("erased", address, language, case=case)
        transaction.on_commit(partial(send, goodbye), robust=True)
    return dict(case.counts)


def _answer_the_others(case: Case) -> None:
    """What else the same person asked is answered by the erasure too."""
    if case.person_id:
        others = Case.objects.open().filter(person=case.person_id)
        others.update(answer=case.answer, answered_at=case.answered_at, answered_by=case.answered_by)


@transaction.atomic
def erase_quietly(*, people: Iterable[Person]) -> list[Person]:
    """Erase people whose time is over, without a letter; those in whose way nothing stood.

    Free text is searched once for all of them.
    """
    erased, gone = [], []
    for person in people:
        try:
            with transaction.atomic():
                subject = replace(with_names(subject_of(person)), is_automatic=True)
                one, counts = forget_rows(subject)
        except ConventionError:
            continue
        Case.objects.create(
            kind=Case.Kind.ERASURE,
            person=person,
            answer=Case.Answer.ERASED,
            answered_at=timezone.now(),
            counts=counts,
        )
        erased.append(one)
        gone.append(person)
    strike(erased)
    return gone


@transaction.atomic
def forget(subject: Subject) -> Counts:
    """Leave nothing of somebody but numbers and issued invoices, without a case. Raises NotSettled."""
    erased, counts = forget_rows(with_names(subject))
    strike([erased])
    return counts


def forget_rows(subject: Subject) -> tuple[Erased, Counts]:
    """Remove or empty the rows of a subject with names; `strike` does the rest. Raises NotSettled."""
    if standing := obstacles(subject):
        raise NotSettled(" ".join(str(sentence) for sentence in standing))
    found = Held(subject).found
    erased = Erased(subject, rows_about(found), has_namesake(subject, found))
    counts: Counts = {}
    for one in found:
        of_table = counts.setdefault(one.holding.table, {})
        of_table[one.holding.fate] = of_table.get(one.holding.fate, 0) + one.count
    record("person.erase", subject.person or "address", fields=sorted(counts))
    for one in found:
        _empty(one, subject)
    for one in sorted((one for one in found if one.holding.gone), key=_depth):
        one.rows.delete()
    return erased, counts


def _empty(found: Found, subject: Subject) -> None:
    holding = found.holding
    if holding.forget:
        holding.forget(found.rows, subject)
    if holding.empties:
        _blank(holding, found.rows)


def _blank(holding: Holding, rows: "QuerySet[Any]") -> None:
    fields = [holding.model._meta.get_field(name) for name in holding.empties]
    rows.update(**{field.name: blank(field) for field in fields})


def blank(field: Any) -> Any:
    """What a column holds when it says nothing."""
    if field.null:
        return None
    return field.get_default() if isinstance(field, models.JSONField) else ""


def _depth(found: Found) -> int:
    """What hangs on other rows goes before them."""
    return 0 if found.holding.through else 1
