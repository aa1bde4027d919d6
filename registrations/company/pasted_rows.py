"""Parse rows pasted from a spreadsheet. No database access.

Cells are separated by tabs, semicolons or commas, and may be quoted. A heading row in French or English names
the columns; without one they are guessed from the content: addresses, tickets, add-ons, then names.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from convention.tables.cells import extract_email_address
from convention.tables.columns import normalize_heading, split_full_name
from convention.tables.files import read_pasted_rows
from convention.text.normalize import casefold_text, normalize_whitespace
from registrations.import_export.columns import find_column_field
from registrations.import_export.rows import map_names_to_slugs, split_list_cell
from registrations.models import Addon, Ticket

RECIPIENT_SEPARATOR_PATTERN = re.compile(r"[;\r\n]+")
RECIPIENT_PATTERN = re.compile(r"""['"]?(?P<name>[^<>"\t]*?)['"]?\s*<(?P<email>[^<>\s]+@[^<>\s]+)>""")

# Keys: first_name, last_name, email, ticket (a slug, or the text as typed), is_to_follow, addons (a list of
# slugs, or of texts as typed).
type PastedRow = dict[str, Any]

COLUMN_FIELDS = ("first_name", "last_name", "full_name", "email", "company", "ticket")
NAME_FIELDS = frozenset({"first_name", "last_name", "full_name"})
# As `normalize_heading` returns them. Beside a column of first names they are the headings of last names.
FULL_NAME_HEADINGS = frozenset({"name", "nom", "votre nom"})
# The longest text by which an ignored column is named.
MAX_LABEL_LENGTH = 40
# Row numbers, phone numbers and dates.
NUMBER_PATTERN = re.compile(r"[+(]?\d[\d\s./()+-]*")
# The number before a name in a numbered list, such as “1. ” or “2) ”.
ROW_NUMBER_PATTERN = re.compile(r"\d+\s*(?:[.):–-]\s*|\s+)")
# As `casefold_text` returns them: without accents and capitals. Compared without their dots.
SALUTATIONS = frozenset(
    {"m", "mm", "mr", "mme", "mlle", "mrs", "ms", "miss", "dr", "pr", "prof", "me", "monsieur", "madame"}
    | {"mademoiselle", "docteur", "professeur", "maitre", "doctor", "professor", "sir"}
)
# As `casefold_text` returns them: without accents and capitals.
NAME_TO_FOLLOW_WORDS = frozenset(
    {
        "a preciser",
        "nom a preciser",
        "a suivre",
        "nom a suivre",
        "a venir",
        "a definir",
        "to follow",
        "name to follow",
        "a confirmer",
        "nom a confirmer",
        "to be announced",
        "to be confirmed",
        "to be defined",
        "to be determined",
        "tba",
        "tbc",
        "tbd",
        "nn",
        "n.n.",
    }
)


def parse_pasted_rows(text: str, tickets: Sequence[Ticket], addons: Sequence[Addon] = ()) -> list[PastedRow]:
    """Return one dict per person. Raise UnreadableFile for an unclosed quotation mark.

    A column of add-ons is read only where there are `addons`.
    """
    if recipients := parse_recipients(text):
        return recipients
    lines = [cells for _number, cells in read_pasted_rows(text)]
    if not lines:
        return []
    titles, addon_titles = map_names_to_slugs(tickets), map_names_to_slugs(addons)
    columns = map_header(lines[0], addons)
    if columns:
        lines = lines[1:]
    else:
        columns = guess_columns(lines, titles, addon_titles)
    return [_parse_row(cells, columns, titles, addon_titles) for cells in lines]


def parse_recipients(text: str) -> list[PastedRow]:
    """Return the people of a mail program's list such as `Zoé Müller <z@x.fr>; Léo Roi <l@x.fr>`.

    Return [] unless each part of the text has an address in angle brackets.
    """
    parts = [part.strip() for part in RECIPIENT_SEPARATOR_PATTERN.split(text) if part.strip()]
    matches = [RECIPIENT_PATTERN.fullmatch(part) for part in parts]
    recipients = []
    for match in matches:
        if match is None:
            return []
        first_name, last_name = split_full_name(clean_name(normalize_whitespace(match["name"])))
        recipients.append(
            {"first_name": first_name, "last_name": last_name, "email": match["email"], "ticket": ""}
        )
    return recipients


def list_ignored_columns(text: str, tickets: Sequence[Ticket], addons: Sequence[Addon] = ()) -> list[str]:
    """Return the first text of each column that is not read: its heading, or its first cell without one."""
    lines = [] if parse_recipients(text) else [cells for _number, cells in read_pasted_rows(text)]
    if not lines:
        return []
    columns = map_header(lines[0], addons)
    if not columns:
        columns = guess_columns(lines, map_names_to_slugs(tickets), map_names_to_slugs(addons))
    return [
        cells[0][:MAX_LABEL_LENGTH]
        for index, cells in enumerate(_list_filled_cells(lines))
        if cells and index not in columns.values()
    ]


def map_header(cells: Sequence[str], addons: Sequence[Addon]) -> dict[str, int]:
    """Return the column index by field, or {} where the row is no heading row."""
    columns: dict[str, int] = {}
    # A row with an address is data, whatever its other cells look like.
    if any("@" in cell for cell in cells):
        return columns
    names = {*COLUMN_FIELDS, "addons"} if addons else COLUMN_FIELDS
    for index, cell in enumerate(cells):
        if (name := find_column_field(cell)) in names:
            columns.setdefault(name, index)
    # Without a column of first names, “Name” is the heading of full names; “Surname” is not.
    if (
        columns.keys() & NAME_FIELDS == {"last_name"}
        and normalize_heading(cells[columns["last_name"]]) in FULL_NAME_HEADINGS
    ):
        columns["full_name"] = columns.pop("last_name")
    return columns


def guess_columns(
    cell_rows: Sequence[Sequence[str]], ticket_slugs: dict[str, str], addon_slugs: dict[str, str]
) -> dict[str, int]:
    """Return the column index by field, guessed from most cells of each column.

    Numbers and titles of address are no names. The last name comes first where the first of the name columns
    is all in capitals and the second is not. Columns after the names are not read.
    """
    filled_cells = _list_filled_cells(cell_rows)
    columns: dict[str, int] = {}
    names: list[int] = []
    for index, cells in enumerate(filled_cells):
        kind = _guess_kind(cells, ticket_slugs, addon_slugs)
        if kind == "name":
            names.append(index)
        elif kind:
            columns.setdefault(kind, index)
    order = ["first_name", "last_name"]
    if (
        len(names) >= 2
        and _is_upper_case(filled_cells[names[0]])
        and not _is_upper_case(filled_cells[names[1]])
    ):
        order = ["last_name", "first_name"]
    return columns | dict(zip(order if len(names) > 1 else ["full_name"], names, strict=False))


def _list_filled_cells(cell_rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the cells of each column that are not empty."""
    width = max(len(cells) for cells in cell_rows)
    return [
        [cells[index] for cells in cell_rows if index < len(cells) and cells[index]] for index in range(width)
    ]


def _guess_kind(cells: Sequence[str], ticket_slugs: dict[str, str], addon_slugs: dict[str, str]) -> str:
    """Return "email", "ticket", "addons" or "name"; "" for an empty column, numbers or titles of address."""
    if not cells or _is_majority(_is_number_or_salutation(cell) for cell in cells):
        return ""
    if _is_majority("@" in cell for cell in cells):
        return "email"
    if _is_majority(casefold_text(cell) in ticket_slugs for cell in cells):
        return "ticket"
    known_slugs = set(addon_slugs.values())
    if _is_majority(known_slugs.issuperset(split_list_cell(cell, addon_slugs)) for cell in cells):
        return "addons"
    return "name"


def _is_number_or_salutation(cell: str) -> bool:
    return _is_salutation(cell) or NUMBER_PATTERN.fullmatch(cell.strip()) is not None


def _is_salutation(text: str) -> bool:
    return casefold_text(text).replace(".", "").strip() in SALUTATIONS


def clean_name(name: str) -> str:
    """Return a name without the row number and the titles of address before it."""
    if number := ROW_NUMBER_PATTERN.match(name):
        name = name[number.end() :]
    words = name.split()
    while len(words) > 1 and _is_salutation(words[0]):
        del words[0]
    return " ".join(words)


def _is_majority(checks: Iterable[bool]) -> bool:
    results = list(checks)
    # A majority, as a column pasted by hand may have a few cells that are wrong.
    return 2 * sum(results) >= len(results)


def _is_upper_case(cells: Sequence[str]) -> bool:
    return all(cell == cell.upper() for cell in cells)


def _parse_row(
    cells: Sequence[str],
    column_indexes: dict[str, int],
    ticket_slugs: dict[str, str],
    addon_slugs: dict[str, str],
) -> PastedRow:
    row: PastedRow = {
        name: normalize_whitespace(cells[index])
        for name, index in column_indexes.items()
        if index < len(cells)
    }
    for name in NAME_FIELDS & row.keys():
        row[name] = clean_name(row[name])
    full_name = row.pop("full_name", "")
    if full_name:
        row["first_name"], row["last_name"] = split_full_name(full_name)
    if _is_name_to_follow(row.get("first_name", ""), row.get("last_name", "")):
        row |= {"first_name": "", "last_name": "", "is_to_follow": "on"}
    if "email" in row:
        row["email"] = extract_email_address(row["email"])
    ticket = row.get("ticket", "")
    # An unknown ticket stays as typed, so that the form can quote it in its error.
    row["ticket"] = ticket_slugs.get(casefold_text(ticket), ticket)
    if "addons" in row:
        row["addons"] = split_list_cell(row["addons"], addon_slugs)
    # Everybody in the order belongs to the contact's company.
    row.pop("company", None)
    return row


def _is_name_to_follow(first_name: str, last_name: str) -> bool:
    """Return whether the words stand for a name that is given later, in one column or in each of the two."""
    names = [casefold_text(name).strip() for name in (first_name, last_name) if name]
    return " ".join(names) in NAME_TO_FOLLOW_WORDS or (bool(names) and NAME_TO_FOLLOW_WORDS.issuperset(names))
