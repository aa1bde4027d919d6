"""Read a statement as a table, as French banks write it: semicolons, commas, two columns of amounts."""

import itertools
import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from convention.errors import ConventionError, Unreadable
from convention.tables import DELIMITERS, decode, read_rows
from convention.text import fold

from .bank_cells import cents_of, day_of
from .bank_columns import Places, folded, is_so, places_guessed, places_in
from .bank_rows import Entry, File, numbered

FIRST_LINES = 25
"""Banks put the account and the balance above the header."""
NO_MOVEMENT = ("solde", "total", "balance")
"""How lines begin that stand among the others and are none."""
NOT_BOOKED = (
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
"""How a bank that lists everything calls what moved no money, or none yet."""
CAME = ("c", "in", "e", "rec", "+")
LEFT = ("d", "out", "s", "em", "-")
"""How the words for a direction begin: crédit, in, entrée, reçu; débit, out, sortie, émis."""
WORD = re.compile(r"[^\W\d_]{3}")
"""What tells a movement from a balance, where no header tells what is what."""
type Rows = Sequence[tuple[int, list[str]]]


class BadLines(ConventionError):
    """Some lines cannot be read: `rows` are pairs of number and sentence."""

    kind = "bad-rows"

    def __init__(self, rows: list[tuple[int, str]]) -> None:
        super().__init__(_("Some lines cannot be read; nothing was imported."))
        self.rows = rows


def read_bank_csv(name: str, content: bytes, columns: Mapping[str, str] | None = None) -> File:
    """What the statement says; `columns` names headings where ours are not understood.

    Raises Unreadable where the date or the amount has no column, BadLines with each line that is wrong.
    """
    places, rows = _table(name, content, columns or {})
    entries, wrong = [], []
    for number, row in rows:
        try:
            if entry := _entry(_cells(row, places)):
                entries.append(entry)
        except ValueError as error:
            wrong.append((number, str(error)))
    if wrong:
        raise BadLines(wrong)
    return File(name, "", numbered(entries))


def _table(name: str, content: bytes, columns: Mapping[str, str]) -> tuple[Places, Rows]:
    """Where each field stands, and the rows that move money, whatever stands above and between them."""
    parted: list[Rows] = []
    damage: list[Unreadable] = []
    for delimiter in sorted(DELIMITERS, key=decode(content).count, reverse=True):
        try:
            parted.append(read_rows(content, delimiter))
        except Unreadable as error:
            damage.append(error)
    for found in itertools.chain((_behind_header(rows, columns) for rows in parted), map(_headless, parted)):
        if found:
            return found
    if damage and not any(parted):
        raise damage[0]
    raise Unreadable(
        _("%(file)s: no line names a date and an amount (or debit and credit). Say which columns they are.")
        % {"file": name}
    )


def _behind_header(rows: Rows, columns: Mapping[str, str]) -> tuple[Places, Rows] | None:
    """By a header among the first lines."""
    for at, (_number, row) in enumerate(rows[:FIRST_LINES], start=1):
        if places := places_in(row, columns):
            return places, rows[at:]
    return None


def _headless(rows: Rows) -> tuple[Places, Rows] | None:
    """From the first line that begins with a day on, without balances."""
    dated = itertools.dropwhile(lambda line: not is_so(day_of, line[1][0]), rows)
    said = [(number, row) for number, row in dated if any(map(WORD.search, row))]
    places = places_guessed([row for _number, row in said])
    return (places, said) if places else None


def _cells(row: Sequence[str], places: Places) -> dict[str, str]:
    """What the row says in each field, in one line."""
    said = {field: [row[at].strip() for at in where if at < len(row)] for field, where in places.items()}
    return {field: " ".join(" ".join(dict.fromkeys(cells)).split()) for field, cells in said.items()}


def _entry(cells: Mapping[str, str]) -> Entry | None:
    """One line; None where it moved nothing. Raises ValueError with a sentence."""
    if not any(cells.values()) or is_no_movement(cells):
        return None
    return Entry(
        booked_on=day_of(cells.get("date", "")),
        amount=_signed(cells),
        currency=(cells.get("currency", "").replace("€", "EUR").upper() or "EUR")[:3],
        party=cells.get("party", "")[:200],
        text=cells.get("text", "")[:500],
        reference=cells.get("reference", "")[:140],
    )


def is_no_movement(cells: Mapping[str, str]) -> bool:
    """Whether a line tells a balance, or something that was not booked."""
    if folded(cells.get("state", "")).startswith(NOT_BOOKED):
        return True
    told = (folded(cells.get(field, "")) for field in ("date", "text"))
    return not is_so(day_of, cells.get("date", "")) and any(one.startswith(NO_MOVEMENT) for one in told)


def _signed(cells: Mapping[str, str]) -> int:
    """Cents, below zero where money left: by the sign, the column, or the word for the direction."""
    if cells.get("amount"):
        return _directed(cents_of(cells["amount"]), cells.get("direction", ""))
    credit, debit = cells.get("credit", ""), cells.get("debit", "")
    if not credit and not debit:
        raise ValueError(_("there is no amount"))
    return (abs(cents_of(credit)) if credit else 0) - (abs(cents_of(debit)) if debit else 0)


def _directed(cents: int, direction: str) -> int:
    """Cents with the sign that a word for the direction gives them; one that we do not know is no guess."""
    said = fold(direction).strip()
    if said.startswith(LEFT):
        return -abs(cents)
    if said and cents > 0 and not said.startswith(CAME):
        raise ValueError(_("“%(text)s” does not say whether money came or left") % {"text": direction[:40]})
    return cents
