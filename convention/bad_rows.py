"""Errors of a list by its rows, each sentence once with the rows that it is about."""

from collections.abc import Iterable

from django.utils.translation import ngettext

from .errors import ConventionError

MOST_LINES = 50


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
    rest = (
        [ngettext("… and %(more)d more.", "… and %(more)d more.", more) % {"more": more}] if more > 0 else []
    )
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
