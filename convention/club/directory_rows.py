"""Rows of a list of companies and people: what each says, and what is wrong with it. Pure."""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import override
from stdnum.fr import siren as siren_number

from convention.bad_rows import BadRows
from convention.cells import NO, YES, about_cells, address_of, day_of
from convention.columns import split_name
from convention.text import fold, tidy

from .directory_columns import LABELS
from .models import CompanyRole, Employment, Market

OF_COMPANY: Final = ("sector", "street", "postcode", "city")
LONGEST: Final = {
    "company": 200, "sector": 80, "street": 200, "postcode": 20, "city": 100, "first_name": 150,
    "last_name": 150, "title": 120, "email": 254,
}  # fmt: skip
SEPARATOR = re.compile(r"\s*[,;/]\s*")


@dataclass(frozen=True)
class Row:
    """One line: a company, and someone of it where a name is given; an empty cell says nothing.

    `facts` are words about the company, `number` is the file's.
    """

    number: int
    company: str
    siren: str
    facts: Mapping[str, str]
    roles: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    title: str = ""
    level: str = ""
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    seat: bool = False
    contact: bool = False

    @property
    def names_somebody(self) -> bool:
        """Whether the row is of a person too."""
        return bool(self.first_name or self.last_name or self.email)

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Words:
    """What cells may say, folded, and what is meant: roles, levels and markets by all their names."""

    roles: Mapping[str, str]
    levels: Mapping[str, str]
    markets: Mapping[str, str]

    @classmethod
    def known(cls, markets: Iterable[Market]) -> "Words":
        """Those of the club, in every language and by their codes, whoever reads the page."""
        named = ((name, one.slug) for one in markets for name in (one.name, one.name_en, one.slug) if name)
        return cls(
            roles=_in_all_languages(CompanyRole.Role.choices),
            levels=_in_all_languages(Employment.Level.choices),
            markets={fold(name): slug for name, slug in named},
        )


def _in_all_languages(choices: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Codes by their own name and by what each language calls them."""
    found: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {fold(word): value for value, label in choices for word in (value, str(label))}
    return found


def read_rows(lines: Iterable[tuple[int, list[str]]], columns: Mapping[str, int], words: Words) -> list[Row]:
    """Every row, tidied, with codes for what it names. Raises BadRows naming each error."""
    rows, errors = [], []
    for number, cells in lines:
        values = {name: tidy(cells[index]) for name, index in columns.items() if index < len(cells)}
        row = _read(number, values, words)
        errors += [(number, sentence) for sentence in _wrong(values, row, words)]
        rows.append(row)
    errors += _twice(rows)
    if errors:
        raise BadRows(errors)
    return rows


def _read(number: int, values: Mapping[str, str], words: Words) -> Row:
    first, last = split_name(values.get("full_name", ""))
    whole = not (values.get("first_name") or values.get("last_name"))
    return Row(
        number,
        company=values.get("company", ""),
        siren=str(siren_number.compact(values.get("siren", ""))),
        facts={name: values[name] for name in OF_COMPANY if values.get(name)},
        roles=tuple(words.roles[fold(one)] for one in _several(values, "roles") if fold(one) in words.roles),
        markets=tuple(
            words.markets[fold(one)] for one in _several(values, "markets") if fold(one) in words.markets
        ),
        first_name=first if whole else values.get("first_name", ""),
        last_name=last if whole else values.get("last_name", ""),
        email=address_of(values.get("email", "")).lower(),
        title=values.get("title", ""),
        level=words.levels.get(fold(values.get("level", "")), ""),
        starts_on=day_of(values.get("starts_on", "")),
        ends_on=day_of(values.get("ends_on", "")),
        seat=fold(values.get("seat", "")) in YES,
        contact=fold(values.get("contact", "")) in YES,
    )


def _several(values: Mapping[str, str], name: str) -> list[str]:
    return [part for part in SEPARATOR.split(values.get(name, "")) if part]


def _wrong(values: Mapping[str, str], row: Row, words: Words) -> Iterator[str]:
    """What speaks against a row, by itself."""
    yield from about_cells(values)
    yield from _about_company(row)
    yield from _about_words(values, words)
    for name, most in LONGEST.items():
        said = getattr(row, name, row.facts.get(name, ""))
        if len(said) > most:
            yield _("%(field)s: at most %(most)d characters.") % {"field": LABELS[name], "most": most}
    for name in ("starts_on", "ends_on"):
        if values.get(name) and getattr(row, name) is None:
            yield _("“%(text)s” is no day; write it like 2027-01-31 or 31/01/2027.") % {
                "text": values[name][:40]
            }
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        yield _("The last day must not come before the first.")
    yield from _about_person(row)


def _about_company(row: Row) -> Iterator[str]:
    if not row.company and not row.siren:
        yield _("Name the company, by its name or its SIREN.")
    if row.siren and not siren_number.is_valid(row.siren):
        yield _("This is no SIREN: look at its nine digits.")


def _about_person(row: Row) -> Iterator[str]:
    if row.email:
        try:
            validate_email(row.email)
        except ValidationError:
            yield _("This is not a valid e-mail address; it looks like name@example.org.")
    if not row.names_somebody and (row.seat or row.contact or row.title or row.level):
        yield _("Write a name or an address: a seat, a function or a contact belongs to somebody.")
    if row.contact and not row.email:
        yield _("A contact signs in: write the e-mail address.")


def _about_words(values: Mapping[str, str], words: Words) -> Iterator[str]:
    for name, known in (("roles", words.roles), ("markets", words.markets)):
        for one in _several(values, name):
            if fold(one) not in known:
                yield _unknown(name, one, known)
    if values.get("level") and fold(values["level"]) not in words.levels:
        yield _unknown("level", values["level"], words.levels)
    for name in ("seat", "contact"):
        said = values.get(name, "")
        if said and fold(said) not in YES | NO:
            yield _("“%(text)s” does not say yes or no.") % {"text": said[:40]}


def _unknown(name: str, said: str, known: Mapping[str, str]) -> str:
    sentence = _("%(field)s: “%(text)s” is not known; it is one of: %(known)s.")
    listed = ", ".join(sorted(set(known.values()))[:30]) or "–"
    return sentence % {"field": LABELS[name], "text": said[:60], "known": listed}


def _twice(rows: Iterable[Row]) -> Iterator[tuple[int, str]]:
    """Somebody stands in one row for each company."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.names_somebody:
            company = row.siren or fold(row.company)
            key = (company, row.email) if row.email else (company, "", fold(row.name))
            first = seen.setdefault(key, row.number)
            if first != row.number:
                sentence = _("This is the same person at the same company as in row %(first)d.")
                yield row.number, sentence % {"first": first}
