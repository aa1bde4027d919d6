"""Count the typing errors between two words, and find the words that a mistyped one may mean."""

from collections.abc import Iterable
from itertools import takewhile
from typing import Final

# Shorter words have too many neighbours; a long one may hold two errors.
MIN_TOLERANT_CHARS: Final = 4
MIN_CHARS_FOR_TWO_EDITS: Final = 8


def count_edits(one: str, other: str) -> int:
    """Return the Damerau-Levenshtein distance: letters added, removed, replaced or swapped."""
    # Names of companies often begin or end alike, and counting is quadratic.
    one, other = _trim_common_start(one, other)
    one, other = _trim_common_start(one[::-1], other[::-1])
    previous_row, row = list[int](), list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        second_last_row, previous_row, row = previous_row, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(previous_row[j] + 1, row[j - 1] + 1, previous_row[j - 1] + (a != b))
            if second_last_row and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, second_last_row[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _trim_common_start(one: str, other: str) -> tuple[str, str]:
    length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return one[length:], other[length:]


def allowed_edits(word: str) -> int:
    """Return how many typing errors a word of this length may hold."""
    return 0 if len(word) < MIN_TOLERANT_CHARS else 1 if len(word) < MIN_CHARS_FOR_TWO_EDITS else 2


def find_close_words(word: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the words with the fewest edits from `word`, at most `allowed_edits`; [] without one."""
    limit = allowed_edits(word)
    letters = frozenset(word)
    best: dict[int, list[str]] = {}
    for other in vocabulary if limit else ():
        # Cheap conditions first, because counting edits is quadratic: an edit changes at most two letters.
        if abs(len(other) - len(word)) > limit or len(letters.symmetric_difference(other)) > 2 * limit:
            continue
        edits = count_edits(word, other)
        if edits <= limit:
            best.setdefault(edits, []).append(other)
    return best[min(best)] if best else []
