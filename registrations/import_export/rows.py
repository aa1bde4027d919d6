"""Read the rows of a list to import and find their errors. No database access."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.tables.cells import (
    NO_WORDS,
    YES_WORDS,
    extract_email_address,
    find_cell_errors,
    parse_date_cell,
)
from convention.tables.columns import split_full_name
from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from convention.text.email_addresses import normalize_email
from convention.text.normalize import casefold_text, normalize_whitespace
from registrations.booking.validation import check_person_spelling
from registrations.models import Addon, Question, QuestionOption, Ticket
from registrations.order_request import RequestedPlace

from .columns import ADDON_PREFIX, FIELD_LABELS, QUESTION_PREFIX

MAX_PURCHASE_ORDER_LENGTH = 60
LIST_SEPARATOR = re.compile(r"\s*[,;]\s*")
SAME_EMAIL_ERROR = gettext_lazy("This e-mail address is already used in row %(first)d.")


@dataclass(frozen=True)
class RegistrationRow:
    """One row of the list. `row_number` counts as in the file; `place.ticket` is a slug.

    `place.answers` has the question columns. `has_photo_cell` is true if the row has a value for `no_photo`.
    """

    row_number: int
    place: RequestedPlace
    has_ticket_cell: bool
    reference: str = ""
    purchase_order: str = ""
    has_photo_cell: bool = False


@dataclass(frozen=True)
class ImportCatalog:
    """The tickets, add-ons and questions that a list may name."""

    tickets: Sequence[Ticket]
    addons: Sequence[Addon] = ()
    questions: Sequence[Question] = ()

    @cached_property
    def ticket_slugs(self) -> dict[str, str]:
        """Return slugs by casefolded ticket name."""
        return map_names_to_slugs(self.tickets)

    @cached_property
    def addon_slugs(self) -> dict[str, str]:
        """Return slugs by casefolded add-on name."""
        return map_names_to_slugs(self.addons)

    @cached_property
    def option_slugs(self) -> dict[int, dict[str, str]]:
        """Return slugs by casefolded option name, by question id."""
        return {
            question.pk: map_names_to_slugs(question.list_options())
            for question in self.questions
            if question.has_options
        }

    def find_ticket_slug(self, text: str) -> str:
        """Return the slug of the named ticket, or of the default ticket for an empty text; "" if unknown."""
        if text:
            return self.ticket_slugs.get(casefold_text(text), "")
        default = next((t.slug for t in self.tickets if t.is_default), "")
        return default or (self.tickets[0].slug if len(self.tickets) == 1 else "")


def map_names_to_slugs(items: Iterable[Ticket | Addon | QuestionOption]) -> dict[str, str]:
    """Return slugs by every name a cell may use, casefolded."""
    slugs: dict[str, str] = {}
    # Reversed, so that of two items with the same name the first one wins.
    for item in reversed(list(items)):
        names = (item.text_en, item.text) if isinstance(item, QuestionOption) else (item.name_en, item.name)
        slugs |= {casefold_text(name): item.slug for name in (*names, item.slug) if name}
    return slugs


def read_rows(
    table: ParsedTable, column_indexes: dict[str, int], catalog: ImportCatalog
) -> list[RegistrationRow]:
    """Return every row, normalized, with tickets, add-ons and options by slug. Raise InvalidRows."""
    rows, errors, seen = [], [], dict[str, int]()
    for number, cells in table.rows:
        row, row_errors = _read_row(number, _normalize_cells(cells, column_indexes), catalog)
        errors += [(number, sentence) for sentence in row_errors]
        # The reference identifies a row, else the address. Rows without either may repeat.
        key = row.reference or normalize_email(row.place.email)
        first = seen.setdefault(key, number) if key else number
        if first != number:
            sentence = (
                _("This reference is already used in row %(first)d.") if row.reference else SAME_EMAIL_ERROR
            )
            errors.append((number, str(sentence) % {"first": first}))
        rows.append(row)
    if errors:
        raise InvalidRows(errors)
    return rows


def _normalize_cells(cells: Sequence[str], column_indexes: dict[str, int]) -> dict[str, str]:
    """Return the texts of a row by field; a cell that is missing has none."""
    return {
        name: normalize_whitespace(cells[index])
        for name, index in column_indexes.items()
        if index < len(cells)
    }


def _read_names(cell_values: dict[str, str]) -> tuple[str, str]:
    """Return first and last name; a full name fills in only what the columns for its parts leave empty."""
    first, last = split_full_name(cell_values.get("full_name", ""))
    return (
        cell_values.get("first_name") or ("" if cell_values.get("last_name") else first),
        cell_values.get("last_name") or ("" if cell_values.get("first_name") else last),
    )


def _read_row(
    row_number: int, cell_values: dict[str, str], catalog: ImportCatalog
) -> tuple[RegistrationRow, list[str]]:
    first, last = _read_names(cell_values)
    place = RequestedPlace(
        ticket=cell_values.get("ticket", ""),
        first_name=first,
        last_name=last,
        email=extract_email_address(cell_values.get("email", "")),
        company=cell_values.get("company", ""),
        no_photo=casefold_text(cell_values.get("no_photo", "")) in YES_WORDS,
        addons=tuple(_read_addons(cell_values, catalog)),
        answers=_read_answers(cell_values, catalog),
    )
    slug = catalog.find_ticket_slug(place.ticket)
    # References are base32, in capitals; people retype them in small letters.
    reference = cell_values.get("reference", "").upper()
    errors = [
        *find_cell_errors(cell_values),
        *_check_place(place, slug, reference),
        *_check_addon_cells(cell_values, catalog),
    ]
    if (
        photo_text := casefold_text(cell_values.get("no_photo", ""))
    ) and photo_text not in YES_WORDS | NO_WORDS:
        errors.append(_("“%(text)s” is neither yes nor no.") % {"text": photo_text[:40]})
    purchase_order = cell_values.get("purchase_order", "")
    if len(purchase_order) > MAX_PURCHASE_ORDER_LENGTH:
        errors.append(
            _("The purchase order is longer than %(most)d characters.") % {"most": MAX_PURCHASE_ORDER_LENGTH}
        )
    row = RegistrationRow(
        row_number,
        replace(place, ticket=slug),
        bool(place.ticket),
        reference,
        purchase_order,
        bool(photo_text),
    )
    return row, errors


def _read_addons(cell_values: dict[str, str], catalog: ImportCatalog) -> list[str]:
    """Return the slugs of the add-ons that the row's cells name or say yes to, each once."""
    named = split_list_cell(cell_values.get("addons", ""), catalog.addon_slugs)
    chosen = [slug for slug, text in _list_addon_cells(cell_values, catalog) if text in YES_WORDS]
    return list(dict.fromkeys([*named, *chosen]))


def _list_addon_cells(cell_values: dict[str, str], catalog: ImportCatalog) -> Iterator[tuple[str, str]]:
    """Yield the slug and the casefolded cell of each add-on with a column of its own, but no empty cell."""
    for addon in catalog.addons:
        if text := cell_values.get(f"{ADDON_PREFIX}{addon.slug}", ""):
            yield addon.slug, casefold_text(text)


def _check_addon_cells(cell_values: dict[str, str], catalog: ImportCatalog) -> Iterator[str]:
    titles = {addon.slug: addon.title for addon in catalog.addons}
    for slug, text in _list_addon_cells(cell_values, catalog):
        if text not in YES_WORDS | NO_WORDS:
            sentence = _("“%(text)s” is neither yes nor no.") % {"text": text[:40]}
            yield _("%(field)s: %(sentence)s") % {"field": titles[slug], "sentence": sentence}


def _read_answers(cell_values: dict[str, str], catalog: ImportCatalog) -> dict[str, object]:
    """Return the answers that the row's cells give; an empty cell gives none."""
    answers: dict[str, object] = {}
    for question in catalog.questions:
        if text := cell_values.get(f"{QUESTION_PREFIX}{question.slug}", ""):
            options = catalog.option_slugs.get(question.pk)
            answers[question.slug] = (
                _normalize_date_answer(question, text) if options is None else split_list_cell(text, options)
            )
    return answers


def split_list_cell(text: str, slugs_by_name: dict[str, str]) -> list[str]:
    """Return the slugs of the names a cell lists; unknown names stay as typed.

    A name may itself contain a comma.
    """
    if not text or casefold_text(text) in slugs_by_name:
        return [slugs_by_name[casefold_text(text)]] if text else []
    slugs, name = list[str](), ""
    # Parts are joined again until they make a known name, because names may contain commas.
    for part in LIST_SEPARATOR.split(text):
        name = f"{name}, {part}" if name else part
        if casefold_text(name) in slugs_by_name:
            slugs.append(slugs_by_name[casefold_text(name)])
            name = ""
    return [*slugs, name] if name else slugs


def _normalize_date_answer(question: Question, text: str) -> str:
    """Return 16/06/2027 as 2027-06-16 for questions that ask for a date."""
    day = parse_date_cell(text) if question.kind == Question.Kind.DATE else None
    return day.isoformat() if day else text


def find_row_warnings(table: ParsedTable, column_indexes: dict[str, int]) -> list[tuple[int, str]]:
    """Return warnings about rows that are imported nevertheless, with their row numbers."""
    rows = []
    for number, cells in table.rows:
        if max(column_indexes.values()) >= len(cells):
            rows.append((number, _("This row has fewer cells than there are columns.")))
        first, last = _read_names(_normalize_cells(cells, column_indexes))
        if not first:
            rows.append((number, _("The first name is missing.")))
        if not last:
            rows.append((number, _("The last name is missing.")))
    return rows


def _check_place(place: RequestedPlace, slug: str, reference: str) -> Iterator[str]:
    """Yield the errors of a row's names, address and ticket.

    One name is enough, since lists contain people with only one; a row with a reference needs none.
    """
    name = place.first_name or place.last_name or reference
    if not name:
        yield _("Enter a name.")
    names: dict[str, Any] = {
        "first_name": place.first_name or name or "–",
        "last_name": place.last_name or name or "–",
    }
    # A missing name is filled in for the check, which would refuse it.
    for field, sentence in check_person_spelling(replace(place, **names)):
        yield _("%(field)s: %(sentence)s") % {"field": FIELD_LABELS[field], "sentence": sentence}
    if not slug and place.ticket:
        yield _("There is no ticket “%(ticket)s”. Check its short name.") % {"ticket": place.ticket[:60]}
    elif not slug and not reference:
        yield _("Enter a ticket: this event has no default ticket.")
