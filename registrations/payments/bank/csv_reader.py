"""Read bank statements in CSV, as French banks export them: preamble, header, one or two amount columns."""

import itertools
import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from convention.errors import ConventionError, UnreadableFile
from convention.tables.files import DELIMITERS, decode_text, read_table_rows
from convention.text.normalize import casefold_text

from .csv_columns import (
    ColumnPositions,
    find_columns,
    guess_columns,
    is_parseable,
    normalize_heading,
    parse_cents,
    parse_day,
)
from .statement_lines import StatementEntry, StatementFile, number_duplicates

# Banks write account and balance above the header.
HEADER_SEARCH_LINES = 25
# Texts of lines that are balances, not movements.
BALANCE_PREFIXES = ("solde", "total", "balance")
# States of movements that were refused, cancelled or not booked yet.
UNBOOKED_PREFIXES = (
    "declin",
    "refus",
    "reject",
    "pending",
    "en attente",
    "en cours",
    "cancel",
    "annul",
    "processing",
)
# Beginnings of the words for a direction: crédit, in, entrée, reçu; débit, out, sortie, émis.
CREDIT_PREFIXES = ("c", "in", "e", "rec", "+")
DEBIT_PREFIXES = ("d", "out", "s", "em", "-")
# In a file without a header a movement has a word, a balance has none.
WORD_PATTERN = re.compile(r"[^\W\d_]{3}")
type NumberedRows = Sequence[tuple[int, list[str]]]


class InvalidLines(ConventionError):
    """Lines that cannot be read; `rows` has (line number, message) pairs."""

    kind = "bad-rows"

    def __init__(self, rows: list[tuple[int, str]]) -> None:
        super().__init__(_("Some lines cannot be read. Nothing was imported."))
        self.rows = rows


def read_csv_statement(name: str, content: bytes, columns: Mapping[str, str] | None = None) -> StatementFile:
    """Return the entries of a file; `columns` maps fields to unusual headings.

    Raise UnreadableFile if date or amount has no column, InvalidLines with every wrong line.
    """
    column_positions, rows = _locate_table(name, content, columns or {})
    entries, wrong = [], []
    for number, row in rows:
        try:
            if entry := _read_entry(_read_cells(row, column_positions)):
                entries.append(entry)
        except ValueError as error:
            wrong.append((number, str(error)))
    # All wrong lines at once, and nothing imported: a file is corrected in one go.
    if wrong:
        raise InvalidLines(wrong)
    return StatementFile(name, "", number_duplicates(entries))


def _locate_table(
    name: str, content: bytes, columns: Mapping[str, str]
) -> tuple[ColumnPositions, NumberedRows]:
    """Return column positions and data rows, trying each delimiter, the most frequent first."""
    tables: list[NumberedRows] = []
    errors: list[UnreadableFile] = []
    # A comma may be the decimal separator, so each delimiter is tried.
    for delimiter in sorted(DELIMITERS, key=decode_text(content).count, reverse=True):
        try:
            tables.append(read_table_rows(content, delimiter))
        except UnreadableFile as error:
            errors.append(error)
    for table in itertools.chain(
        (_split_at_header(rows, columns) for rows in tables), map(_split_without_header, tables)
    ):
        if table:
            return table
    if errors and not any(tables):
        raise errors[0]
    raise UnreadableFile(
        _(
            "%(file)s: no columns found for the date and the amount (or debit and credit). Enter "
            "their headings."
        )
        % {"file": name}
    )


def _split_at_header(
    rows: NumberedRows, columns: Mapping[str, str]
) -> tuple[ColumnPositions, NumberedRows] | None:
    """Look for a header among the first lines."""
    for line_number, (_number, row) in enumerate(rows[:HEADER_SEARCH_LINES], start=1):
        if column_positions := find_columns(row, columns):
            return column_positions, rows[line_number:]
    return None


def _split_without_header(rows: NumberedRows) -> tuple[ColumnPositions, NumberedRows] | None:
    """Take the lines from the first date on, without balances, and guess the columns."""
    # Account and balance above the movements do not begin with a date.
    dated = itertools.dropwhile(lambda line: not is_parseable(parse_day, line[1][0]), rows)
    movements = [(number, row) for number, row in dated if any(map(WORD_PATTERN.search, row))]
    column_positions = guess_columns([row for _number, row in movements])
    return (column_positions, movements) if column_positions else None


def _read_cells(row: Sequence[str], columns: ColumnPositions) -> dict[str, str]:
    """Return the texts of a row by field."""
    texts = {field: [row[n].strip() for n in numbers if n < len(row)] for field, numbers in columns.items()}
    # Banks repeat the same text in several columns.
    return {field: " ".join(" ".join(dict.fromkeys(cells)).split()) for field, cells in texts.items()}


def _read_entry(cells: Mapping[str, str]) -> StatementEntry | None:
    """Return an entry, or None for a row that moved no money. Raise ValueError."""
    if not any(cells.values()) or is_ignored_row(cells):
        return None
    return StatementEntry(
        booked_on=parse_day(cells.get("date", "")),
        amount_cents=_read_signed_cents(cells),
        currency=(cells.get("currency", "").replace("€", "EUR").upper() or "EUR")[:3],
        counterparty=cells.get("party", "")[:200],
        text=cells.get("text", "")[:500],
        reference=cells.get("reference", "")[:140],
    )


def is_ignored_row(cells: Mapping[str, str]) -> bool:
    """Return whether a row is a balance or a movement that was not booked."""
    if normalize_heading(cells.get("state", "")).startswith(UNBOOKED_PREFIXES):
        return True
    texts = (normalize_heading(cells.get(field, "")) for field in ("date", "text"))
    return not is_parseable(parse_day, cells.get("date", "")) and any(
        text.startswith(BALANCE_PREFIXES) for text in texts
    )


def _read_signed_cents(cells: Mapping[str, str]) -> int:
    """Return cents, negative for a debit, by sign, column or direction word."""
    if cells.get("amount"):
        return _apply_direction(parse_cents(cells["amount"]), cells.get("direction", ""))
    credit, debit = cells.get("credit", ""), cells.get("debit", "")
    if not credit and not debit:
        raise ValueError(_("the amount is missing"))
    # Some banks write debits with a minus in their own column, others without.
    return (abs(parse_cents(credit)) if credit else 0) - (abs(parse_cents(debit)) if debit else 0)


def _apply_direction(cents: int, direction: str) -> int:
    """Return cents with the sign of the direction word. Raise ValueError for an unknown word."""
    word = casefold_text(direction).strip()
    if word.startswith(DEBIT_PREFIXES):
        return -abs(cents)
    # A negative amount is a debit whatever the word; with a positive one an unknown word could mean a debit.
    if word and cents > 0 and not word.startswith(CREDIT_PREFIXES):
        raise ValueError(_("“%(text)s” is neither a credit nor a debit") % {"text": direction[:40]})
    return cents
