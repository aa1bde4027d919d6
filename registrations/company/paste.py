"""Rows pasted from a spreadsheet, or typed: which cell is what. Pure.

Cells are parted by tabs, semicolons or commas, and may be quoted. A first row that names columns, in French
or English, says what they are; without one it is told by their content: addresses, tickets, then names.
"""

from collections.abc import Iterable, Sequence

from convention.cells import address_of
from convention.columns import split_name
from convention.tables import read_pasted
from convention.text import fold, tidy

from ..import_columns import field_of
from ..models import Ticket

type Row = dict[str, str]
"""What is read of one person: first_name, last_name, email and ticket (a slug, or what was typed)."""

READ = ("first_name", "last_name", "full_name", "email", "company", "ticket")
TO_FOLLOW = frozenset(
    {
        "a suivre",
        "nom a suivre",
        "a venir",
        "a definir",
        "to follow",
        "name to follow",
        "tbd",
        "tba",
        "nn",
        "n.n.",
    }
)


def rows_of(text: str, tickets: Sequence[Ticket]) -> list[Row]:
    """A row for each person. Raises Unreadable where a quotation mark is left open."""
    lines = [cells for _number, cells in read_pasted(text)]
    if not lines:
        return []
    titles = {fold(name): t.slug for t in reversed(tickets) for name in (t.name_en, t.name, t.slug) if name}
    columns = named(lines[0])
    if columns:
        lines = lines[1:]
    else:
        columns = guessed(lines, set(titles))
    return [_row(cells, columns, titles) for cells in lines]


def named(cells: Sequence[str]) -> dict[str, int]:
    """The columns that a header names; none where the row is no header."""
    found: dict[str, int] = {}
    if any("@" in cell for cell in cells):
        return found
    for index, cell in enumerate(cells):
        if (name := field_of(cell)) in READ:
            found.setdefault(name, index)
    return found


def guessed(lines: Sequence[Sequence[str]], titles: set[str]) -> dict[str, int]:
    """Which column is what, by what most of its cells hold; the columns of names come in the usual order.

    Where all of the first column is in capitals and the second is not, the last name comes first.
    """
    width = max(len(cells) for cells in lines)
    columns = [
        [cells[index] for cells in lines if index < len(cells) and cells[index]] for index in range(width)
    ]
    found: dict[str, int] = {}
    for index, cells in enumerate(columns):
        if "email" not in found and cells and _most("@" in cell for cell in cells):
            found["email"] = index
        elif "ticket" not in found and cells and _most(fold(cell) in titles for cell in cells):
            found["ticket"] = index
    names = [index for index in range(width) if index not in found.values() and columns[index]]
    order = ["first_name", "last_name", "company"]
    if len(names) >= 2 and _in_capitals(columns[names[0]]) and not _in_capitals(columns[names[1]]):
        order = ["last_name", "first_name", "company"]
    return found | dict(zip(order if len(names) > 1 else ["name"], names, strict=False))


def _most(holds: Iterable[bool]) -> bool:
    """Whether at least half do."""
    told = list(holds)
    return 2 * sum(told) >= len(told)


def _in_capitals(cells: Sequence[str]) -> bool:
    return all(cell == cell.upper() for cell in cells)


def _row(cells: Sequence[str], columns: dict[str, int], titles: dict[str, str]) -> Row:
    row = {name: tidy(cells[index]) for name, index in columns.items() if index < len(cells)}
    whole = row.pop("name", "") or row.pop("full_name", "")
    if whole:
        row["first_name"], row["last_name"] = split_name(whole)
    said = fold(f"{row.get('first_name', '')} {row.get('last_name', '')}").strip()
    if said in TO_FOLLOW:
        row |= {"first_name": "", "last_name": "", "is_to_follow": "on"}
    if "email" in row:
        row["email"] = address_of(row["email"])
    ticket = row.get("ticket", "")
    row["ticket"] = titles.get(fold(ticket), ticket)
    row.pop("company", None)
    return row
