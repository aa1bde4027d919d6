"""Errors of a list by row, each sentence once with the rows it is about."""

from collections.abc import Iterable

from django.utils.translation import ngettext

from convention.errors import ConventionError

MAX_LINES_SHOWN = 50


class InvalidRows(ConventionError):
    """Some rows are invalid; `rows` lists (row number, sentence) in the order of the file."""

    kind = "bad-rows"

    def __init__(self, rows: list[tuple[int, str]]) -> None:
        sentence = ngettext(
            "%(errors)d error; nothing was imported.", "%(errors)d errors; nothing was imported.", len(rows)
        )
        super().__init__(sentence % {"errors": len(rows)})
        self.rows = sorted(rows)

    @property
    def row_count(self) -> int:
        """Return how many rows have an error."""
        return len({number for number, _sentence in self.rows})

    def lines(self) -> list[str]:
        """Return each sentence once, with its rows."""
        return describe_row_errors(self.rows)


def describe_row_errors(rows: Iterable[tuple[int, str]]) -> list[str]:
    """Return a line for each sentence, such as “Rows 2–401: There is no ticket “gold”.”."""
    numbers: dict[str, list[int]] = {}
    for row, sentence in rows:
        # One wrong column gives the same error on each of a thousand rows.
        numbers.setdefault(sentence, []).append(row)
    return [
        ngettext("Row %(rows)s: %(sentence)s", "Rows %(rows)s: %(sentence)s", len(row_numbers))
        % {"rows": format_number_spans(row_numbers), "sentence": sentence}
        for sentence, row_numbers in numbers.items()
    ]


def shorten_lines(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - MAX_LINES_SHOWN
    rest = (
        [ngettext("… and %(more)d more.", "… and %(more)d more.", more) % {"more": more}] if more > 0 else []
    )
    return [*lines[:MAX_LINES_SHOWN], *rest]


def format_number_spans(numbers: list[int]) -> str:
    """Return numbers as spans: “2–4, 7”."""
    number_spans: list[list[int]] = []
    for number in numbers:
        if number_spans and number == number_spans[-1][1] + 1:
            number_spans[-1][1] = number
        else:
            number_spans.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in number_spans)
