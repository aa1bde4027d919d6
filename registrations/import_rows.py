"""Rows of a list to import: which column is which, and what is wrong with each row. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.addresses import folded
from convention.bad_rows import BadRows
from convention.cells import NO, YES, about_cells, address_of, day_of
from convention.columns import split_name
from convention.tables import Table
from convention.text import fold, tidy

from .checks import about_spelling
from .import_columns import ASKS, LABELS
from .models import Addon, Option, Question, Ticket
from .order_request import Place

LONGEST_ORDER = 60
SEPARATOR = re.compile(r"\s*[,;]\s*")
SAME_EMAIL = gettext_lazy("The e-mail is the same as in row %(first)d.")


@dataclass(frozen=True)
class Row:
    """One person of the list; `number` is the file's, `place.ticket` the slug, default or named.

    `place.answers` holds what the questions' columns say. `says_photo` tells whether a cell said anything
    about photographs.
    """

    number: int
    place: Place
    names_ticket: bool
    reference: str = ""
    purchase_order: str = ""
    says_photo: bool = False


@dataclass(frozen=True)
class Offered:
    """What an event has that a list may name."""

    tickets: Sequence[Ticket]
    addons: Sequence[Addon] = ()
    questions: Sequence[Question] = ()

    @cached_property
    def ticket_names(self) -> dict[str, str]:
        """Slugs of tickets by their names."""
        return named(self.tickets)

    @cached_property
    def addon_names(self) -> dict[str, str]:
        """Slugs of add-ons by their names."""
        return named(self.addons)

    @cached_property
    def option_names(self) -> dict[int, dict[str, str]]:
        """Slugs of options by their names, by question."""
        return {one.pk: named(one.options.all()) for one in self.questions if one.has_options}

    def ticket_named(self, text: str) -> str:
        """The slug of the ticket of that name, the default one's where none is named; empty for another."""
        if text:
            return self.ticket_names.get(fold(text), "")
        default = next((t.slug for t in self.tickets if t.is_default), "")
        return default or (self.tickets[0].slug if len(self.tickets) == 1 else "")


def named(wares: Iterable[Ticket | Addon | Option]) -> dict[str, str]:
    """Slugs by each name that a cell may say."""
    found: dict[str, str] = {}
    for one in reversed(list(wares)):
        words = (one.text_en, one.text) if isinstance(one, Option) else (one.name_en, one.name)
        found |= {fold(word): one.slug for word in (*words, one.slug) if word}
    return found


def read_rows(table: Table, columns: dict[str, int], offered: Offered) -> list[Row]:
    """Every row, tidied, its ticket, add-ons and options by slug. Raises BadRows naming each error."""
    rows, errors, seen = [], [], dict[str, int]()
    for number, cells in table.rows:
        values = {name: tidy(cells[index]) for name, index in columns.items() if index < len(cells)}
        row, wrong = _read(number, values, offered)
        errors += [(number, sentence) for sentence in wrong]
        key = row.reference or folded(row.place.email)
        first = seen.setdefault(key, number) if key else number
        if first != number:
            sentence = _("The reference is the same as in row %(first)d.") if row.reference else SAME_EMAIL
            errors.append((number, str(sentence) % {"first": first}))
        rows.append(row)
    if errors:
        raise BadRows(errors)
    return rows


def _read(number: int, values: dict[str, str], offered: Offered) -> tuple[Row, list[str]]:
    first, last = split_name(values.get("full_name", ""))
    place = Place(
        ticket=values.get("ticket", ""),
        first_name=values.get("first_name") or ("" if values.get("last_name") else first),
        last_name=values.get("last_name") or ("" if values.get("first_name") else last),
        email=address_of(values.get("email", "")),
        company=values.get("company", ""),
        no_photo=fold(values.get("no_photo", "")) in YES,
        addons=tuple(_several(values.get("addons", ""), offered.addon_names)),
        answers=_answers(values, offered),
    )
    slug = offered.ticket_named(place.ticket)
    reference = values.get("reference", "").upper()
    wrong = [*about_cells(values), *_about(place, slug, reference)]
    if (said := fold(values.get("no_photo", ""))) and said not in YES | NO:
        wrong.append(_("“%(text)s” does not say yes or no.") % {"text": said[:40]})
    order = values.get("purchase_order", "")
    if len(order) > LONGEST_ORDER:
        wrong.append(_("The purchase order is longer than %(most)d characters.") % {"most": LONGEST_ORDER})
    row = Row(number, replace(place, ticket=slug), bool(place.ticket), reference, order, bool(said))
    return row, wrong


def _answers(values: dict[str, str], offered: Offered) -> dict[str, object]:
    """What the cells answer; an empty one says nothing."""
    given: dict[str, object] = {}
    for question in offered.questions:
        if text := values.get(f"{ASKS}{question.slug}", ""):
            options = offered.option_names.get(question.pk)
            given[question.slug] = _dated(question, text) if options is None else _several(text, options)
    return given


def _several(text: str, slugs: dict[str, str]) -> list[str]:
    """The slugs of what a cell lists; a title may hold a comma itself. What is unknown stays as typed."""
    if not text or fold(text) in slugs:
        return [slugs[fold(text)]] if text else []
    found, kept = list[str](), ""
    for part in SEPARATOR.split(text):
        kept = f"{kept}, {part}" if kept else part
        if fold(kept) in slugs:
            found.append(slugs[fold(kept)])
            kept = ""
    return [*found, kept] if kept else found


def _dated(question: Question, text: str) -> str:
    """16/06/2027 as 2027-06-16, where a date is asked."""
    day = day_of(text) if question.kind == Question.Kind.DATE else None
    return day.isoformat() if day else text


def doubts(table: Table, columns: dict[str, int]) -> list[tuple[int, str]]:
    """What is odd about rows that are taken all the same."""
    names = [columns[name] for name in ("first_name", "full_name") if name in columns]
    rows = []
    for number, cells in table.rows:
        if max(columns.values()) >= len(cells):
            rows.append((number, _("The row has fewer cells than there are columns.")))
        if not any(tidy("".join(cells[index : index + 1])) for index in names):
            rows.append((number, _("There is no first name.")))
    return rows


def _about(place: Place, slug: str, reference: str) -> Iterator[str]:
    """One name is enough here: lists hold people who have only one, and a reference says who it is."""
    name = place.first_name or place.last_name or reference
    if not name:
        yield _("Write a name.")
    both: dict[str, Any] = {
        "first_name": place.first_name or name or "–",
        "last_name": place.last_name or name or "–",
    }
    for field, sentence in about_spelling(replace(place, **both)):
        yield _("%(field)s: %(sentence)s") % {"field": LABELS[field], "sentence": sentence}
    if not slug and place.ticket:
        yield _("There is no ticket “%(ticket)s”.") % {"ticket": place.ticket[:60]}
    elif not slug and not reference:
        yield _("Name a ticket: this event has no default one.")
