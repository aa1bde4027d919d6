"""Rows of a list to import: which column is which, and what is wrong with each row. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.addresses import folded
from convention.errors import ConventionError, Unreadable
from convention.tables import Table
from convention.text import fold, tidy

from .checks import about_words
from .models import Ticket
from .order_request import Place

COLUMNS = {
    "first_name": ("first name", "firstname", "given name", "forename", "prenom", "prenoms"),
    "last_name": ("last name", "lastname", "family name", "surname", "name", "nom", "nom de famille"),
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "courriel", "adresse e mail"),
        *("adresse email", "adresse mail", "adresse electronique"),
    ),
    "company": ("company", "organization", "organisation", "employer", "entreprise", "societe", "employeur"),
    "ticket": ("ticket", "ticket type", "billet", "type de billet", "category", "categorie"),
}
MOST_LINES = 50
NEEDED = ("first_name", "last_name")
LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "company": gettext_lazy("Company"),
}


class BadRows(ConventionError):
    """Some rows need another look; `rows` are (row number, sentence) in the order of the file."""

    kind = "bad-rows"

    def __init__(self, rows: list[tuple[int, str]]) -> None:
        sentence = ngettext(
            "%(errors)d error; nothing was imported.", "%(errors)d errors; nothing was imported.", len(rows)
        )
        super().__init__(sentence % {"errors": len(rows)})
        self.rows = sorted(rows)

    def lines(self) -> list[str]:
        """Each sentence once, with the rows that it is about."""
        return said_by_rows(self.rows)


def said_by_rows(rows: Iterable[tuple[int, str]]) -> list[str]:
    """“Rows 2–401: There is no ticket “gold”.”: a line for each sentence, in the order of its first row."""
    numbers: dict[str, list[int]] = {}
    for row, sentence in rows:
        numbers.setdefault(sentence, []).append(row)
    return [
        ngettext("Row %(rows)s: %(sentence)s", "Rows %(rows)s: %(sentence)s", len(found))
        % {"rows": spans(found), "sentence": sentence}
        for sentence, found in numbers.items()
    ]


def shortened(lines: list[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - MOST_LINES
    rest = [_("… and %(more)d more.") % {"more": more}] if more > 0 else []
    return [*lines[:MOST_LINES], *rest]


def spans(numbers: list[int]) -> str:
    """“2–4, 7”."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ends)


@dataclass(frozen=True)
class Row:
    """One person of the list; `number` is the file's, `place.ticket` the slug, default or named."""

    number: int
    place: Place
    names_ticket: bool


def read_columns(header: list[str]) -> tuple[dict[str, int], list[str]]:
    """Which column holds which field, and the headings that mean nothing here. Raises Unreadable."""
    columns: dict[str, int] = {}
    ignored = []
    for index, heading in enumerate(header):
        name = field_of(heading)
        if name and name not in columns:
            columns[name] = index
        elif heading:
            ignored.append(heading)
    if missing := [name for name in NEEDED if name not in columns]:
        found = ", ".join(heading for heading in header if heading)[:300]
        raise Unreadable(
            _("Columns missing: %(missing)s. The first row must name the columns; it says: %(found)s.")
            % {"missing": ", ".join(missing), "found": found}
        )
    return columns, ignored


def field_of(heading: str) -> str:
    """The field that a heading names, in French or English; empty for any other."""
    plain = " ".join(fold(heading).replace("_", " ").replace("-", " ").split())
    return next((name for name, words in COLUMNS.items() if plain in words), "")


def read_rows(table: Table, columns: dict[str, int], tickets: list[Ticket]) -> list[Row]:
    """Every row, tidied, its ticket found by slug or name. Raises BadRows naming each error."""
    names = {fold(name): t.slug for t in reversed(tickets) for name in (t.name_en, t.name, t.slug) if name}
    default = next((t.slug for t in tickets if t.is_default), tickets[0].slug if len(tickets) == 1 else "")
    rows, errors, seen = [], [], dict[str, int]()
    for number, cells in table.rows:
        values: dict[str, Any] = {name: cells[index] for name, index in columns.items() if index < len(cells)}
        place = Place(**{"ticket": "", **values}).tidied()
        slug = names.get(fold(place.ticket), "") if place.ticket else default
        errors += [(number, sentence) for sentence in _about(place, slug)]
        first = seen.setdefault(folded(place.email), number) if place.email else number
        if first != number:
            errors.append((number, _("The e-mail is the same as in row %(first)d.") % {"first": first}))
        rows.append(Row(number, replace(place, ticket=slug), bool(place.ticket)))
    if errors:
        raise BadRows(errors)
    return rows


def doubts(table: Table) -> list[tuple[int, str]]:
    """What is odd about rows that are taken all the same. Raises Unreadable."""
    columns, _ignored = read_columns(table.header)
    first_name, rows = columns["first_name"], []
    for number, cells in table.rows:
        if max(columns.values()) >= len(cells):
            rows.append((number, _("The row has fewer cells than there are columns.")))
        if not tidy("".join(cells[first_name : first_name + 1])):
            rows.append((number, _("There is no first name.")))
    return rows


def _about(place: Place, slug: str) -> Iterator[str]:
    """One name is enough here: lists hold people who have only one."""
    name = place.first_name or place.last_name
    if not name:
        yield _("Write a name.")
    both: dict[str, Any] = {
        "first_name": place.first_name or name or "–",
        "last_name": place.last_name or name or "–",
    }
    for field, sentence in about_words(replace(place, **both)):
        yield _("%(field)s: %(sentence)s") % {"field": LABELS[field], "sentence": sentence}
    if not slug and place.ticket:
        yield _("There is no ticket “%(ticket)s”.") % {"ticket": place.ticket[:60]}
    elif not slug:
        yield _("Name a ticket: this event has no default one.")
