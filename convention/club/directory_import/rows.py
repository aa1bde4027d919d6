"""Parse and check the rows of a directory list, without the database."""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import override
from stdnum.fr import siren as siren_number

from convention.club.models import CompanyRole, Employment, Market, Plan
from convention.tables.cells import (
    NO_WORDS,
    YES_WORDS,
    extract_email_address,
    find_cell_errors,
    parse_date_cell,
)
from convention.tables.columns import split_full_name
from convention.text.normalize import casefold_text, normalize_whitespace
from convention.text.phone_numbers import find_phone_error, normalize_phone

from .columns import COLUMN_LABELS
from .membership_cells import (
    MembershipCells,
    describe_invalid_date,
    find_membership_errors,
    parse_membership_cells,
)

COMPANY_COLUMNS: Final = ("sector", "street", "postcode", "city")
# As in the models, checked here: SQLite would store longer texts, and PostgreSQL refuse the whole list.
MAX_LENGTHS: Final = {
    "company": 200, "sector": 80, "street": 200, "postcode": 20, "city": 100, "first_name": 150,
    "last_name": 150, "title": 120, "email": 254,
}  # fmt: skip
LIST_SEPARATOR = re.compile(r"\s*[,;/]\s*")


@dataclass(frozen=True)
class DirectoryRow:
    """One row: a company, and a person if a name or address is given; empty cells change nothing.

    `company_values` are the given columns of the company, `number` is the row's in the file.
    """

    number: int
    company: str
    siren: str
    company_values: Mapping[str, str]
    roles: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    level: str = ""
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    seat: bool = False
    contact: bool = False
    membership: MembershipCells = field(default_factory=MembershipCells)

    @property
    def has_person(self) -> bool:
        return bool(self.first_name or self.last_name or self.email)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class CellVocabulary:
    """The codes of roles, levels, markets and plans, by every normalized name that a cell may contain.

    `plan_titles` are the plans to choose from, in the active language.
    """

    roles: Mapping[str, str]
    levels: Mapping[str, str]
    markets: Mapping[str, str]
    plans: Mapping[str, str]
    plan_titles: tuple[str, ...] = ()

    @classmethod
    def from_directory(cls, markets: Iterable[Market], plans: Iterable[Plan]) -> "CellVocabulary":
        """Return the vocabulary in all languages, whatever the active one is."""
        plans = list(plans)
        return cls(
            roles=_index_labels(CompanyRole.Role.choices),
            levels=_index_labels(Employment.Level.choices),
            markets=_index_names(markets),
            plans=_index_names(plans),
            plan_titles=tuple(plan.title for plan in plans if plan.is_offered),
        )


def _index_names(rows: Iterable[Market | Plan]) -> dict[str, str]:
    """Return the slugs by name in each language, and by themselves."""
    names_and_slugs = [(name, row.slug) for row in rows for name in (row.slug, row.name_en, row.name) if name]
    return {casefold_text(name): slug for name, slug in names_and_slugs}


def _index_labels(choices: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Return the codes by their value and their label in each language."""
    values_by_label: dict[str, str] = {}
    # A list exported in English is read by an administrator whose pages are French.
    for language, _name in settings.LANGUAGES:
        with override(language):
            values_by_label |= {
                casefold_text(word): value for value, label in choices for word in (value, str(label))
            }
    return values_by_label


def parse_rows(
    lines: Iterable[tuple[int, list[str]]], columns: Mapping[str, int], vocabulary: CellVocabulary
) -> tuple[list[DirectoryRow], list[tuple[int, str]]]:
    """Return all rows, normalized, and every error with the number of its row."""
    rows, errors = [], []
    for number, cells in lines:
        values = {
            name: normalize_whitespace(cells[index]) for name, index in columns.items() if index < len(cells)
        }
        row = _parse_row(number, values, vocabulary)
        errors += [(number, sentence) for sentence in _find_row_errors(values, row, vocabulary)]
        rows.append(row)
    return rows, [*errors, *_find_duplicates(rows)]


def _parse_row(number: int, values: Mapping[str, str], vocabulary: CellVocabulary) -> DirectoryRow:
    first, last = split_full_name(values.get("full_name", ""))
    # A full name is split only if the row has no separate names.
    is_split = not (values.get("first_name") or values.get("last_name"))
    return DirectoryRow(
        number,
        company=values.get("company", ""),
        siren=str(siren_number.compact(values.get("siren", ""))),
        company_values=_parse_company_values(values),
        roles=tuple(
            vocabulary.roles[casefold_text(value)]
            for value in _split_values(values, "roles")
            if casefold_text(value) in vocabulary.roles
        ),
        markets=tuple(
            vocabulary.markets[casefold_text(value)]
            for value in _split_values(values, "markets")
            if casefold_text(value) in vocabulary.markets
        ),
        first_name=first if is_split else values.get("first_name", ""),
        last_name=last if is_split else values.get("last_name", ""),
        email=extract_email_address(values.get("email", "")).lower(),
        phone=normalize_phone(values.get("phone", "")),
        title=values.get("title", ""),
        level=vocabulary.levels.get(casefold_text(values.get("level", "")), ""),
        starts_on=parse_date_cell(values.get("starts_on", "")),
        ends_on=parse_date_cell(values.get("ends_on", "")),
        seat=casefold_text(values.get("seat", "")) in YES_WORDS,
        contact=casefold_text(values.get("contact", "")) in YES_WORDS,
        membership=parse_membership_cells(values, vocabulary.plans),
    )


def _parse_company_values(values: Mapping[str, str]) -> dict[str, str]:
    """Return the given columns of the company, by the names of the model."""
    company_values = {name: values[name] for name in COMPANY_COLUMNS if values.get(name)}
    phone = normalize_phone(values.get("company_phone", ""))
    return {**company_values, "phone": phone} if phone else company_values


def _split_values(values: Mapping[str, str], name: str) -> list[str]:
    return [part for part in LIST_SEPARATOR.split(values.get(name, "")) if part]


def _find_row_errors(
    values: Mapping[str, str], row: DirectoryRow, vocabulary: CellVocabulary
) -> Iterator[str]:
    """Yield the errors of one row, without looking at the others."""
    yield from find_cell_errors(values)
    yield from _find_company_errors(row)
    yield from _find_phone_errors(row)
    yield from _find_vocabulary_errors(values, vocabulary)
    yield from find_membership_errors(values, row.membership)
    for name, max_length in MAX_LENGTHS.items():
        text = getattr(row, name, row.company_values.get(name, ""))
        if len(text) > max_length:
            yield _("%(field)s: at most %(most)d characters.") % {
                "field": COLUMN_LABELS[name],
                "most": max_length,
            }
    for name in ("starts_on", "ends_on"):
        if values.get(name) and getattr(row, name) is None:
            yield describe_invalid_date(values[name])
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        yield _("The last day must not be before the first.")
    yield from _find_person_errors(row)


def _find_company_errors(row: DirectoryRow) -> Iterator[str]:
    if not row.company and not row.siren:
        yield _("Enter the company’s name or SIREN.")
    # Nine digits with a Luhn check digit.
    if row.siren and not siren_number.is_valid(row.siren):
        yield _("Not a valid SIREN. Check its nine digits.")


def _find_phone_errors(row: DirectoryRow) -> Iterator[str]:
    for name, phone in (("phone", row.phone), ("company_phone", row.company_values.get("phone", ""))):
        if phone and (sentence := find_phone_error(phone)):
            values = {"field": COLUMN_LABELS[name], "text": phone[:60], "error": sentence}
            yield _("%(field)s: “%(text)s”. %(error)s") % values


def _find_person_errors(row: DirectoryRow) -> Iterator[str]:
    if row.email:
        try:
            validate_email(row.email)
        except ValidationError:
            yield _("%(field)s: “%(text)s” is not an e-mail address. Example: name@example.org.") % {
                "field": COLUMN_LABELS["email"],
                "text": row.email[:60],
            }
    if not row.has_person and (row.seat or row.contact or row.title or row.level):
        yield _("Enter a name or an address: a seat, a job title or a contact needs a person.")
    if not row.has_person and row.phone:
        yield _("Enter a name or an address, or put the phone number in the column “%(column)s”.") % {
            "column": COLUMN_LABELS["company_phone"]
        }
    if row.contact and not row.email:
        yield _("Enter the e-mail address: contacts need it to sign in.")


def _find_vocabulary_errors(values: Mapping[str, str], vocabulary: CellVocabulary) -> Iterator[str]:
    for name, codes in (("roles", vocabulary.roles), ("markets", vocabulary.markets)):
        for value in _split_values(values, name):
            if casefold_text(value) not in codes:
                yield _describe_unknown(name, value, sorted(set(codes.values())))
    if values.get("level") and casefold_text(values["level"]) not in vocabulary.levels:
        yield _describe_unknown("level", values["level"], sorted(set(vocabulary.levels.values())))
    if values.get("plan") and casefold_text(values["plan"]) not in vocabulary.plans:
        yield _describe_unknown("plan", values["plan"], vocabulary.plan_titles)
    for name in ("seat", "contact"):
        text = values.get(name, "")
        if text and casefold_text(text) not in YES_WORDS | NO_WORDS:
            yield _("“%(text)s” is neither yes nor no.") % {"text": text[:40]}


def _describe_unknown(name: str, cell_text: str, known: Sequence[str]) -> str:
    sentence = _("%(field)s: “%(text)s” is not a known value. Choose one of: %(known)s.")
    # The sentence is shown for each wrong row and must stay short.
    known_values = ", ".join(known[:30]) or "–"
    return sentence % {"field": COLUMN_LABELS[name], "text": cell_text[:60], "known": known_values}


def _find_duplicates(rows: Iterable[DirectoryRow]) -> Iterator[tuple[int, str]]:
    """Yield the rows that name a person at a company a second time."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.has_person:
            # The same keys by which `DirectoryIndex` knows companies and people.
            company = row.siren or casefold_text(row.company)
            key = (company, row.email) if row.email else (company, "", casefold_text(row.name))
            first_number = seen.setdefault(key, row.number)
            if first_number != row.number:
                sentence = _("Row %(first)d already has this person at this company.")
                yield row.number, sentence % {"first": first_number}
